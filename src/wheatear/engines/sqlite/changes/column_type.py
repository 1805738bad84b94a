"""A column's type."""

from __future__ import annotations

from dataclasses import dataclass

from wheatear.engines.sqlite import edits
from wheatear.engines.sqlite.definition import ColumnDefinition
from wheatear.engines.sqlite.draft import Draft, RefusedError
from wheatear.engines.sqlite.photograph import type_as_compared
from wheatear.engines.sqlite.tokens import fold, plain_type


@dataclass(frozen=True)
class AlterType:
    """The column has another type, and every stored value is what that type makes of it."""

    column: str
    type: str
    cast: str | None = None
    null: bool | None = None
    """What the given field says beside its type: said to the user where it differs."""
    default: str | None = None

    def draw(self, draft: Draft) -> None:
        """Only the spelling, where no stored value would be another; else the rows are copied."""
        column = draft.column(self.column)
        self._say_what_is_not_applied(draft, column)
        same = fold(column.type).split() == fold(self.type).split()
        if same and self.cast is None:
            draft.note(f"column {column.name} of {draft.table} has the type {self.type} already")
            return
        if not same:
            self._check_rowid(draft, column)
            if not same_storage(column.type, self.type, strict=draft.strict):
                draft.reasons_to_rebuild.append(f"the type of column {column.name}")
                draft.values_change = True
            draft.definition = edits.set_type(draft.definition, column, self.type)
            draft.expect_column(column.name, type=type_as_compared(self.type))
        if self.cast is not None:
            if column.last("generated"):
                raise RefusedError(f"column {column.name} is generated: its value cannot be cast")
            draft.reasons_to_rebuild.append(f"the cast of column {column.name}")
            draft.values_change = True
            draft.casts[fold(column.name)] = self.cast

    def _check_rowid(self, draft: Draft, column: ColumnDefinition) -> None:
        if draft.is_rowid(column):
            raise RefusedError(
                f"column {column.name} is the table's INTEGER PRIMARY KEY: of another type it "
                "would no longer be the rowid, which numbers new rows"
            )
        key = [fold(name) for name in draft.definition.primary_key()]
        alone = key == [fold(column.name)] and not draft.without_rowid
        if alone and fold(self.type) == "integer":
            raise RefusedError(
                f"as INTEGER PRIMARY KEY column {column.name} would become the rowid, "
                "and every row's number would change",
                "another spelling, such as INT or BIGINT, stores the same values",
            )

    def _say_what_is_not_applied(self, draft: Draft, column: ColumnDefinition) -> None:
        facts = draft.expected.column(column.name)
        if facts is None or facts.key:
            return
        if self.null is not None and self.null == facts.not_null:
            is_now, call = (
                ("NOT NULL", "drop_not_null") if facts.not_null else ("NULL", "add_not_null")
            )
            draft.note(
                f"column {column.name} of {draft.table} stays {is_now}, although the given field "
                f"has null={self.null}: alter_column_type changes the type alone; "
                f"{call}({draft.table!r}, {column.name!r}) changes that"
            )
        if self.default is not None and self.default != facts.default:
            draft.note(
                f"the default of column {column.name} of {draft.table} stays "
                f"{facts.default or 'none'}, although the given field has {self.default}: "
                "alter_column_type changes the type alone; add_column_default changes that"
            )


def affinity(declared: str) -> str:
    """Return what SQLite takes a declared type for (datatype3, section 3.1)."""
    name = plain_type(declared).upper()
    if "INT" in name:
        return "INTEGER"
    if any(part in name for part in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not name or "BLOB" in name:
        return "BLOB"
    if any(part in name for part in ("REAL", "FLOA", "DOUB")):
        return "REAL"
    return "NUMERIC"


def same_storage(old: str, new: str, *, strict: bool) -> bool:
    """Whether every stored value reads the same under both types, in indexes too.

    REAL is stored as an integer where it is one, so that nothing else reads it right.
    """
    if strict:
        old, new = old.upper(), new.upper()
        return {old, new} <= {"INT", "INTEGER"} or (new == "ANY" and old != "REAL")
    before, after = affinity(old), affinity(new)
    return before == after or (before, after) in {("INTEGER", "NUMERIC"), ("TEXT", "BLOB")}
