"""Changes as a migration on PostgreSQL writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from wheatear.engines.fields import Stock
from wheatear.engines.postgresql import objects_written, table_options
from wheatear.engines.postgresql.conversion import conversion, is_collatable
from wheatear.engines.postgresql.faithful import mentions as names_column
from wheatear.engines.postgresql.spelling import clipped, quoted, string, unquoted
from wheatear.engines.written import Spelled, operation, with_argument
from wheatear.schema import changes as kinds
from wheatear.schema.content import same_type, sequence_of
from wheatear.schema.model import Column, Constraint, Index, Table
from wheatear.schema.source import Call, Named, Source, call, text
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
_WITH_CREATE = {"INHERITS", "PARTITION BY", "USING", "WITH", "TABLESPACE"}
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision", "money")


def is_computed(generated: str | None) -> bool:
    """Whether it is an expression's value, not an identity's."""
    return generated is not None and "IDENTITY" not in generated


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

    def field(
        self, column: Column, place: Place, *more: Source, extra: Sequence[Constraint] = ()
    ) -> Call:
        """A serial by its type."""
        return super().field(_as_serial(column, place), place, *more, extra=extra)

    def definition(self, column: Column, place: Place, extra: Sequence[Constraint] = ()) -> str:
        """A serial by its type."""
        return super().definition(_as_serial(column, place), place, extra)

    def reference_arguments(self, one: Constraint, table: Table) -> list[Named]:
        """Its name, unless the server would choose the same."""
        found = super().reference_arguments(one, table)
        if not self.is_named_so(one, table):
            found.append(Named("constraint_name", text(one.name or "")))
        return found

    def is_named_so(self, one: Constraint, table: Table) -> bool:
        """The server calls it after its table, columns and kind."""
        columns = one.columns if one.kind != "check" or len(one.columns) == 1 else ()
        end = {"foreign key": "fkey", "unique": "key", "check": "check"}.get(one.kind)
        return one.name in {None, clipped("_".join([table.name, *columns, end or "excl"]))}

    def create_table(self, table: Table, place: Place) -> str:
        """A partition is made as a table, and attached when it has all that its parent has."""
        options = table_options.phrases(table.options)
        kind = "UNLOGGED TABLE" if "UNLOGGED" in options else "TABLE"
        has_parent = bool({"PARTITION OF", "INHERITS"} & options.keys())
        parts = [
            # What has a parent shares its sequence.
            super(PostgresqlSpelling, self).definition(column, place)
            if has_parent
            else self.definition(column, place)
            for column in table.columns
        ]
        parts += [self.constraint(one) for one in table.constraints]
        inside = ",\n    ".join(parts)
        said = "".join(
            f" {name} {value}" for name, value in options.items() if name in _WITH_CREATE
        )
        return f"CREATE {kind} {quoted(table.name)} (\n    {inside}\n){said}"

    def rest_of_table(self, table: Table) -> Iterator[Step]:
        """What is set once the table is there, and comments."""
        options = table_options.phrases(table.options)
        later = [name for name in options if name not in {*_WITH_CREATE, "UNLOGGED"}]
        for name in later:
            phrase = f"{name} {options[name]}".strip()
            for action in table_options.actions("", phrase, quoted(table.name)):
                yield self.execute(action)
        if table.comment is not None:
            yield self._comment(f"TABLE {quoted(table.name)}", table.comment)
        for column in table.columns:
            if column.comment is not None:
                yield self._column_comment(table.name, column)

    def _comment(self, what: str, comment: str | None) -> Step:
        said = "NULL" if comment is None else string(comment)
        return self.execute(f"COMMENT ON {what} IS {said}")

    def _column_comment(self, table: str, column: Column) -> Step:
        return self._comment(f"COLUMN {quoted(table)}.{quoted(column.name)}", column.comment)

    def alter_table(self, change: kinds.AlterTable, place: Place) -> Iterator[Step]:
        """Each of its options by the action that sets it."""
        del place
        table = quoted(change.before.name)
        for action in table_options.actions(change.before.options, change.after.options, table):
            yield self.execute(action)
        if change.before.comment != change.after.comment:
            yield self._comment(f"TABLE {table}", change.after.comment)

    # Columns

    def _new_column(self, table: str, column: Column, place: Place) -> Step:
        """A serial fills the rows that are there."""
        step = super()._new_column(table, column, place)
        if _as_serial(column, place) is column:
            return step
        return with_argument(step, Named("allow_not_null", "True"))

    def add_column(self, change: kinds.AddColumn, place: Place) -> Iterator[Step]:
        """And its comment."""
        yield from super().add_column(change, place)
        if change.column.comment is not None:
            yield self._column_comment(change.table, change.column)

    def alter_column(self, change: kinds.AlterColumn, place: Place) -> Iterator[Step]:
        """Beside type, default and NULL: identity, expression, sequence, comment."""
        before, after = change.before, change.after
        if is_computed(after.generated) and before.generated != after.generated:
            yield from self._made_anew(change, place)
            return
        plain = self._without_generation(change)
        yield from plain
        before = replace(before, generated=None if plain else before.generated)
        begun = self._sequence_begun(change, place)
        yield from begun
        rest = change
        if before.default not in {None, after.default} and not same_type(before, after):
            yield operation("drop_column_default", text(change.table), text(after.name))
            rest = replace(change, before=replace(before, default=None))
        yield from super().alter_column(rest, place)
        yield from self._sequence_ended(change, place)
        if before.generated != after.generated and after.generated is not None:
            yield self.execute(self._altered(change, f"ADD {after.generated}"))
            yield self.execute(self._counted(change, None))
        if before.comment != after.comment:
            yield self._column_comment(change.table, after)

    def _altered(self, change: kinds.AlterColumn, action: str) -> str:
        column = quoted(change.after.name)
        return f"ALTER TABLE {quoted(change.table)} ALTER COLUMN {column} {action}"

    def _without_generation(self, change: kinds.AlterColumn) -> list[Step]:
        before, after = change.before.generated, change.after.generated
        if before is None or before == after:
            return []
        action = "DROP EXPRESSION" if is_computed(before) else "DROP IDENTITY"
        return [self.execute(self._altered(change, action))]

    def _sequence_begun(self, change: kinds.AlterColumn, place: Place) -> list[Step]:
        """A serial's own sequence, made where the default begins to use it."""
        after = change.after
        name = sequence_of(after.default)
        if change.before.default == after.default or _as_serial(after, place) is after:
            return []
        owner = f"{quoted(change.table)}.{quoted(after.name)}"
        sequence = quoted(unquoted(name or ""))
        return [
            self.execute(f"CREATE SEQUENCE {sequence} AS {after.type} OWNED BY {owner}"),
            self.execute(self._counted(change, sequence)),
        ]

    def _counted(self, change: kinds.AlterColumn, sequence: str | None) -> str:
        """Let a sequence go on behind the highest number there is."""
        table, column = quoted(change.table), quoted(change.after.name)
        which = string(sequence) if sequence else self._own_sequence(change)
        highest = f"COALESCE(max({column}), 0) + 1"
        return f"SELECT setval({which}, {highest}, false) FROM {table}"

    def _own_sequence(self, change: kinds.AlterColumn) -> str:
        table = string(quoted(change.table))
        return f"pg_get_serial_sequence({table}, {string(change.after.name)})"

    def _sequence_ended(self, change: kinds.AlterColumn, place: Place) -> list[Step]:
        """A serial's own sequence, which nothing uses any more."""
        before = change.before
        name = sequence_of(before.default)
        if before.default == change.after.default or _as_serial(before, place) is before:
            return []
        return [self.execute(f"DROP SEQUENCE {quoted(unquoted(name or ''))}")]

    def _made_anew(self, change: kinds.AlterColumn, place: Place) -> Iterator[Step]:
        """A column that is computed from now on, or otherwise: its values are made anew."""
        table = place.now.table(change.table) or Table(change.table, ())
        name = change.after.name
        yield operation("drop_column", text(change.table), text(name))
        yield from self.add_column(kinds.AddColumn(change.table, change.after), place)
        for one in table.constraints:
            if name in one.columns:
                yield from self.add_constraint(kinds.AddConstraint(change.table, one), place)
        for index in table.indexes:
            if any(names_column(part, name) for part in (*index.parts, index.where or "")):
                yield self._index(table, index)

    # Anything else

    def add_object(self, change: kinds.AddObject, place: Place) -> Iterator[Step]:
        """A type or a sequence that is there already is changed in its place."""
        thing = change.object
        same = [
            one for one in place.now.objects if (one.kind, one.name) == (thing.kind, thing.name)
        ]
        if not same or thing.kind not in {"type", "sequence"}:
            yield from super().add_object(change, place)
            return
        for sql in objects_written.changed(same[0], thing, place.now, place.after):
            yield self.execute(sql)
        place.done.add(kinds.DropObject(same[0]))

    def drop_object(self, change: kinds.DropObject, place: Place) -> Iterator[Step]:
        """A trigger is its table's."""
        thing = change.object
        if thing.kind == "trigger":
            on = quoted(thing.table or "")
            yield self.execute(f"DROP TRIGGER {quoted(thing.name)} ON {on}")
        else:
            yield from super().drop_object(change, place)

    def alter_type(self, change: kinds.AlterColumn, place: Place) -> Step:
        """With its collation, and how values are converted where the server would not."""
        after = change.after
        if after.collation is None and not is_collatable(after.type):
            change = replace(change, before=replace(change.before, collation=None))
        step = super().alter_type(change, place)
        cast = conversion(change.before, change.after)
        return with_argument(step, Named("cast", text(cast))) if cast else step

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
