"""A table, dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .draft import NamesError, RefusedError, near
from .photograph import rows
from .scope import ForeignKeys
from .tokens import fold, quote


@dataclass(frozen=True)
class DropTable:
    """The table goes, with its rows, indexes and triggers."""

    safe: bool = False
    cascade: bool = False

    def run(self, db: Any, name: str, keys: ForeignKeys) -> list[str]:
        """Drop it; rows of other tables stay. Returns what to say to the user.

        Where foreign keys are on, dropping a table deletes its rows first, and with them what
        points at them: refused. Where the caller has switched them off, dangling keys are said.
        """
        if self.cascade:
            raise RefusedError("SQLite's DROP TABLE has no CASCADE")
        table = self._find(db, name)
        if table is None:
            return []
        query = (
            "SELECT DISTINCT m.name FROM main.sqlite_master m, "
            "pragma_foreign_key_list(m.name, 'main') f WHERE m.type='table' AND m.rootpage > 0 "
            'AND lower(f."table") = lower(?) AND m.name <> ? ORDER BY 1'
        )
        children = [child for (child,) in rows(db, query, table, table)]
        if children and keys.were_on:
            raise RefusedError(
                f"foreign keys point at table {table}, from {', '.join(children)}",
                "drop these first: drop_foreign_key_constraint or drop_table",
            )
        db.execute_sql(f"DROP TABLE main.{quote(table)}")
        return [f"a foreign key of {child} still points at table {table}" for child in children]

    def _find(self, db: Any, name: str) -> str | None:
        found = rows(db, "SELECT name FROM main.sqlite_master WHERE type='table' ORDER BY name")
        for (stored,) in found:
            if fold(stored) == fold(name):
                return str(stored)
        if self.safe:
            return None
        raise NamesError(f"there is no table {name!r}" + near(name, [row[0] for row in found]))
