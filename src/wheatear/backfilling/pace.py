"""What lets others breathe between two batches that are transactions of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from wheatear.errors import MigrationFailedError

if TYPE_CHECKING:
    from wheatear.running import Running

_LOOK_EVERY = 0.5


class Pace:
    """The pause after a batch.

    Args:
        migration: The migration.
        pause: Seconds.
        max_lag: Seconds that a replica may be behind; None does not ask.
        lag: Says how far it is behind; None asks the server.

    Raises:
        MigrationFailedError: The server cannot say; or these are no seconds.
    """

    def __init__(
        self,
        migration: Running,
        pause: float,
        max_lag: float | None,
        lag: Callable[[], float | None] | None,
    ) -> None:
        for name, value in (("pause", pause), ("max_lag", max_lag)):
            if not (value is None or (isinstance(value, (int, float)) and value >= 0)):
                raise MigrationFailedError(
                    f"{name} is a number of seconds from 0 on, not {value!r}."
                )
        self._migration = migration
        self._pause = pause
        self._max_lag = max_lag
        self._lag = lag or migration.engine.replication_lag
        self._waits = False
        if max_lag is not None and lag is None and not migration.engine.knows_replication_lag:
            raise MigrationFailedError(
                f"{migration.engine.url} cannot say how far its replicas are behind.",
                next="give `lag=` a function that asks a replica and returns seconds.",
            )

    def breathe(self) -> None:
        """Wait. Inside the one transaction of a migration that would help nobody."""
        if self._migration.transactional:
            return
        if self._pause:
            time.sleep(self._pause)
        if self._max_lag is None:
            return
        while (behind := self._lag() or 0.0) > self._max_lag:
            if not self._waits:
                self._migration.waiting.tell(f"waiting for a replica that is {behind:.1f} s behind")
            self._waits = True
            time.sleep(_LOOK_EVERY)
        self._waits = False
