"""One turn under the lock: a single step, or several that share one transaction.

Each migration commits with its record. Where only one connection can write at a time anyway
(SQLite), small migrations that follow each other commit together, for most of what a small one
costs is its commit. One that fails is undone alone: those before it in the turn stay.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from wheatear.attempt import Attempt, Run

ALL_OR_NONE = float("inf")


class Turn:
    """A turn.

    Args:
        run: What all turns of a run share.
        attempts: Those that may share a transaction, in order, each taken only when its turn comes;
            the first is always made.
        seconds: How long further ones may join; `ALL_OR_NONE` for all, and none if one fails.
    """

    def __init__(self, run: Run, attempts: Iterator[Attempt], seconds: float) -> None:
        self._run = run
        self._attempts = attempts
        self._seconds = seconds
        self._committed = False
        self._made: list[Attempt] = []
        self.current = next(attempts)
        """The one that is being made, or has failed."""

    @property
    def done(self) -> list[Attempt]:
        """What this turn has done and committed, or found done by others."""
        return self._made if self._committed else []

    @property
    def lost(self) -> list[Attempt]:
        """What was rolled back with the one that failed, since they shared a transaction."""
        if self._committed:
            return []
        return [one for one in self._made if one.record and one is not self.current]

    def take(self) -> None:
        """Take it.

        Raises:
            Exception: Whatever a migration raised; what stays is in `done`.
        """
        try:
            failure = self._take()
        except BaseException:
            self._run.forget()  # what was just made of the history may be rolled back
            raise
        self._committed = True
        if failure is not None:
            raise failure

    def _take(self) -> BaseException | None:
        """Make attempts while there is time; return what one alone has failed with."""
        engine = self._run.engine
        with engine.exclusively(
            self._run.waiting,
            atomic=self.current.transactional,
            foreign_keys=self.current.foreign_keys,
        ):
            self._run.history.ensure()
            for attempt in self._in_time():
                self.current = attempt
                try:
                    with self._undone_alone():
                        attempt.make(first=not self._made)
                except BaseException as error:
                    self._run.recording.forget()
                    if not self._made or self._all_or_none or not engine.in_transaction():
                        raise
                    return error
                self._made.append(attempt)
        return None

    def _in_time(self) -> Iterator[Attempt]:
        start = time.monotonic()
        yield self.current
        while time.monotonic() - start < self._seconds:
            attempt = next(self._attempts, None)
            if attempt is None:
                return
            yield attempt

    def _undone_alone(self) -> AbstractContextManager[None]:
        if not self._made or self._all_or_none:
            return nullcontext()
        return self._run.engine.undone_alone()

    @property
    def _all_or_none(self) -> bool:
        return self._seconds == ALL_OR_NONE
