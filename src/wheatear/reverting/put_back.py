"""Rows that were kept aside are put back where the tables and columns are there again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wheatear.reverting.aside import Kept, KeptAside

if TYPE_CHECKING:
    from wheatear.engines.aside import Stored


class PutBack:
    """Puts back what one migration has dropped.

    Args:
        kept: Where it is.
        entries: What was kept.
    """

    def __init__(self, kept: KeptAside, entries: Sequence[Kept]) -> None:
        self._kept = kept
        self._aside = kept.aside
        self._entries = tuple(entries)
        self._left: list[Kept] = []
        self._put: list[Kept] = []
        self.begin()

    def begin(self) -> None:
        """A try begins: what one before it did has been rolled back."""
        self._left, self._put = list(self._entries), []

    def entry_of(self, table: str, column: str | None) -> Kept | None:
        """What was kept of a table, or of a column."""
        fold, name = self._aside.fold, self._aside.fold_table(table)
        for one in self._entries:
            if self._aside.fold_table(one.table) == name and (
                fold(column) in map(fold, one.restored) if column is not None else not one.restored
            ):
                return one
        return None

    def all(self) -> None:
        """Whatever is there again."""
        self.values()
        self.tables()

    def tables(self) -> None:
        """The rows of the tables that are there again, and empty.

        What was dropped last was pointed at by what was dropped before it; one statement may drop
        several in any order.
        """
        there = {
            entry: table
            for entry in reversed(self._left)
            if not entry.restored and (table := self._aside.find(entry.table))
        }
        pointing = {entry: self._aside.points_at(table) for entry, table in there.items()}
        while there:
            left = {self._aside.place(table) for table in there.values()}
            entry = next((one for one in there if not pointing[one] & left), next(iter(there)))
            table = there.pop(entry)
            if self._aside.has_rows(table):
                continue
            names = self._numbered(entry, table, entry.columns)
            with self._aside.without_triggers(table):
                self._aside.put_rows(table, names, entry.store)
            self._done(entry, whole=len(names) == len(entry.columns))

    def values(self) -> None:
        """The values of the columns that are there again."""
        for entry in [one for one in self._left if one.restored]:
            table = self._aside.find(entry.table)
            if table is None:
                continue
            keys = self._numbered(entry, table, entry.keys)
            names = self._numbered(entry, table, entry.restored)
            if not names or len(keys) < len(entry.keys):
                continue
            self._aside.index(entry.store, keys)
            with self._aside.without_triggers(table):
                self._aside.put_values(table, keys, names, entry.store)
            self._done(entry, whole=len(names) == len(entry.restored))

    def _numbered(self, entry: Kept, table: str, wanted: Sequence[str]) -> list[tuple[int, Stored]]:
        fold = self._aside.fold
        numbers = {fold(name): at for at, name in enumerate(entry.columns, 1)}
        these = {fold(name) for name in wanted}
        return [
            (numbers[fold(one.name)], one)
            for one in self._aside.columns(table)
            if fold(one.name) in these
        ]

    def _done(self, entry: Kept, *, whole: bool) -> None:
        """What of it found no column stays kept."""
        self._left.remove(entry)
        if whole:
            self._put.append(entry)

    def forget(self) -> None:
        """What was put back need no longer be kept: not before that is sure."""
        for entry in self._put:
            self._kept.remove(entry.id)
