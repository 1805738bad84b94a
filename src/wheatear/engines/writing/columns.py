"""Columns as source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from wheatear.engines.writing.keys import Keys
from wheatear.engines.writing.words import operation
from wheatear.schema import changes as kinds
from wheatear.schema.content import same_type
from wheatear.schema.model import Column
from wheatear.schema.source import Named, text
from wheatear.schema.writer import Place, Step

_LITERAL = re.compile(r"[-+]?\d+(\.\d+)?|'(?:[^']|'')*'|true|false", re.IGNORECASE)


class Columns(Keys):
    """How columns are written."""

    def add_column(self, change: kinds.AddColumn, place: Place) -> Iterator[Step]:
        """With its default; rows get a value where it takes no NULL and has none."""
        table, column = change.table, change.column
        if column.null or column.default is not None or column.generated is not None:
            yield self._new_column(table, column, place)
            return
        given = place.fills.get((table, column.name))
        value = given or self.empty(column, place)
        note = None if given else f"rows that are there get {value} in column {column.name}"
        if _LITERAL.fullmatch(value):
            step = self._new_column(table, replace(column, default=value), place)
            yield step._replace(note=note)
            yield operation("drop_column_default", text(table), text(column.name))
        else:
            yield self._new_column(table, replace(column, null=True), place)
            yield self.execute(self.update(table, column.name, value), note=note)
            yield operation("add_not_null", text(table), text(column.name))

    def _new_column(self, table: str, column: Column, place: Place) -> Step:
        name = self.field_class(column, place).name
        default = self.python_default(column, name)
        if default is None:
            field = self.field(column, place)
        else:
            bare = replace(column, default=None)
            field = self.field(bare, place, Named("default", default))
        return operation("add_column", text(table), text(column.name), field)

    def update(self, table: str, column: str, value: str) -> str:
        """What gives all rows without a value one."""
        name = self.quoted(column)
        return f"UPDATE {self.quoted(table)} SET {name} = {value} WHERE {name} IS NULL"

    def drop_column(self, change: kinds.DropColumn, place: Place) -> Iterator[Step]:
        """By its name."""
        del place
        yield operation("drop_column", text(change.table), text(change.column.name))

    def rename_column(self, change: kinds.RenameColumn, place: Place) -> Iterator[Step]:
        """By its names."""
        del place
        yield operation("rename_column", text(change.table), text(change.old), text(change.new))

    def alter_column(self, change: kinds.AlterColumn, place: Place) -> Iterator[Step]:
        """Type, default and NULL, each by its operation."""
        table, before, after = change.table, change.before, change.after
        name = after.name
        if not same_type(before, after) or before.collation != after.collation:
            yield self.alter_type(change, place)
        if before.default != after.default:
            yield self.alter_default(table, after)
        if before.null and not after.null:
            fill = place.fills.get((table, name))
            if fill:
                yield self.execute(self.update(table, name, fill))
            yield operation("add_not_null", text(table), text(name))
        if after.null and not before.null:
            yield operation("drop_not_null", text(table), text(name))

    def alter_type(self, change: kinds.AlterColumn, place: Place) -> Step:
        """The type alone."""
        said = [Named("null", "True")] if change.before.null else []
        if change.before.collation != change.after.collation:
            said.append(Named("collation", text(change.after.collation or '"default"')))
        field = self.field_class(change.after, place).field(*said)
        return operation("alter_column_type", text(change.table), text(change.after.name), field)

    def alter_default(self, table: str, after: Column) -> Step:
        """Another default or none."""
        if after.default is None:
            return operation("drop_column_default", text(table), text(after.name))
        number = re.fullmatch(r"-?(0|[1-9]\d{0,17})", after.default)
        value = after.default if number else self.sql(after.default)
        return operation("add_column_default", text(table), text(after.name), value)
