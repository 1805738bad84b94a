"""Changes as a migration on PostgreSQL writes them."""

from __future__ import annotations

from collections.abc import Iterator

from wheatear.engines.postgresql import objects_written, table_options
from wheatear.engines.postgresql.spelling import clipped, quoted
from wheatear.engines.postgresql.written_columns import PostgresqlColumns
from wheatear.engines.postgresql.written_words import WITH_CREATE
from wheatear.schema import changes as kinds
from wheatear.schema.model import Column, Constraint, Table
from wheatear.schema.source import Source
from wheatear.schema.writer import Place, Step


class PostgresqlSpelling(PostgresqlColumns):
    """What PostgreSQL's migrator takes."""

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
        said = "".join(f" {name} {value}" for name, value in options.items() if name in WITH_CREATE)
        return f"CREATE {kind} {quoted(table.name)} (\n    {inside}\n){said}"

    def rest_of_table(self, table: Table) -> Iterator[Step]:
        """What is set once the table is there, and comments."""
        options = table_options.phrases(table.options)
        later = [name for name in options if name not in {*WITH_CREATE, "UNLOGGED"}]
        for name in later:
            phrase = f"{name} {options[name]}".strip()
            for action in table_options.actions("", phrase, quoted(table.name)):
                yield self.execute(action)
        if table.comment is not None:
            yield self._comment(f"TABLE {quoted(table.name)}", table.comment)
        for column in table.columns:
            if column.comment is not None:
                yield self._column_comment(table.name, column)

    def alter_table(self, change: kinds.AlterTable, place: Place) -> Iterator[Step]:
        """Each of its options by the action that sets it."""
        del place
        table = quoted(change.before.name)
        for action in table_options.actions(change.before.options, change.after.options, table):
            yield self.execute(action)
        if change.before.comment != change.after.comment:
            yield self._comment(f"TABLE {table}", change.after.comment)

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
