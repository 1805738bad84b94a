"""What a run that died has done, played back to the migration's function as it runs once more."""

from __future__ import annotations

from collections.abc import Sequence

from wheatear.errors import DatabaseUnavailableError, HistoryError
from wheatear.journal.entries import Entry


class StoppedError(BaseException):
    """The journal ends the run. Migrations catch Exception, and must not catch this.

    Args:
        error: What is told.
    """

    def __init__(self, error: HistoryError | DatabaseUnavailableError) -> None:
        super().__init__(error)
        self.error = error


class Tape:
    """Entries, in order.

    Args:
        entries: Those of the run that died, up to the last that took effect.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._at = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def plays(self) -> bool:
        """Whether the next statement is answered from it."""
        return self._at < len(self._entries)

    def next(self, key: str) -> Entry | None:
        """The next entry, if it is this statement's; None if the function takes another path."""
        entry = self._entries[self._at]
        if entry.key != key:
            return None
        self._at += 1
        return entry

    @property
    def expected(self) -> Entry:
        """The entry that is next."""
        return self._entries[self._at]

    @property
    def rest(self) -> Sequence[Entry]:
        """From the next entry on."""
        return self._entries[self._at :]
