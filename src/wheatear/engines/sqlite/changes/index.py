"""Indexes of a table."""

from __future__ import annotations

from dataclasses import dataclass

from wheatear.engines.sqlite.draft import Draft, NamesError, NewIndex, RefusedError, near
from wheatear.engines.sqlite.tokens import fold, in_main


@dataclass(frozen=True)
class AddIndex:
    """The table has one more index."""

    name: str
    columns: tuple[str, ...]
    unique: bool
    sql: str

    def draw(self, draft: Draft) -> None:
        """SQLite would take the name of a column that is not there for a string."""
        for name in self.columns:
            draft.column(name)
        taken = {fold(key[-1]) for key in draft.expected.others if key[0] == "main"}
        taken |= {fold(index.name) for index in draft.indexes_to_make}
        if fold(self.name) in taken:
            raise NamesError(
                f"there is a table or index {self.name!r} already",
                "drop_index drops it; add_index(..., name=...) gives the new one another name",
            )
        draft.indexes_to_make.append(
            NewIndex(self.name, self.columns, self.unique, in_main(self.sql))
        )


@dataclass(frozen=True)
class DropIndex:
    """An index goes."""

    name: str

    def draw(self, draft: Draft) -> None:
        """It has to be an index of this table that was made by CREATE INDEX."""
        others = [index for index in draft.indexes_to_make if fold(index.name) != fold(self.name)]
        if len(others) < len(draft.indexes_to_make):
            draft.indexes_to_make = others
            return
        own = [
            name
            for (schema, kind, name), (table, _) in draft.expected.others.items()
            if (schema, kind) == ("main", "index") and fold(table) == fold(draft.table)
        ]
        found = next((name for name in own if fold(name) == fold(self.name)), None)
        if found is not None:
            draft.drop_object("main", "index", found)
            return
        if fold(self.name).startswith("sqlite_autoindex_"):
            raise RefusedError(
                f"index {self.name} belongs to a UNIQUE or PRIMARY KEY of table {draft.table}",
                "drop_constraint drops a UNIQUE by its name",
            )
        raise NamesError(f"table {draft.table} has no index {self.name!r}{near(self.name, own)}")
