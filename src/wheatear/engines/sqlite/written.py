"""Changes as a migration on SQLite writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from wheatear.engines.fields import Stock
from wheatear.engines.sqlite.changes.column_type import affinity
from wheatear.engines.sqlite.tokens import quote
from wheatear.engines.written import Spelled, foreign_key_options, operation
from wheatear.schema import changes as kinds
from wheatear.schema.content import primary_key, same_type, type_name
from wheatear.schema.made import made
from wheatear.schema.model import Column, Constraint, Index, Table
from wheatear.schema.source import Call, Items, Named, Source, call, long_text, text
from wheatear.schema.writer import Place, Step

_EMPTY = {"INTEGER": "0", "REAL": "0", "NUMERIC": "0", "TEXT": "''", "BLOB": "x''"}


class SqliteSpelling(Spelled):
    """What SQLite's migrator takes."""

    stock: ClassVar[Stock] = {
        "integer": "IntegerField",
        "text": "TextField",
        "real": "FloatField",
        "blob": "BlobField",
        "date": "DateField",
        "datetime": "DateTimeField",
        "time": "TimeField",
        "any": "AnyField",
        "varchar({})": "CharField(max_length={})",
        "char({})": "FixedCharField(max_length={})",
        "decimal({},{})": "DecimalField(max_digits={}, decimal_places={})",
    }

    def quoted(self, name: str) -> str:
        """In double quotes."""
        return quote(name)

    def escaped(self, sql_text: str) -> str:
        """The driver's parameters are question marks."""
        return sql_text

    def empty(self, column: Column, place: Place) -> str:
        """By affinity."""
        del place
        return _EMPTY[affinity(column.type)]

    def column_of(self, part: str, table: Table) -> str | None:
        """As the reader spells it."""
        names = {quote(column.name): column.name for column in table.columns}
        return super().column_of(part, table) or names.get(part)

    # Tables

    def table_settings(self, table: Table) -> list[tuple[str, Source]] | None:
        """STRICT and WITHOUT ROWID."""
        words = {word for word in table.options.split(", ") if word}
        known = {"STRICT": "strict_tables", "WITHOUT ROWID": "without_rowid"}
        keys = [one for one in table.constraints if one.kind == "primary key"]
        if words - known.keys() or not all(self._can_say(key) for key in keys):
            return None
        return [(known[word], "True") for word in sorted(words)]

    def _can_say(self, key: Constraint) -> bool:
        return not key.options or key.options == "AUTOINCREMENT"

    def is_plain_key(self, key: Constraint, table: Table) -> bool:
        """AUTOINCREMENT is a constraint of its field."""
        del table
        return not key.name and self._can_say(key)

    def key_field(self, column: Column, table: Table, place: Place, *said: Source) -> Call:
        """An INTEGER is the row's number."""
        grows = any(one.options == "AUTOINCREMENT" for one in table.constraints)
        more = [Named("constraints", Items((self.sql("AUTOINCREMENT"),), "[]"))] * grows
        if type_name(column.type) == "integer" and not column.null and column.default is None:
            return call("AutoField", *said, *more)
        return super().key_field(column, table, place, *said, *more)

    def is_plain_reference(self, one: Constraint, table: Table) -> bool:
        """A table that comes later cannot be named by its class."""
        return super().is_plain_reference(one, table) and not one.name

    def create_table(self, table: Table, place: Place) -> str:
        """A key that grows, or descends, stands at its column."""
        inline = {
            one.columns[0]: f"{self._named(one)}PRIMARY KEY {one.options}"
            for one in table.constraints
            if one.kind == "primary key" and one.options and not one.options.startswith("(")
            if len(one.columns) == 1
        }
        parts = [
            f"{self.definition(column, place)} {inline.get(column.name, '')}".rstrip()
            for column in table.columns
        ]
        parts += [
            self.constraint(one)
            for one in table.constraints
            if not (one.kind == "primary key" and one.columns[0] in inline)
        ]
        inside = ",\n    ".join(parts)
        options = table.options
        if all(one.kind != "primary key" for one in table.constraints):
            options = options.replace("WITHOUT ROWID", "").strip(", ")  # it is not yet, or no more
        return f"CREATE TABLE {quote(table.name)} (\n    {inside}\n) {options}".rstrip()

    def _named(self, one: Constraint) -> str:
        return f"CONSTRAINT {quote(one.name)} " if one.name else ""

    def unnamed(self, one: Constraint) -> str:
        """A key's parentheses may hold more than columns."""
        if one.kind in {"primary key", "unique"} and one.options.startswith("("):
            return f"{one.kind.upper()} {one.options}"
        return super().unnamed(one)

    def add_column(self, change: kinds.AddColumn, place: Place) -> Iterator[Step]:
        """One number a row for a column that is to be the key."""
        table, column = change.table, change.column
        after = place.after.table(table)
        now = place.now.table(table)
        numbered = now is not None and "WITHOUT ROWID" not in now.options
        if numbered and column.default is None and type_name(column.type) == "integer":
            keys = [one.columns for one in after.constraints] if after else []
            if (column.name,) in keys and (table, column.name) not in place.fills:
                place = place._replace(fills={**place.fills, (table, column.name): "rowid"})
        yield from super().add_column(change, place)

    def alter_table(self, change: kinds.AlterTable, place: Place) -> Iterator[Step]:
        """STRICT, WITHOUT ROWID: the table is made anew."""
        yield self._redefined(change, change.before.name, place)

    def alter_column(self, change: kinds.AlterColumn, place: Place) -> Iterator[Step]:
        """A collation, and how a value is generated, are the table's definition alone."""
        before, after = change.before, change.after
        # Of all types an INTEGER alone makes a key the row's number.
        now = place.now.table(change.table)
        is_key = primary_key(now) == (after.name,) and not same_type(before, after)
        integer = "integer" in {type_name(before.type), type_name(after.type)}
        same = (before.collation, before.generated) == (after.collation, after.generated)
        if same and not (is_key and integer):
            yield from super().alter_column(change, place)
            return
        fill = place.fills.get((change.table, after.name))
        if fill and before.null and not after.null:
            yield self.execute(self.update(change.table, after.name, fill))
        yield self._redefined(change, change.table, place)

    def _redefined(self, change: kinds.Change, name: str, place: Place) -> Step:
        table = made(place.now, change).table(name) or Table(name, ())
        sql = long_text(self.create_table(table, place))
        step = operation("redefine_table", text(name), sql)
        return step._replace(whole=f"the definition of {name}")

    # Constraints

    def add_constraint(self, change: kinds.AddConstraint, place: Place) -> Iterator[Step]:
        """A primary key is the table's definition, and a UNIQUE that another key says already."""
        if change.constraint.kind == "primary key" or self._is_said_twice(change, place):
            yield self._redefined(change, change.table, place)
        else:
            yield from super().add_constraint(change, place)

    def drop_constraint(self, change: kinds.DropConstraint, place: Place) -> Iterator[Step]:
        """By its name; one that has none by what it says."""
        table, one = change.table, change.constraint
        if one.kind == "primary key" or self._is_said_twice(change, place):
            yield self._redefined(change, table, place)
        elif one.name:
            yield from super().drop_constraint(change, place)
        elif self._is_only_key(one, place.now.table(table)):
            yield operation("drop_foreign_key_constraint", text(table), text(one.columns[0]))
        else:
            yield operation("drop_constraint", text(table), self.node(one))

    def _is_said_twice(
        self, change: kinds.AddConstraint | kinds.DropConstraint, place: Place
    ) -> bool:
        """Whether another key of the table is a UNIQUE of the same columns too."""
        one, table = change.constraint, place.now.table(change.table)
        keys = {"primary key", "unique"}
        return one.kind == "unique" and any(
            it != one and it.kind in keys and it.columns == one.columns
            for it in (table.constraints if table else ())
        )

    def _is_only_key(self, one: Constraint, table: Table | None) -> bool:
        keys = [key for key in table.constraints if key.kind == "foreign key"] if table else []
        return len(one.columns) == 1 and [key for key in keys if one.columns[0] in key.columns] == [
            one
        ]

    # Indexes

    def create_index(self, table: Table, index: Index) -> str:
        """The statement."""
        kind = "UNIQUE INDEX" if index.unique else "INDEX"
        parts = ", ".join(self.part(part, table) for part in index.parts)
        where = f" WHERE {index.where}" if index.where else ""
        return f"CREATE {kind} {quote(index.name)} ON {quote(table.name)} ({parts}){where}"

    def part(self, part: str, table: Table) -> str:
        """A column in quotes, since the reader leaves them out where they only seem needless."""
        for column in sorted(table.columns, key=lambda column: -len(column.name)):
            for spelled in (column.name, quote(column.name)):
                rest = part[len(spelled) :]
                if part.startswith(spelled) and re.fullmatch(r"( COLLATE \S+)?( DESC)?", rest):
                    return quote(column.name) + rest
        return part

    def foreign_key(self, one: Constraint) -> list[Source] | None:
        """The operation of SQLite knows no DEFERRABLE."""
        options = foreign_key_options(one) or []
        if any(option.name == "deferrable" for option in options):
            return None
        return super().foreign_key(one)
