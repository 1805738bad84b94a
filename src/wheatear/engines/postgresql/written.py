"""Changes as a migration on PostgreSQL writes them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from wheatear.engines.fields import Stock
from wheatear.engines.postgresql.spelling import clipped, quoted, unquoted
from wheatear.engines.written import Spelled
from wheatear.schema.content import sequence_of
from wheatear.schema.model import Column, Constraint, Index, Table
from wheatear.schema.source import Call, Named, Source, call, text
from wheatear.schema.writer import Place

_AUTOMATIC = {"serial": "AutoField", "bigserial": "BigAutoField"}
_EMPTY = {
    "boolean": "false",
    "date": "'1970-01-01'",
    "time": "'00:00'",
    "timestamp": "'1970-01-01'",
    "uuid": "'00000000-0000-0000-0000-000000000000'",
    "json": "'{}'",
    "jsonb": "'{}'",
    "interval": "'0'",
}
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision", "money")


_SERIALS = {"integer": "serial", "bigint": "bigserial", "smallint": "smallserial"}


def _as_serial(column: Column, place: Place) -> Column:
    """A column that takes its numbers from a sequence of its own, as the type that makes it."""
    sequence, serial = sequence_of(column.default), _SERIALS.get(column.type)
    standing = {one.name for one in (*place.now.objects, *place.after.objects)}
    if sequence is None or serial is None or unquoted(sequence) in standing:
        return column
    return replace(column, type=serial, default=None)


class PostgresqlSpelling(Spelled):
    """What PostgreSQL's migrator takes."""

    stock: ClassVar[Stock] = {
        "integer": "IntegerField",
        "bigint": "BigIntegerField",
        "smallint": "SmallIntegerField",
        "text": "TextField",
        "real": "FloatField",
        "double precision": "DoubleField",
        "boolean": "BooleanField",
        "bytea": "BlobField",
        "date": "DateField",
        "time without time zone": "TimeField",
        "timestamp without time zone": "DateTimeField",
        "uuid": "UUIDField",
        "character varying({})": "CharField(max_length={})",
        "character({})": "FixedCharField(max_length={})",
        "numeric({},{})": "DecimalField(max_digits={}, decimal_places={})",
    }

    def quoted(self, name: str) -> str:
        """In double quotes."""
        return quoted(name)

    def empty(self, column: Column) -> str:
        """By type."""
        first = re.split(r"[ (]", column.type)[0]
        if column.type.endswith("[]"):
            return "'{}'"
        if column.type.startswith(_NUMBERS):
            return "0"
        return _EMPTY.get(first, "''")

    def column_of(self, part: str, table: Table) -> str | None:
        """As the server prints it."""
        return super().column_of(unquoted(part), table)

    def part(self, part: str, table: Table) -> str:
        """As the server prints it: it is SQL already."""
        del table
        return part

    def target(self, constraint: Constraint) -> str:
        """One in another schema is printed with it."""
        name = constraint.table or ""
        return name if re.fullmatch(r'"?[\w$]+"?\."?[\w$]+"?', name) else quoted(name)

    # Tables

    def table_settings(self, table: Table) -> list[tuple[str, Source]] | None:
        """Most of a table's options cannot be said."""
        return None if table.options else []

    def is_plain_key(self, key: Constraint, table: Table) -> bool:
        """The server calls it after the table."""
        return not key.options and key.name in {None, clipped(f"{table.name}_pkey")}

    def is_automatic(self, column: Column) -> bool:
        """A serial or not: the foreign key's column is an integer."""
        return column.type == "integer"

    def key_field(self, column: Column, table: Table, place: Place, *said: Source) -> Call:
        """A serial makes its own sequence."""
        automatic = _AUTOMATIC.get(_as_serial(column, place).type)
        if automatic and not column.null and column.generated is None:
            return call(automatic, *said)
        return super().key_field(column, table, place, *said)

    def field(self, column: Column, place: Place, *more: Source) -> Call:
        """A serial by its type."""
        return super().field(_as_serial(column, place), place, *more)

    def definition(self, column: Column, place: Place) -> str:
        """A serial by its type."""
        return super().definition(_as_serial(column, place), place)

    def reference_arguments(self, one: Constraint, table: Table) -> list[Named]:
        """Its name, unless the server would choose the same."""
        found = super().reference_arguments(one, table)
        if one.name not in {None, clipped(f"{table.name}_{one.columns[0]}_fkey")}:
            found.append(Named("constraint_name", text(one.name or "")))
        return found

    # Indexes

    def create_index(self, table: Table, index: Index) -> str:
        """The statement."""
        kind = "UNIQUE INDEX" if index.unique else "INDEX"
        using = f" USING {index.using}" if index.using else ""
        parts = ", ".join(index.parts)
        extra = f" {index.extra}" if index.extra else ""
        where = f" WHERE {index.where}" if index.where else ""
        called, on = quoted(index.name), quoted(table.name)
        return f"CREATE {kind} {called} ON {on}{using} ({parts}){extra}{where}"
