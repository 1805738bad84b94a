"""Values and Peewee's nodes as SQL text, since DDL takes no parameters with psycopg 3."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
import uuid
from collections.abc import Callable
from typing import Any

from peewee import Node

from wheatear.engines.postgresql.send import ask
from wheatear.engines.postgresql.spelling import string

_PLACEHOLDERS = re.compile(r"%s|%%")


def literal(db: Any, value: Any) -> str:
    """The SQL literal of a value as a driver would send it."""
    if value is None:
        return "NULL"
    spell = _SPELLINGS.get(type(value))
    return spell(value) if spell else _by_the_server(db, value)


def _number(value: float | decimal.Decimal) -> str:
    return str(value) if math.isfinite(value) else f"'{value}'"


_SPELLINGS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _number,
    decimal.Decimal: _number,
    str: string,
    bytes: lambda value: string("\\x" + value.hex()),
    uuid.UUID: lambda value: string(str(value)),
    dt.date: lambda value: string(value.isoformat()),
    dt.time: lambda value: string(value.isoformat()),
    dt.datetime: lambda value: string(value.isoformat()),
}


def _by_the_server(db: Any, value: Any) -> str:
    """Let the driver send it and the server spell it: JSON, arrays, ranges, intervals, enums."""
    return str(ask(db, "SELECT quote_nullable(%s::text)", value)[0][0])


def render(db: Any, node: Any) -> str:
    """A Peewee node as SQL text, its values as literals."""
    sql, params = db.get_sql_context().sql(node).query()
    values = [literal(db, value) for value in params]
    if not values:  # then a `%s` is part of a name
        return str(sql.replace("%%", "%"))
    left = iter(values)
    return _PLACEHOLDERS.sub(lambda found: next(left) if found[0] == "%s" else "%", sql)


def default_of(db: Any, field: Any, value: Any) -> str:
    """The DEFAULT phrase's expression for a field's value."""
    if not isinstance(value, Node):
        value = field.db_value(value)
    if isinstance(value, Node):
        return f"({render(db, value)})"
    return literal(db, value)
