"""Renaming and dropping a whole table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from wheatear.engines.postgresql.change import Change
from wheatear.engines.postgresql.send import ask
from wheatear.engines.postgresql.sight import Sight
from wheatear.engines.postgresql.spelling import clipped, quoted

_OWN_SEQUENCES = """
SELECT s.relname, a.attname FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.refobjid = %s AND d.deptype = 'a' AND s.relnamespace = %s::regnamespace
"""


@dataclass(frozen=True)
class RenameTable(Change):
    new: str
    alone: ClassVar[bool] = True

    def statements(self, db: Any, sight: Sight) -> list[str]:
        statements = [f"ALTER TABLE {sight.qualified} RENAME TO {quoted(self.new)}"]
        for sequence, column in ask(db, _OWN_SEQUENCES, sight.oid, quoted(sight.home)):
            # SERIAL's own name follows the table's; a name somebody chose is left alone.
            if sequence.lower() == clipped(f"{sight.table.name}_{column}_seq").lower():
                old, new = quoted(sight.home, sequence), quoted(f"{self.new}_{column}_seq")
                statements.append(f"ALTER SEQUENCE {old} RENAME TO {new}")
        return statements

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        return self._alike(before, before.table.name), self._alike(after, self.new)

    def _alike(self, sight: Sight, name: str) -> Sight:
        table = sight.table
        return replace(
            sight,
            table=replace(
                table,
                name=self.new,
                columns=tuple(
                    replace(it, default="…") if (it.default or "").startswith("nextval(") else it
                    for it in table.columns
                ),
                constraints=tuple(
                    replace(it, table=self.new) if it.table == name else it
                    for it in table.constraints
                ),
            ),
            triggers=tuple(replace(it, sql="", table=self.new) for it in sight.triggers),
        )


@dataclass(frozen=True)
class DropTable(Change):
    safe: bool = False
    cascade: bool = False
    schema: str | None = None
    alone: ClassVar[bool] = True
    removes_table: ClassVar[bool] = True

    @property
    def other_schema(self) -> str | None:
        return self.schema

    @property
    def absent_is_fine(self) -> bool:
        return self.safe

    def statements(self, db: Any, sight: Sight) -> list[str]:
        del db
        return [f"DROP TABLE {sight.qualified}" + (" CASCADE" if self.cascade else "")]
