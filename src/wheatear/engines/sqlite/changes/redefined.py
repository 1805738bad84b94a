"""A table by another definition, with its rows: what no other operation says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import peewee

from wheatear.engines.sqlite import scratch
from wheatear.engines.sqlite.definition import Definition, UnreadableDefinitionError
from wheatear.engines.sqlite.draft import Draft, RefusedError
from wheatear.engines.sqlite.grammar import parse
from wheatear.engines.sqlite.photograph import ObjectKey, Photograph, photograph, rows
from wheatear.engines.sqlite.tokens import fold, quote

_MARKS: ObjectKey = ("main", "table", "sqlite_sequence")


@dataclass(frozen=True)
class Redefine:
    """The table is as a CREATE TABLE says that has the same columns."""

    sql: str

    def draw(self, draft: Draft) -> None:
        """The rows are copied; SQLite itself says, in memory, what it will report."""
        definition = self._read(draft)
        draft.expected = replace(
            self._reported(draft, definition),
            table=draft.table,
            others=draft.expected.others,
            sequence=draft.expected.sequence,
        )
        _expect_marks(draft, definition)
        rowid = draft.rowid_column()
        draft.definition = definition
        draft.renumbered |= rowid != draft.rowid_column()
        draft.values_change = True
        new = draft.expected.foreign_keys - draft.before.foreign_keys
        draft.foreign_keys_to_check += [name for key in new for name in key.columns]
        draft.reasons_to_rebuild.append("another definition")

    def _read(self, draft: Draft) -> Definition:
        try:
            new = parse(self.sql)
        except UnreadableDefinitionError as error:
            raise RefusedError(f"{self.sql!r} is no CREATE TABLE that can be read") from error
        if fold(new.name) != fold(draft.table):
            raise RefusedError(f"the definition is one of {new.name}", "rename_table renames it")
        here = [fold(column.name) for column in draft.definition.columns]
        there = [fold(column.name) for column in new.columns]
        if sorted(here) != sorted(there):
            raise RefusedError(
                f"the definition has the columns {', '.join(there)}, and the table has "
                + ", ".join(here),
                "add_column, drop_column and rename_column change these",
            )
        return new

    def _reported(self, draft: Draft, new: Definition) -> Photograph:
        """What SQLite reports of the new table with the old one's indexes."""
        db = scratch.in_memory(draft.db)
        try:
            db.execute_sql(self.sql)
            for (schema, kind, _), (table, sql) in draft.expected.others.items():
                if (schema, kind) == ("main", "index") and fold(table) == fold(draft.table):
                    db.execute_sql(sql or "")
            return photograph(db, new.name)
        except peewee.DatabaseError as error:
            raise RefusedError(f"SQLite says of the definition: {error}") from error
        finally:
            db.close()


def _expect_marks(draft: Draft, new: Definition) -> None:
    """AUTOINCREMENT goes on from the highest number; without it there is no mark."""
    grows = any(clause.autoincrement for column in new.columns for clause in column.clauses)
    own = [row for row in draft.expected.sequence if row[0] == draft.table]
    if grows and not own:
        (key,) = new.primary_key()
        ((highest,),) = rows(draft.db, f"SELECT max({quote(key)}) FROM {draft.from_table}")
        if highest is not None:
            own = [(draft.table, highest)]
    sequence = Counter(
        {row: count for row, count in draft.expected.sequence.items() if row[0] != draft.table}
    )
    if grows:
        sequence.update(own)
        made = "CREATE TABLE sqlite_sequence(name,seq)"
        marks = {_MARKS: ("sqlite_sequence", made)}
        draft.expected = replace(draft.expected, others={**marks, **draft.expected.others})
    draft.expected = replace(draft.expected, sequence=sequence)
    if grows or _MARKS in draft.expected.others:
        draft.marks = tuple(own) if grows else ()
