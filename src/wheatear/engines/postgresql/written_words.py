"""How PostgreSQL spells what source is made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from wheatear.engines.fields import Stock
from wheatear.engines.postgresql import objects_written
from wheatear.engines.postgresql.spelling import quoted, string, unquoted
from wheatear.engines.written import Spelled
from wheatear.schema.content import sequence_of
from wheatear.schema.model import Column, Constraint, Index, Table
from wheatear.schema.source import Call, Source, call
from wheatear.schema.writer import Place, Step

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
WITH_CREATE = {"INHERITS", "PARTITION BY", "USING", "WITH", "TABLESPACE"}
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision", "money")


def is_computed(generated: str | None) -> bool:
    """Whether it is an expression's value, not an identity's."""
    return generated is not None and "IDENTITY" not in generated


_SERIALS = {"integer": "serial", "bigint": "bigserial", "smallint": "smallserial"}


def as_serial(column: Column, place: Place) -> Column:
    """A column that takes its numbers from a sequence of its own, as the type that makes it."""
    sequence, serial = sequence_of(column.default), _SERIALS.get(column.type)
    standing = {one.name for one in (*place.now.objects, *place.after.objects)}
    if sequence is None or serial is None or unquoted(sequence) in standing:
        return column
    return replace(column, type=serial, default=None)


class PostgresqlWords(Spelled):
    """Names, fields, serials, parts of indexes."""

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

    def empty(self, column: Column, place: Place) -> str:
        """By type; of an enum the first label."""
        for thing in place.now.objects:
            if thing.kind == "type" and column.type in {thing.name, quoted(thing.name)}:
                return next(iter(objects_written.labels(thing)), "''")
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

    def key_field(self, column: Column, table: Table, place: Place, *said: Source) -> Call:
        """A serial makes its own sequence."""
        automatic = _AUTOMATIC.get(as_serial(column, place).type)
        if automatic and not column.null and column.generated is None:
            return call(automatic, *said)
        return super().key_field(column, table, place, *said)

    def field(
        self, column: Column, place: Place, *more: Source, extra: Sequence[Constraint] = ()
    ) -> Call:
        """A serial by its type."""
        return super().field(as_serial(column, place), place, *more, extra=extra)

    def definition(self, column: Column, place: Place, extra: Sequence[Constraint] = ()) -> str:
        """A serial by its type."""
        return super().definition(as_serial(column, place), place, extra)

    def create_index(self, table: Table, index: Index) -> str:
        """The statement."""
        kind = "UNIQUE INDEX" if index.unique else "INDEX"
        using = f" USING {index.using}" if index.using else ""
        parts = ", ".join(index.parts)
        extra = f" {index.extra}" if index.extra else ""
        where = f" WHERE {index.where}" if index.where else ""
        called, on = quoted(index.name), quoted(table.name)
        return f"CREATE {kind} {called} ON {on}{using} ({parts}){extra}{where}"

    def _comment(self, what: str, comment: str | None) -> Step:
        said = "NULL" if comment is None else string(comment)
        return self.execute(f"COMMENT ON {what} IS {said}")

    def _column_comment(self, table: str, column: Column) -> Step:
        return self._comment(f"COLUMN {quoted(table)}.{quoted(column.name)}", column.comment)
