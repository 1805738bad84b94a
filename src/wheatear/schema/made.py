"""A schema after a change, as far as it can be told without the engine."""

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


def made(schema: Schema, change: Change) -> Schema:
    """The schema once the change is made; what is not there to be changed is passed over."""
    if isinstance(change, (RenameTable, RenameColumn)):
        return renamed(schema, change)
    if isinstance(change, AddTable):
        return replace(schema, tables=(*schema.tables, change.table))
    if isinstance(change, DropTable):
        name = change.table.name
        return replace(schema, tables=tuple(one for one in schema.tables if one.name != name))
    if isinstance(change, AddObject):
        return replace(schema, objects=(*schema.objects, change.object))
    if isinstance(change, DropObject):
        left = tuple(one for one in schema.objects if one != change.object)
        return replace(schema, objects=left)
    tables = (
        _changed(table, change) if table.name == table_of(change) else table
        for table in schema.tables
    )
    return replace(schema, tables=tuple(tables))


def table_of(change: Change) -> str | None:
    """The table that a change is about, by the name it has then; None for other things."""
    if isinstance(change, (AddTable, DropTable)):
        return change.table.name
    if isinstance(change, AlterTable):
        return change.before.name
    if isinstance(change, RenameTable):
        return change.old
    if isinstance(change, (AddObject, DropObject)):
        return change.object.table
    return getattr(change, "table", None)


def _changed(table: Table, change: Change) -> Table:
    columns, constraints, indexes = table.columns, table.constraints, table.indexes
    if isinstance(change, AlterTable):
        return replace(table, options=change.after.options, comment=change.after.comment)
    if isinstance(change, AddColumn):
        columns = (*columns, change.column)
    elif isinstance(change, DropColumn):
        columns = tuple(one for one in columns if one.name != change.column.name)
    elif isinstance(change, AlterColumn):
        name = change.before.name
        columns = tuple(change.after if one.name == name else one for one in columns)
    elif isinstance(change, AddConstraint):
        constraints = (*constraints, change.constraint)
    elif isinstance(change, DropConstraint):
        constraints = tuple(one for one in constraints if one != change.constraint)
    elif isinstance(change, AddIndex):
        indexes = (*indexes, change.index)
    elif isinstance(change, DropIndex):
        indexes = tuple(one for one in indexes if one != change.index)
    return replace(table, columns=columns, constraints=constraints, indexes=indexes)
