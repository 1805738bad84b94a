"""How MySQL and MariaDB spell what source is made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from wheatear.engines.fields import Stock
from wheatear.engines.mysql.literals import literal
from wheatear.engines.mysql.tokens import quoted
from wheatear.engines.written import Spelled
from wheatear.schema.model import Column, Constraint, Table
from wheatear.schema.source import Call, Source, call
from wheatear.schema.writer import Place, Step

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


def is_computed(generated: str | None) -> bool:
    """Whether it is an expression's value."""
    return generated is not None and generated.startswith("GENERATED")


class MysqlWords(Spelled):
    """Names, fields, and what stands at a column."""

    _mariadb: bool
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

    def quoted(self, name: str) -> str:
        """In backticks."""
        return quoted(name)

    def empty(self, column: Column, place: Place) -> str:
        """By type; of an enum the first label."""
        del place
        if label := re.match(r"enum\(('(?:[^']|'')*')", column.type):
            return label[1]
        first = re.split(r"[ (]", column.type)[0]
        return "0" if first in _NUMBERS else _EMPTY.get(first, "''")

    def phrases(self, column: Column) -> list[str]:
        """And its comment."""
        found = super().phrases(column)
        stamp = column.type.startswith("timestamp") and not is_computed(column.generated)
        if stamp and column.null:
            found.insert(0, "NULL")
        if column.comment:
            found.append(f"COMMENT {literal(column.comment)}")
        return found

    def inline(self, table: Table) -> dict[str, list[Constraint]]:
        """MariaDB keeps a CHECK at the column where it was written."""
        found: dict[str, list[Constraint]] = {}
        for one in table.constraints:
            if one.kind == "check" and one.columns:
                found.setdefault(one.columns[0], []).append(one)
        return found

    def key_field(self, column: Column, table: Table, place: Place, *said: Source) -> Call:
        """AUTO_INCREMENT, as Peewee has it."""
        automatic = _AUTOMATIC.get(column.type)
        if automatic and column.generated == "AUTO_INCREMENT":
            return call(automatic, *said)
        return super().key_field(column, table, place, *said)

    def unnamed(self, one: Constraint) -> str:
        """A key's parts may have lengths and directions."""
        if one.kind == "primary key" and one.sql:
            return f"PRIMARY KEY ({one.sql})"
        return super().unnamed(one)

    def part(self, part: str, table: Table) -> str:
        """A column, quoted, with its length and direction."""
        for column in sorted(table.columns, key=lambda column: -len(column.name)):
            rest = part[len(column.name) :]
            if part.startswith(column.name) and re.fullmatch(r"(\(\d+\))?( DESC)?", rest):
                return quoted(column.name) + rest
        return part

    def _altered(self, table: str, clauses: Sequence[str]) -> Step:
        return self.execute(f"ALTER TABLE {quoted(table)} {', '.join(clauses)}")

    def _modified(self, table: str, column: Column, place: Place) -> str:
        """The column as a whole, with the CHECK that stands at it."""
        now = place.now.table(table) or Table(table, ())
        checks = self.inline(now).get(column.name, [])
        return f"MODIFY COLUMN {self.definition(column, place, checks)}"
