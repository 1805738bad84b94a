"""A Peewee field as PostgreSQL's column definition."""

from __future__ import annotations

import re
from typing import Any

import peewee

from wheatear.engines.postgresql.literals import default_of, render
from wheatear.engines.postgresql.spelling import quoted
from wheatear.errors import OperationError

_SERIAL = {"SERIAL": "INTEGER", "BIGSERIAL": "BIGINT", "SMALLSERIAL": "SMALLINT"}
_SAYS_DEFAULT = re.compile(r"\s*(CONSTRAINT\s+\S+\s+)?(DEFAULT|GENERATED)\b", re.IGNORECASE)
_ALWAYS_THE_SAME = (dict, list, str, int, float, bool, bytes)
"""Classes that models give as defaults for the empty value they make."""


def ready(db: Any, field: Any, column: str) -> Any:
    """A copy of the field that belongs to this column and knows what it points at."""
    field = field.clone()
    field.name = field.column_name = column
    if isinstance(field, peewee.ForeignKeyField):
        _resolve(field)
    if hasattr(field, "_db_hook"):
        field._db_hook(db)
    return field


def _resolve(field: Any) -> None:
    model = field.rel_model
    if not (isinstance(model, type) and issubclass(model, peewee.Model)):
        raise OperationError(
            f"The foreign key {field.column_name!r} must point at a model, not {model!r}.",
            next="ForeignKeyField(Model, field=Model.id, …)",
        )
    if field.rel_field is None:
        field.rel_field = model._meta.primary_key
    elif isinstance(field.rel_field, str):
        field.rel_field = getattr(model, field.rel_field)


def type_of(db: Any, field: Any) -> str:
    """The type alone: SERIAL and IDENTITY say more than one."""
    if isinstance(field, peewee.ForeignKeyField):
        field = ready(db, field, field.column_name or "")
    text = render(db, field.ddl_datatype(db.get_sql_context()))
    text = re.split(r"\s+GENERATED\s", text, flags=re.IGNORECASE)[0]
    return _SERIAL.get(text.upper(), text)


def constant_default(field: Any) -> Any:
    """The default that every row shares, or None."""
    default = field.default
    if default in _ALWAYS_THE_SAME and isinstance(default, type):
        return default()
    return None if callable(default) else default


def makes_its_own(db: Any, field: Any) -> bool:
    """Whether the definition itself says how a value is made: SERIAL, DEFAULT, GENERATED."""
    if field.sequence or getattr(field, "auto_increment", False):
        return True
    return any(_SAYS_DEFAULT.match(render(db, it)) for it in field.constraints or ())


def definition(db: Any, field: Any, *, null: bool, default: Any = None) -> str:
    """What stands after ADD COLUMN but a foreign key. `field` is a `ready` one."""
    field.null = null
    sql = render(db, field.ddl(db.get_sql_context()))
    return sql if default is None else f"{sql} DEFAULT {default_of(db, field, default)}"


def foreign_key(schema: str | None, field: Any) -> str | None:
    """The REFERENCES phrase of a `ready` field, if it is a foreign key."""
    if not isinstance(field, peewee.ForeignKeyField):
        return None
    meta = field.rel_model._meta
    return references(
        quoted(meta.schema or schema, meta.table_name),
        field.rel_field.column_name,
        on_delete=field.on_delete,
        on_update=field.on_update,
        deferrable=field.deferrable,
    )


def references(
    table: str,
    column: str,
    *,
    on_delete: str | None = None,
    on_update: str | None = None,
    deferrable: str | None = None,
) -> str:
    """The REFERENCES phrase; `table` is quoted already."""
    words = [f"REFERENCES {table} ({quoted(column)})"]
    words += [f"ON DELETE {on_delete}"] if on_delete else []
    words += [f"ON UPDATE {on_update}"] if on_update else []
    words += [f"DEFERRABLE {deferrable}"] if deferrable else []
    return " ".join(words)
