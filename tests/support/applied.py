"""Applies changes to a schema as strictly as a database would: what is not possible raises."""

from __future__ import annotations

from dataclasses import replace

from wheatear.schema.changes import (
    AddColumn,
    AddConstraint,
    AddIndex,
    AddObject,
    AddTable,
    AlterColumn,
    AlterTable,
    Change,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropObject,
    DropTable,
    RenameColumn,
    RenameTable,
)
from wheatear.schema.model import Schema, Table
from wheatear.schema.renames import renamed


def applied(schema: Schema, changes: list[Change], *, forward_references: bool = False) -> Schema:
    """The schema after the changes, in their order; each has to leave a sound schema."""
    for change in changes:
        schema = _applied(schema, change)
        _check(schema, change, forward_references=forward_references)
    return schema


def in_any_order(schema: Schema) -> object:
    """What is left of a schema when no order counts."""
    return (
        {
            table.name: (
                frozenset(table.columns),
                frozenset(table.constraints),
                frozenset(table.indexes),
                table.options,
                table.comment,
            )
            for table in schema.tables
        },
        frozenset(schema.objects),
    )


def _applied(schema: Schema, change: Change) -> Schema:
    if isinstance(change, (RenameTable, RenameColumn)):
        return renamed(schema, change)
    if isinstance(change, AddTable):
        assert schema.table(change.table.name) is None, change
        return replace(schema, tables=(*schema.tables, change.table))
    if isinstance(change, DropTable):
        assert schema.table(change.table.name) == change.table, change
        return replace(schema, tables=tuple(one for one in schema.tables if one != change.table))
    if isinstance(change, AddObject):
        assert change.object not in schema.objects
        return replace(schema, objects=(*schema.objects, change.object))
    if isinstance(change, DropObject):
        assert change.object in schema.objects
        left = tuple(one for one in schema.objects if one != change.object)
        return replace(schema, objects=left)
    name = change.before.name if isinstance(change, AlterTable) else change.table
    table = schema.table(name)
    assert table is not None, change
    new = _changed(table, change)
    return replace(schema, tables=tuple(new if one is table else one for one in schema.tables))


def _changed(table: Table, change: Change) -> Table:  # noqa: PLR0911 - one a kind
    if isinstance(change, AlterTable):
        return replace(table, options=change.after.options, comment=change.after.comment)
    if isinstance(change, AddColumn):
        assert change.column.name not in {one.name for one in table.columns}, change
        return replace(table, columns=(*table.columns, change.column))
    if isinstance(change, DropColumn):
        assert change.column in table.columns, change
        return replace(table, columns=tuple(c for c in table.columns if c != change.column))
    if isinstance(change, AlterColumn):
        assert change.before in table.columns, change
        columns = tuple(change.after if c == change.before else c for c in table.columns)
        return replace(table, columns=columns)
    if isinstance(change, AddConstraint):
        return replace(table, constraints=(*table.constraints, change.constraint))
    if isinstance(change, DropConstraint):
        constraints = list(table.constraints)
        constraints.remove(change.constraint)
        return replace(table, constraints=tuple(constraints))
    if isinstance(change, AddIndex):
        assert change.index.name not in {one.name for one in table.indexes}, change
        return replace(table, indexes=(*table.indexes, change.index))
    assert isinstance(change, DropIndex)
    indexes = list(table.indexes)
    indexes.remove(change.index)
    return replace(table, indexes=tuple(indexes))


def _check(schema: Schema, change: Change, *, forward_references: bool) -> None:
    for table in schema.tables:
        names = {column.name for column in table.columns}
        assert table.columns, (change, "a table without columns")
        for one in table.constraints:
            assert set(one.columns) <= names, (change, one)
            if one.kind == "foreign key" and not forward_references:
                target = schema.table(one.table or "")
                assert target is not None, (change, one)
                assert set(one.targets) <= {column.name for column in target.columns}
        for index in table.indexes:
            assert set(index.parts) <= names, (change, index)
        for thing in schema.objects:
            if thing.table is not None:
                assert schema.table(thing.table) is not None, (change, thing)
