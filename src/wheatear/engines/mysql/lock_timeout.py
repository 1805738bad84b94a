"""Waiting for a table's lock: briefly each time, again and again, up to a total patience."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from wheatear.engines.waiting import jittered
from wheatear.errors import LockTimeoutError

from .server_errors import DEADLOCK, LOCK_TIMEOUT, error_number

log = logging.getLogger("wheatear")

_T = TypeVar("_T")
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 8.0


def is_lock_timeout(exc: BaseException) -> bool:
    """Whether an exception (Peewee's, the driver's, or one that wraps it) is a lock wait's end."""
    return error_number(exc) == LOCK_TIMEOUT


def patiently(attempt: Callable[[], _T], *, patience: float, what: str) -> _T:
    """Call `attempt` until it does not meet a lock timeout.

    While a statement waits for a table's metadata lock, everyone who comes later waits behind it:
    so it waits for `lock_timeout` only, and lets the others pass before it tries again.

    Raises:
        LockTimeoutError: The lock was not had within `patience` seconds.
    """
    end = time.monotonic() + patience
    pause = _FIRST_PAUSE
    while True:
        try:
            return attempt()
        except Exception as error:
            # A deadlock's victim is told to try again too; it happens while rows are filled.
            if not is_lock_timeout(error) and error_number(error) != DEADLOCK:
                raise
            rest = end - time.monotonic()
            if rest <= 0:
                raise LockTimeoutError(
                    f"{what} did not get its lock within {patience:g} s: another connection"
                    " holds the table in an open transaction or a long statement.",
                    state="This statement changed nothing.",
                    next="Look for the holder with SHOW FULL PROCESSLIST, then run this again;"
                    " the migrator's `lock_patience` says how long to try.",
                ) from error
        wait = min(jittered(pause), max(rest, 0.05))
        log.info("%s met a lock and gives way; trying again in %.1f s", what, wait)
        time.sleep(wait)
        pause = min(pause * 2, _LONGEST_PAUSE)
