"""Entries that wait to be written, and the moment from which they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from wheatear.journal.answers import Answer, store_answer, store_error
from wheatear.journal.entries import Entry, cut
from wheatear.journal.sameness import digest
from wheatear.journal.store import Store
from wheatear.journal.values import NotStorableError

LARGEST = 8_000_000
"""Letters of answers that are kept of one migration; beyond it only what tells them apart is."""
_MUCH = 500_000
_MANY = 500


class Mark(NamedTuple):
    """How all stood before an entry.

    Attributes:
        entries: How many waited.
        room: Letters that were left for answers.
    """

    entries: int
    room: int


class Pending:
    """The entries since the last write.

    Args:
        store: Where they go.
        effects: How many entries there are up to the last that took effect.
    """

    def __init__(self, store: Store, effects: int) -> None:
        self._store = store
        self._first_lines: list[str] = []
        self._entries: list[Entry] = []
        self._room = LARGEST
        self._failed: tuple[Entry, Exception] | None = None
        self.effects = effects

    def begin_with(self, lines: Sequence[str], entries: Sequence[Entry]) -> None:
        """What the first write of a run that goes on begins with."""
        self._first_lines, self._entries = [*lines], [*entries]

    def mark(self) -> Mark:
        """How all stands before an entry, to go back there."""
        return Mark(len(self._entries), self._room)

    @property
    def record_id(self) -> int | None:
        """The id of the migration's record, once it is written."""
        return self._store.record_id

    @property
    def entries(self) -> Sequence[Entry]:
        """Oldest first."""
        return self._entries

    @property
    def last(self) -> Entry | None:
        """The newest entry."""
        return self._entries[-1] if self._entries else None

    def keep(self, entry: Entry, answer: Answer) -> None:
        """Add an entry with its answer: the digest alone, if it is too large or cannot be kept."""
        stored: dict[str, Any] | None = None
        try:
            stored = store_answer(answer)
        except NotStorableError as error:
            entry.odd = str(error)
        if stored is not None and answer.rows:
            size = len(json.dumps(stored))
            stored = stored if size <= self._room else None
            self._room -= size if stored is not None else 0
        entry.answer = stored
        if stored is None:
            entry.seen = digest(answer.rows)
        self.add(entry)

    def add(self, entry: Entry) -> None:
        """Add an entry as it is."""
        self._entries.append(entry)

    def note_failure(self, entry: Entry, error: Exception) -> None:
        """The migration is told of this error: that is kept if it goes on, see `goes_on`."""
        self._failed = (entry, error)

    def goes_on(self) -> bool:
        """The migration does something else now; return whether it has caught an error before."""
        if self._failed is None:
            return False
        entry, error = self._failed
        self._failed = None
        entry.error = store_error(error)
        self.add(entry)
        return True

    def prepare(self, *, many: bool = False) -> None:
        """Before a statement: make room for what may have to be written with it."""
        self._store.prepare(many=many or self.is_much)

    def conclude(self) -> None:
        """Before what is not written at once: the migration before is not left open for it."""
        self._store.conclude()

    @property
    def is_much(self) -> bool:
        """Whether one row may not hold it."""
        return len(self._entries) > _MANY or self._room < LARGEST - _MUCH

    def write(self) -> None:
        """Write all, in the transaction that is open, if one is."""
        self._store.write([*self._first_lines, *(one.to_json() for one in self._entries)])

    def written(self) -> None:
        """What was written is committed."""
        self._store.confirm()
        done = [one.number + 1 for one in self._entries if one.effect]
        self.effects = max([self.effects, *done])
        self._entries.clear()
        self._first_lines.clear()

    def undone(self, entry: Entry, before: Mark, error: BaseException) -> bool:
        """What was written may have been rolled back, and the entry's statement with it.

        Args:
            entry: The entry.
            before: How all stood before it.
            error: What came in between.

        Returns:
            Whether it was. Python tells of Ctrl-C when a COMMIT has returned, as if that had
            failed; and SQLite's may fail and leave its transaction open.
        """
        if not isinstance(error, Exception) and self._store.is_committed():
            self.written()
            return False
        self._store.take_back()
        self.unwrite(entry, before)
        return True

    def unwrite(self, entry: Entry, before: Mark) -> None:
        """What was written was rolled back, and the entry's statement with it.

        Args:
            entry: The entry.
            before: How all stood before it.
        """
        del self._entries[before.entries :]
        self._room = before.room
        entry.answer = entry.seen = entry.odd = None
        entry.effect = False
        self._store.revert()

    def rewrite(self, entry: Entry) -> None:
        """Write an entry once more, by itself."""
        self._store.write([entry.to_json()])
        self._store.confirm()

    def lines_at_failure(self, *, in_flight: bool) -> Sequence[str]:
        """What is still to be written of a run that failed: no more than has taken effect.

        Args:
            in_flight: Of the last statement nobody knows: its intent stays.
        """
        kept = [one.to_json() for one in self._entries if one.number < self.effects]
        return [*self._first_lines, *kept, *([] if in_flight else [cut(self.effects)])]
