"""Changes as a migration on MySQL and MariaDB writes them."""

from __future__ import annotations

import re
from typing import ClassVar

from wheatear.engines.fields import Stock
from wheatear.engines.mysql.tokens import quoted
from wheatear.engines.written import Spelled
from wheatear.schema.model import Column, Index, Table
from wheatear.schema.source import Call, Source, call
from wheatear.schema.writer import Place

_EMPTY = {
    "date": "'1970-01-01'",
    "datetime": "'1970-01-01'",
    "timestamp": "'1970-01-02'",
    "time": "'00:00'",
    "year": "1970",
}
_NUMBERS = (
    "tinyint",
    "smallint",
    "mediumint",
    "int",
    "bigint",
    "decimal",
    "float",
    "double",
    "bit",
)

_AUTOMATIC = {
    "int(11)": "AutoField",
    "int": "AutoField",
    "bigint(20)": "BigAutoField",
    "bigint": "BigAutoField",
}


class MysqlSpelling(Spelled):
    """What the migrator of MySQL and MariaDB takes.

    Args:
        options: What a table gets that says none: its engine, charset and collation.
    """

    stock: ClassVar[Stock] = {
        "int(11)": "IntegerField",
        "int": "IntegerField",
        "bigint(20)": "BigIntegerField",
        "bigint": "BigIntegerField",
        "smallint(6)": "SmallIntegerField",
        "smallint": "SmallIntegerField",
        "text": "TextField",
        "float": "FloatField",
        "double": "DoubleField",
        "tinyint(1)": "BooleanField",
        "blob": "BlobField",
        "date": "DateField",
        "time": "TimeField",
        "datetime": "DateTimeField",
        "varchar({})": "CharField(max_length={})",
        "char({})": "FixedCharField(max_length={})",
        "decimal({},{})": "DecimalField(max_digits={}, decimal_places={})",
    }

    def __init__(self, options: str) -> None:
        self._options = options

    def quoted(self, name: str) -> str:
        """In backticks."""
        return quoted(name)

    def empty(self, column: Column) -> str:
        """By type."""
        first = re.split(r"[ (]", column.type)[0]
        return "0" if first in _NUMBERS else _EMPTY.get(first, "''")

    def table_settings(self, table: Table) -> list[tuple[str, Source]] | None:
        """The same as any other's, as a rule."""
        return [] if table.options == self._options else None

    def key_field(self, column: Column, table: Table, place: Place, *said: Source) -> Call:
        """AUTO_INCREMENT, as Peewee has it."""
        automatic = _AUTOMATIC.get(column.type)
        if automatic and column.generated == "AUTO_INCREMENT":
            return call(automatic, *said)
        return super().key_field(column, table, place, *said)

    def create_index(self, table: Table, index: Index) -> str:
        """The statement."""
        special = index.using in {"FULLTEXT", "SPATIAL"}
        kind = f"{index.using} INDEX" if special else "INDEX"
        kind = f"UNIQUE {kind}" if index.unique else kind
        using = f" USING {index.using}" if index.using and not special else ""
        parts = ", ".join(self.part(part, table) for part in index.parts)
        extra = f" {index.extra}" if index.extra else ""
        return f"CREATE {kind} {quoted(index.name)}{using} ON {quoted(table.name)} ({parts}){extra}"
