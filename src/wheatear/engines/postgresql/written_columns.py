"""Columns of PostgreSQL as source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wheatear.engines.postgresql.conversion import conversion, is_collatable
from wheatear.engines.postgresql.faithful import mentions as names_column
from wheatear.engines.postgresql.spelling import quoted, string, unquoted
from wheatear.engines.postgresql.written_words import (
    PostgresqlWords,
    as_serial,
    is_computed,
)
from wheatear.engines.written import operation, with_argument
from wheatear.schema import changes as kinds
from wheatear.schema.content import same_type, sequence_of
from wheatear.schema.model import Column, Table
from wheatear.schema.source import Named, text
from wheatear.schema.writer import Place, Step


class PostgresqlColumns(PostgresqlWords):
    """Beside type, default and NULL: identity, expression, sequence, comment."""

    def _new_column(self, table: str, column: Column, place: Place) -> Step:
        """A serial fills the rows that are there."""
        step = super()._new_column(table, column, place)
        if as_serial(column, place) is column:
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
        if change.before.default == after.default or as_serial(after, place) is after:
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
        if before.default == change.after.default or as_serial(before, place) is before:
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

    def alter_type(self, change: kinds.AlterColumn, place: Place) -> Step:
        """With its collation, and how values are converted where the server would not."""
        after = change.after
        if after.collation is None and not is_collatable(after.type):
            change = replace(change, before=replace(change.before, collation=None))
        step = super().alter_type(change, place)
        cast = conversion(change.before, change.after)
        return with_argument(step, Named("cast", text(cast))) if cast else step
