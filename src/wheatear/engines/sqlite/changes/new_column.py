"""A column, added."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from wheatear.engines.sqlite import edits
from wheatear.engines.sqlite.definition import Clause, ColumnDefinition, UnreadableDefinitionError
from wheatear.engines.sqlite.draft import Draft, NamesError, NewColumn, RefusedError, Scan
from wheatear.engines.sqlite.grammar import parse
from wheatear.engines.sqlite.photograph import ColumnFacts, type_as_compared
from wheatear.engines.sqlite.tokens import cut, fold, quote

from .constraint import expect_unique
from .default import is_literal, reported
from .foreign_key import expect_foreign_key


@dataclass(frozen=True)
class AddColumn:
    """The table has one more column, at its end.

    Attributes:
        column: Its name.
        sql: Its definition, name and all.
        fill: What to call for the value of each row that is there, or None.
    """

    column: str
    sql: str
    fill: Any = None

    def draw(self, draft: Draft) -> None:
        """ADD COLUMN, and what it cannot take is edited in; else the rows are copied."""
        if draft.definition.column(self.column):
            raise NamesError(f"table {draft.table} has a column {self.column!r} already")
        column = self._read()
        definition = edits.add_column(draft.definition, self.sql)
        self._expect(draft, column)
        draft.definition = definition
        for clause in column.all("foreign key"):
            expect_foreign_key(draft, clause, self.column)
        if column.all("unique"):
            expect_unique(draft, (self.column,))
        fresh = self._needs_copy(column)
        if fresh:
            draft.reasons_to_rebuild.append(fresh)
        if fresh and self.fill is None:
            draft.fresh.add(fold(self.column))
            draft.values_change = True
            return
        draft.new_columns.append(
            NewColumn(self.column, self._as_added(column, enforced=draft.enforced), self.fill)
        )
        if column.all("not null") and not _constant(column):
            what = f"rows would have NULL in the new column {self.column}"
            draft.scans.append(
                Scan(f"{quote(self.column)} IS NULL", what, "give the field a default")
            )

    def _read(self) -> ColumnDefinition:
        try:
            columns = parse(f"CREATE TABLE t ({self.sql})").columns
        except UnreadableDefinitionError as error:
            raise RefusedError(f"{self.sql!r} is not a column's definition") from error
        if len(columns) != 1 or columns[0].all("primary key"):
            raise RefusedError("SQLite cannot add a primary key to a table that is there")
        return columns[0]

    def _expect(self, draft: Draft, column: ColumnDefinition) -> None:
        default, generated = column.last("default"), column.last("generated")
        facts = ColumnFacts(
            column.name,
            type_as_compared(column.type),
            not_null=bool(column.all("not null")),
            default=reported(default.sql) if default else None,
            hidden=(3 if generated.stored else 2) if generated else 0,
        )
        draft.expected = replace(draft.expected, columns=(*draft.expected.columns, facts))

    def _needs_copy(self, column: ColumnDefinition) -> str | None:
        """Why ADD COLUMN cannot do it, even with the stored statement edited afterwards."""
        generated, default = column.last("generated"), column.last("default")
        if generated and generated.stored:
            return f"the stored values of column {self.column}"
        if column.all("unique"):
            return f"UNIQUE ({self.column})"
        if default and not is_literal(default.sql):
            return f"the default of column {self.column}, which is not constant"
        return None

    def _as_added(self, column: ColumnDefinition, *, enforced: bool) -> str:
        """The definition without what ADD COLUMN refuses (lang_altertable, section 4)."""
        refused: list[Clause] = column.all("unique")
        default = column.last("default")
        if default and not is_literal(default.sql):
            refused += column.all("default")
        if not _constant(column):
            refused += column.all("not null") if not column.last("generated") else []
        elif enforced:
            refused += column.all("foreign key", "deferrable")
        sql = f"CREATE TABLE t ({self.sql})"
        for clause in sorted(refused, key=lambda clause: clause.start, reverse=True):
            sql = cut(sql, clause.start, clause.end)
        return sql.removeprefix("CREATE TABLE t (").removesuffix(")")


def _constant(column: ColumnDefinition) -> bool:
    """Whether every row has a value for it without being written."""
    default = column.last("default")
    return (
        default is not None
        and is_literal(default.sql)
        and default.sql.strip("() ").upper() != "NULL"
    )
