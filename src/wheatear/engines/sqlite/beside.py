"""What goes with a table that is dropped, and is made again for the one in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .draft import Draft
from .photograph import own_indexes, rows
from .tokens import as_temporary, fold, in_main


@dataclass(frozen=True)
class Beside:
    """A table's indexes, triggers, statistics and its mark of AUTOINCREMENT."""

    indexes: tuple[str, ...]
    triggers: tuple[str, ...]
    temporary_triggers: tuple[tuple[str, str], ...]
    statistics: tuple[tuple[str, tuple[tuple[Any, ...], ...]], ...]
    mark: tuple[tuple[Any, ...], ...] | None

    @classmethod
    def of(cls, draft: Draft) -> Beside:
        """Read it, in the order it was made: triggers fire by that order."""
        db = draft.db
        made = rows(
            db,
            "SELECT type, sql FROM main.sqlite_master "
            "WHERE lower(tbl_name) = lower(?) AND sql IS NOT NULL ORDER BY rowid",
            draft.table,
        )
        temporary = rows(
            db, "SELECT name, sql FROM temp.sqlite_master WHERE type='trigger' ORDER BY rowid"
        )
        tables = {name for _, kind, name in draft.before.others if kind == "table"}
        return cls(
            tuple(sql for kind, sql in made if kind == "index"),
            tuple(sql for kind, sql in made if kind == "trigger"),
            tuple((name, sql) for name, sql in temporary),
            tuple(
                (name, tuple(rows(db, f"SELECT * FROM main.{name} WHERE tbl = ?", draft.table)))
                for name in ("sqlite_stat1", "sqlite_stat4")
                if name in tables
            ),
            tuple(rows(db, "SELECT name, seq FROM main.sqlite_sequence WHERE name=?", draft.table))
            if "sqlite_sequence" in tables
            else None,
        )

    def restore(self, draft: Draft) -> None:
        """Make it again, indexes after the rows are there."""
        db = draft.db
        for sql in (*self.indexes, *self.triggers):
            db.execute_sql(in_main(sql))
        left = {name for (name,) in rows(db, "SELECT name FROM temp.sqlite_master")}
        for name, sql in self.temporary_triggers:
            if name not in left:
                db.execute_sql(as_temporary(sql))
        for table, found in self.statistics:
            self._restore_statistics(draft, table, found)
        mark = self.mark if draft.marks is None else draft.marks
        if self.mark is not None or draft.marks is not None:
            db.execute_sql("DELETE FROM main.sqlite_sequence WHERE name=?", (draft.table,))
            for row in mark or ():
                db.execute_sql("INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", row)

    def _restore_statistics(
        self, draft: Draft, table: str, found: tuple[tuple[Any, ...], ...]
    ) -> None:
        """Those of indexes that are there; SQLite's own may have other numbers now."""
        db = draft.db
        db.execute_sql(f"DELETE FROM main.{table} WHERE tbl=?", (draft.table,))
        named = {name for (name,) in rows(db, "SELECT name FROM main.sqlite_master")}
        renumbered = own_indexes(draft.before) != own_indexes(draft.expected)
        for row in found:
            index = row[1]
            own = index is not None and fold(index).startswith("sqlite_autoindex_")
            if index is None or (index in named and not (own and renumbered)):
                marks = ", ".join("?" * len(row))
                db.execute_sql(f"INSERT INTO main.{table} VALUES ({marks})", row)
