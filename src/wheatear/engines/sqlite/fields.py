"""Peewee's fields and nodes as SQLite's SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import peewee

from wheatear.engines.called import called

from .changes.default import as_default
from .changes.new_column import AddColumn
from .definition import ColumnDefinition
from .draft import RefusedError
from .grammar import parse
from .photograph import rows
from .tokens import literal, quote


def sql_of(migrator: Any, node: Any) -> str:
    """Return a node's SQL with its values written into it."""
    if isinstance(node, str):
        return node
    context = node if isinstance(node, peewee.Context) else migrator.make_context()
    if context is not node:
        with context.scope_values(subquery=True), context(value_literals=True):
            context.sql(node)
    sql, parameters = context.query()
    if parameters:
        parts = sql.split("?")
        if len(parts) != len(parameters) + 1:
            raise RefusedError(f"{sql!r} with {parameters!r} cannot be written as one text")
        values = [literal_of(migrator, value) for value in parameters]
        return "".join(a + b for a, b in zip(parts, [*values, ""], strict=True))
    return str(sql)


def index_sql(
    migrator: Any, name: str, table: str, columns: Sequence[str], *, unique: bool, where: Any
) -> str:
    """Return a CREATE INDEX; playhouse's own takes a dot in a table's name for a schema's."""
    kind = "UNIQUE INDEX" if unique else "INDEX"
    listed = ", ".join(quote(column) for column in columns)
    sql = f"CREATE {kind} {quote(name)} ON {quote(table)} ({listed})"
    return sql if where is None else f"{sql} WHERE {sql_of(migrator, where)}"


def literal_of(migrator: Any, value: Any) -> str:
    """Return a value as SQLite writes it, after the driver has adapted it."""
    if isinstance(value, str):
        if "\0" in value:
            raise RefusedError("a text with a zero character cannot be written as SQL")
        return literal(value)
    if isinstance(value, peewee.Node):
        context = migrator.make_context().literal("SELECT quote(").sql(value).literal(")")
        sql, parameters = context.query()
        return str(rows(migrator.database, sql, *parameters)[0][0])
    return str(rows(migrator.database, "SELECT quote(?)", value)[0][0])


def default_of(migrator: Any, default: Any) -> str:
    """Return the argument of `add_column_default` as SQL, by playhouse's rules."""
    if default is None:
        raise RefusedError(
            "a default of None says nothing", "drop_column_default drops the default"
        )
    if callable(default) and not isinstance(default, peewee.Node):
        default = called(default)
    if isinstance(default, peewee.Node):
        return as_default(sql_of(migrator, default))
    if isinstance(default, str) and default.endswith((")", "'")):
        return as_default(default)
    return literal_of(migrator, default)


def column_of(migrator: Any, name: str, field: Any, *, allow_not_null: bool) -> AddColumn:
    """Return the column that a field says; its constant default is one of the database."""
    if field.primary_key:
        raise RefusedError("SQLite cannot add a primary key to a table that is there")
    field = field.clone()
    field.name = field.column_name = name
    prepare_field(migrator, field)
    sql = sql_of(migrator, field.ddl(migrator.make_context()))
    if isinstance(field, peewee.ForeignKeyField):
        sql += _reference(field)
    column = parse(f"CREATE TABLE t ({sql})").columns[0]
    stated = column.last("default")
    if column.last("generated") or (field.null and (stated or not _is_constant(field))):
        return AddColumn(name, sql)
    if field.default is None:
        if not allow_not_null and not stated:
            raise RefusedError(
                f"{name} is not null but has no default",
                "give the field a default for the rows that are there, or null=True",
            )
        return AddColumn(name, sql)
    if callable(field.default):
        default = field.default
        return AddColumn(name, sql, lambda: _bound(migrator, field.db_value(called(default))))
    value = literal_of(migrator, field.db_value(field.default))
    if stated:
        same = stated.sql == value
        bound = _bound(migrator, field.db_value(field.default))
        return AddColumn(name, sql, None if same else lambda: bound)
    return AddColumn(name, _with_default(sql, column, value))


def _is_constant(field: Any) -> bool:
    return field.default is not None and not callable(field.default)


def prepare_field(migrator: Any, field: Any) -> None:
    """Tell a field that belongs to no model what it asks: its database, the field it points at."""
    if isinstance(field, peewee.ForeignKeyField):
        if not hasattr(field.rel_model, "_meta"):
            raise RefusedError(
                "a foreign key has to say the model that it points at",
                "ForeignKeyField(Player, field=Player.id, …)",
            )
        if field.rel_field is None:
            field.rel_field = field.rel_model._meta.primary_key
        elif isinstance(field.rel_field, str):
            field.rel_field = field.rel_model._meta.fields[field.rel_field]
    hook = getattr(field, "_db_hook", None)
    if hook is not None:
        hook(migrator.database)


def _with_default(sql: str, column: ColumnDefinition, value: str) -> str:
    """DEFAULT behind NOT NULL, where Peewee writes it too."""
    place = len("CREATE TABLE t (")
    not_null = column.last("not null")
    at = (not_null.end if not_null else column.type_end) - place
    return f"{sql[:at]} DEFAULT {value}{sql[at:]}"


def _bound(migrator: Any, value: Any) -> Any:
    """A value to bind: what a field says as SQL (such as json('…')) is asked of SQLite."""
    if not isinstance(value, peewee.Node):
        return value
    sql, parameters = migrator.make_context().literal("SELECT ").sql(value).query()
    return rows(migrator.database, sql, *parameters)[0][0]


def _reference(field: Any) -> str:
    meta = field.rel_model._meta
    sql = f" REFERENCES {quote(meta.table_name)} ({quote(field.rel_field.column_name)})"
    for action, value in (("DELETE", field.on_delete), ("UPDATE", field.on_update)):
        if value is not None:
            sql += f" ON {action} {value}"
    if field.deferrable:
        sql += f" DEFERRABLE {field.deferrable}"
    return sql
