"""Waiting for a lock only shortly, giving way, and trying again.

A statement that waits for ACCESS EXCLUSIVE makes everybody after it wait too, so the wait is what
has to be short: https://www.postgresql.org/docs/current/explicit-locking.html and
https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import peewee

from wheatear.engines.engine import put_back
from wheatear.engines.postgresql.send import ask
from wheatear.engines.waiting import jittered
from wheatear.errors import LockTimeoutError, WheatearError

logger = logging.getLogger("wheatear")

_LOCK_NOT_AVAILABLE = "55P03"
_DEADLOCK = "40P01"
_LONGEST_PAUSE = 5.0

_T = TypeVar("_T")


def driver_error(error: BaseException) -> BaseException | None:
    """The driver's own exception, with its SQLSTATE, that Peewee's stands for."""
    if isinstance(error, WheatearError):
        return None
    # Wrapped twice where it comes from what looks at a statement before it is sent.
    while isinstance(inner := getattr(error, "orig", None), peewee.PeeweeException):
        error = inner
    for candidate in (error, *error.args[:1], error.__cause__, error.__context__):
        code = getattr(candidate, "sqlstate", None) or getattr(candidate, "pgcode", None)
        if isinstance(candidate, BaseException) and code:
            return candidate
    return None


def sqlstate(error: BaseException) -> str | None:
    """The five characters the server gave, through psycopg 2, psycopg 3 and Peewee alike."""
    found = driver_error(error)
    return None if found is None else getattr(found, "sqlstate", None) or getattr(found, "pgcode")  # noqa: B009


def is_lock_timeout(exc: BaseException) -> bool:
    """Whether the server gave up waiting for a lock, so that trying again may help."""
    return sqlstate(exc) == _LOCK_NOT_AVAILABLE


def gave_way(error: BaseException) -> bool:
    """Whether the server gave up a lock: it waited too long, or others waited for it in turn."""
    return sqlstate(error) in {_LOCK_NOT_AVAILABLE, _DEADLOCK}


@dataclass(frozen=True)
class Patience:
    """How long one wait may last, and for how long in total it is tried again, in seconds."""

    lock_timeout: float | None = 2.0
    total: float = 60.0

    def pauses(self) -> Iterator[float]:
        """Growing pauses; how many is not up to the clock, so a replayed run makes as many."""
        left, pause = self.total, min(0.25, self.total / 4)
        while left > 0:
            yield pause
            left -= pause + (self.lock_timeout or 0.0)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def keep_trying(
        self,
        attempt: Callable[[], _T],
        *,
        what: str,
        where: str | None,
        holder: Callable[[], str],
    ) -> _T:
        """Call `attempt` until it gets its locks; `holder` says who has them.

        Raises:
            LockTimeoutError: It never did.
        """
        for number, pause in enumerate(self.pauses(), start=1):
            try:
                return attempt()
            except peewee.PeeweeException as error:
                if not gave_way(error):
                    raise
                logger.info(
                    "%s: %s holds the table; gave way, trying again in %.1f s (attempt %d)",
                    what,
                    holder(),
                    pause,
                    number,
                )
            time.sleep(jittered(pause))
        try:
            return attempt()
        except peewee.PeeweeException as error:
            if not gave_way(error):
                raise
            raise LockTimeoutError(
                f"{what} gave up after {self.total:g} s: {holder()} holds the table.",
                where=where,
                state="nothing of this operation was kept",
                next="end that transaction (pg_stat_activity shows it), then run it again",
            ) from error


def holder_of(db: Any, relation: str) -> str:
    """Who has held a lock on the table for longest, for people to read."""
    rows = ask(
        db,
        "SELECT a.pid, a.usename, a.application_name, a.state, "
        "extract(epoch FROM clock_timestamp() - a.xact_start)::int "
        "FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "WHERE l.relation = to_regclass(%s) AND l.granted AND a.pid <> pg_backend_pid() "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "ORDER BY a.xact_start LIMIT 1",
        relation,
    )
    if not rows:
        return "another connection"
    pid, user, application, state, seconds = rows[0]
    about = ", ".join(str(it) for it in (user, application, state) if it)
    return f"process {pid} ({about}, for {seconds} s)"


def also_short_waits(seconds: float | None) -> str:
    """What follows BEGIN to bound each wait for a lock: one round trip for both."""
    return "" if seconds is None else f"; SET LOCAL lock_timeout = '{_milliseconds(seconds)}'"


@contextmanager
def short_waits(db: Any, seconds: float | None) -> Iterator[None]:
    """Inside the caller's transaction: bound each wait for a lock, and put the setting back."""
    if seconds is None:
        yield
        return
    ((before, _),) = ask(
        db,
        "SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)",
        _milliseconds(seconds),
    )
    yield
    ask(db, "SELECT set_config('lock_timeout', %s, true)", before)


@contextmanager
def session_waits(db: Any, seconds: float | None) -> Iterator[None]:
    """Outside a transaction: the same for statements that cannot run in one."""
    if seconds is None:
        yield
        return
    ((before, _),) = ask(
        db,
        "SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, false)",
        _milliseconds(seconds),
    )
    set_back = partial(ask, db, "SELECT set_config('lock_timeout', %s, false)", before)
    try:
        yield
    except BaseException:
        put_back(set_back)  # not in the place of this error
        raise
    set_back()


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"
