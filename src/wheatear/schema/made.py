"""A schema after a change, as far as it can be told without the engine."""

from __future__ import annotations

from dataclasses import replace

from wheatear.schema import changes as kinds
from wheatear.schema.model import Schema, Table
from wheatear.schema.renames import renamed


def made(schema: Schema, change: kinds.Change) -> Schema:
    """The schema once the change is made; what is not there to be changed is passed over."""
    if isinstance(change, (kinds.RenameTable, kinds.RenameColumn)):
        return renamed(schema, change)
    if isinstance(change, kinds.AddTable):
        return replace(schema, tables=(*schema.tables, change.table))
    if isinstance(change, kinds.DropTable):
        name = change.table.name
        return replace(schema, tables=tuple(one for one in schema.tables if one.name != name))
    if isinstance(change, kinds.AddObject):
        return replace(schema, objects=(*schema.objects, change.object))
    if isinstance(change, kinds.DropObject):
        left = tuple(one for one in schema.objects if one != change.object)
        return replace(schema, objects=left)
    tables = (
        _changed(table, change) if table.name == table_of(change) else table
        for table in schema.tables
    )
    return replace(schema, tables=tuple(tables))


def table_of(change: kinds.Change) -> str | None:
    """The table that a change is about, by the name it has then; None for other things."""
    if isinstance(change, (kinds.AddTable, kinds.DropTable)):
        return change.table.name
    if isinstance(change, kinds.AlterTable):
        return change.before.name
    if isinstance(change, kinds.RenameTable):
        return change.old
    if isinstance(change, (kinds.AddObject, kinds.DropObject)):
        return change.object.table
    return getattr(change, "table", None)


def _changed(table: Table, change: kinds.Change) -> Table:
    columns, constraints, indexes = table.columns, table.constraints, table.indexes
    if isinstance(change, kinds.AlterTable):
        return replace(table, options=change.after.options, comment=change.after.comment)
    if isinstance(change, kinds.AddColumn):
        columns = (*columns, change.column)
    elif isinstance(change, kinds.DropColumn):
        columns = tuple(one for one in columns if one.name != change.column.name)
    elif isinstance(change, kinds.AlterColumn):
        name = change.before.name
        columns = tuple(change.after if one.name == name else one for one in columns)
    elif isinstance(change, kinds.AddConstraint):
        constraints = (*constraints, change.constraint)
    elif isinstance(change, kinds.DropConstraint):
        constraints = tuple(one for one in constraints if one != change.constraint)
    elif isinstance(change, kinds.AddIndex):
        indexes = (*indexes, change.index)
    elif isinstance(change, kinds.DropIndex):
        indexes = tuple(one for one in indexes if one != change.index)
    return replace(table, columns=columns, constraints=constraints, indexes=indexes)
