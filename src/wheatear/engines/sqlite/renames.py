"""Renames, which SQLite itself carries through the whole schema; they are checked afterwards."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from .broken import rename
from .draft import NamesError, RefusedError, near
from .photograph import ForeignKeyFacts, IndexFacts, Photograph, differences, photograph
from .scope import pragma
from .seen import Seen
from .tokens import fold, quote, tokens_of


@dataclass(frozen=True)
class RenameColumn:
    """A column has another name."""

    column: str
    new: str

    def run(self, db: Any, table: str) -> list[str]:
        """Run it, and refuse any difference but the name. Returns what to say to the user."""
        before = photograph(db, table)
        column = before.column(self.column)
        if column is None:
            names = [known.name for known in before.columns]
            raise NamesError(
                f"table {table} has no column {self.column!r}{near(self.column, names)}"
            )
        taken = before.column(self.new)
        if taken is not None and taken is not column:
            raise NamesError(f"table {table} has a column {self.new!r} already")
        seen = Seen(db, before)
        with pragma(db, "legacy_alter_table", 0):
            sql = (
                f"ALTER TABLE main.{quote(table)} RENAME COLUMN {quote(column.name)} "
                f"TO {quote(self.new)}"
            )
            rename(db, sql, before, column.name, table)
        actual = photograph(db, table)
        expected = replace(
            _with_texts_of(before, actual, column.name, self.new),
            columns=tuple(
                replace(known, name=self.new) if known is column else known
                for known in before.columns
            ),
            indexes=Counter(self._index(facts, column.name) for facts in before.indexes.elements()),
            foreign_keys=Counter(
                self._key(facts, column.name, table) for facts in before.foreign_keys.elements()
            ),
        )
        _check(expected, actual)
        return seen.notes()

    def _index(self, facts: IndexFacts, old: str) -> IndexFacts:
        parts = tuple(
            (self._renamed(name, old), descends, collation)
            for name, descends, collation in facts.parts
        )
        return replace(facts, parts=parts)

    def _key(self, facts: ForeignKeyFacts, old: str, table: str) -> ForeignKeyFacts:
        targets = facts.targets
        if fold(facts.table) == fold(table):
            targets = tuple(self._renamed(name, old) for name in targets)
        columns = tuple(str(self._renamed(name, old)) for name in facts.columns)
        return replace(facts, columns=columns, targets=targets)

    def _renamed(self, name: str | None, old: str) -> str | None:
        return self.new if name is not None and fold(name) == fold(old) else name


@dataclass(frozen=True)
class RenameTable:
    """The table has another name."""

    new: str

    def run(self, db: Any, table: str) -> list[str]:
        """Run it, and refuse any difference but the name. Returns what to say to the user."""
        before = photograph(db, table)
        names = {
            fold(name): (kind, name) for schema, kind, name in before.others if schema == "main"
        }
        if fold(self.new) in names and fold(self.new) != fold(table):
            raise NamesError(f"there is a {' '.join(names[fold(self.new)])} already")
        seen = Seen(db, before)
        with pragma(db, "legacy_alter_table", 0):
            sql = f"ALTER TABLE main.{quote(table)} RENAME TO {quote(self.new)}"
            rename(db, sql, before, table, self.new)
        actual = photograph(db, self.new)
        others = {
            key: (self.new if key[0] == "main" and owner == table else owner, sql)
            for key, (owner, sql) in before.others.items()
        }
        expected = replace(
            _with_texts_of(replace(before, others=others), actual, table, self.new),
            table=self.new,
            foreign_keys=Counter(
                replace(facts, table=self.new) if fold(facts.table) == fold(table) else facts
                for facts in before.foreign_keys.elements()
            ),
            sequence=Counter(
                (self.new if name == table else name, mark)
                for name, mark in before.sequence.elements()
            ),
        )
        _check(expected, actual)
        return seen.notes()


def _with_texts_of(before: Photograph, actual: Photograph, old: str, new: str) -> Photograph:
    """Take a text from after the rename where it differs by that name alone."""
    others = dict(before.others)
    for key, (owner, sql) in before.others.items():
        after = actual.others.get(key)
        if after and _same_but_for(sql or "", after[1] or "", old, new):
            others[key] = (after[0] if key[0] == "temp" else owner, after[1])
    sql = actual.sql if _same_but_for(before.sql, actual.sql, old, new) else before.sql
    return replace(before, others=others, sql=sql)


def _same_but_for(before: str, after: str, old: str, new: str) -> bool:
    """The rowid's own names too: SQLite writes the name of the column that is the rowid."""
    first, second = tokens_of(before), tokens_of(after)
    names = {fold(old), "rowid", "_rowid_", "oid"}
    if len(first) != len(second):
        return False
    return all(
        one.text == two.text
        or (fold(one.name) in names and two.name == new)
        or (one.name == two.name)
        for one, two in zip(first, second, strict=True)
    )


def _check(expected: Photograph, actual: Photograph) -> None:
    found = differences(expected, actual)
    if found:
        raise RefusedError(
            "the rename would have had other effects, and was undone: " + "; ".join(found),
            "please report this with the table's definition",
        )
