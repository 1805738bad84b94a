"""Waiting for somebody else's lock: said once, then quietly, with growing jittered pauses."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from wheatear.errors import LockTimeoutError

if TYPE_CHECKING:
    from random import Random

_T = TypeVar("_T")

FIRST_PAUSE = 0.005
LONGEST_PAUSE = 0.5


class Waiting:
    """How long one run may wait for locks, and who is told.

    Args:
        limit: Seconds that one wait may last; None waits as long as it takes.
        say: Called with a sentence when a wait begins and when it ends.
    """

    def __init__(self, limit: float | None, say: Callable[[str], None]) -> None:
        self.limit = limit
        self._say = say
        self._since: float | None = None
        self._pause = FIRST_PAUSE
        self._said_for: str | None = None

    def tell(self, text: str) -> None:
        """Say a sentence to whom waits are told."""
        self._say(text)

    def pause(self, holder: Callable[[], str]) -> None:
        """Sleep a little before the next try.

        Args:
            holder: Names who holds the lock; asked only when something is about to be said.

        Raises:
            LockTimeoutError: The limit has passed.
        """
        now = time.monotonic()
        if self._since is None:
            self._since = now
        waited = now - self._since
        if self.limit is not None and waited >= self.limit:
            raise LockTimeoutError(
                f"Gave up after waiting {waited:.1f} s for {self._said_for or holder()}.",
                state="this run changed nothing since it began to wait.",
                next="wait for the other run to end and start again, or allow more with --wait.",
            )
        # A wait shorter than a moment is not worth a line.
        if self._said_for is None and waited > 0.2:
            self._said_for = holder()
            limit = "" if self.limit is None else f", for up to {self.limit:g} s"
            self._say(f"waiting for {self._said_for}{limit}")
        pause = jittered(self._pause)
        if self.limit is not None:
            pause = min(pause, max(self.limit - waited, 0.001))
        time.sleep(pause)
        self._pause = min(self._pause * 1.5, LONGEST_PAUSE)

    @property
    def said(self) -> bool:
        """Whether the wait has been told of."""
        return self._said_for is not None

    def over(self) -> None:
        """The lock is held now: say how long it took, if anything was said."""
        if self._said_for is not None and self._since is not None:
            self._say(f"waited {time.monotonic() - self._since:.1f} s for {self._said_for}")
        self._since = self._said_for = None
        self._pause = FIRST_PAUSE


def jittered(seconds: float) -> float:
    """A pause of about so long, so that those who wait do not all come back at once."""
    return seconds * _chance().uniform(0.5, 1.5)


@cache
def _chance() -> Random:
    """A chance of its own: what the module's gives is a migration's, and the same in every run."""
    import random  # noqa: PLC0415 - who does not wait does not pay for it

    return random.Random()  # noqa: S311 - no secret


def persistently(
    action: Callable[[], _T],
    may_be_again: Callable[[Exception], bool],
    *,
    patience: float = 60.0,
    first: float = 0.2,
    longest: float = 5.0,
) -> _T:
    """Try until it does not fail, with pauses that double.

    Args:
        action: What to try.
        may_be_again: Whether what it has failed with may pass; asked before another try alone.
        patience: Seconds in which another try may begin.
        first: The first pause.
        longest: The longest one.
    """
    deadline, pause = time.monotonic() + patience, first
    while True:
        try:
            return action()
        except Exception as error:
            if time.monotonic() + pause > deadline or not may_be_again(error):
                raise
        time.sleep(jittered(pause))
        pause = min(pause * 2, longest)
