"""The values a schema is made of.

They are written by an engine's reader and compare as plain values. What only one engine knows
(identity, STRICT, operator classes, engine and charset) is kept as a phrase of that engine's SQL
in `type`, `generated`, `options` or `extra`: comparing and copying it needs no understanding of it.
Policy (whether names or the order of columns matter) belongs to who compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ConstraintKind = Literal["primary key", "unique", "check", "foreign key", "exclude"]
ObjectKind = Literal["view", "materialized view", "trigger", "sequence", "virtual table", "type"]


@dataclass(frozen=True)
class Column:
    """A column of a table; expressions and phrases are spelled as the engine prints them."""

    name: str
    type: str
    null: bool = True
    default: str | None = None
    generated: str | None = None
    """How the engine makes the value: a generated column's or an identity's phrase."""
    collation: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Constraint:
    """A table's constraint, wherever it was written (at a column or at the table's end)."""

    kind: ConstraintKind
    columns: tuple[str, ...] = ()
    sql: str | None = None
    """A check's or an exclusion's expression."""
    table: str | None = None
    """The table a foreign key points at."""
    targets: tuple[str, ...] = ()
    """The columns a foreign key points at; empty where it says none (the primary key)."""
    options: str = ""
    """`ON DELETE CASCADE`, `DEFERRABLE …`, `NOT VALID`, as a phrase."""
    name: str | None = None


@dataclass(frozen=True)
class Index:
    """An index that is not the shadow of a constraint."""

    name: str
    parts: tuple[str, ...]
    """Each column or expression with its collation, operator class, length and direction."""
    unique: bool = False
    using: str | None = None
    where: str | None = None
    extra: str = ""
    """What else the engine says of it: INCLUDE, WITH, NULLS NOT DISTINCT, a comment."""


@dataclass(frozen=True)
class Table:
    """A table: its columns in order, its constraints and indexes sorted by content."""

    name: str
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    options: str = ""
    comment: str | None = None

    def column(self, name: str) -> Column | None:
        """Return the column called `name`, to the letter, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Object:
    """Anything else in a schema, kept as the SQL that makes it."""

    kind: ObjectKind
    name: str
    sql: str
    table: str | None = None
    """The table a trigger belongs to."""


@dataclass(frozen=True)
class Schema:
    """All that one database (on PostgreSQL: one of its schemas) holds, sorted by name."""

    tables: tuple[Table, ...] = ()
    objects: tuple[Object, ...] = ()

    def table(self, name: str) -> Table | None:
        """Return the table called `name`, to the letter, or None."""
        return next((table for table in self.tables if table.name == name), None)

    def without(self, name: str) -> Schema:
        """The schema without the table called `name` and what belongs to it."""
        return Schema(
            tuple(table for table in self.tables if table.name != name),
            tuple(one for one in self.objects if name not in (one.table, one.name)),
        )
