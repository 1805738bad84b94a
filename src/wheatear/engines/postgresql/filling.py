"""Gives each row of a new column a value of its own, in batches of neighbouring pages.

By pages (a TID range scan) every table can be read once, whatever its key is, and partitions one
by one: https://www.postgresql.org/docs/current/ddl-system-columns.html
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Iterator
from typing import Any

from peewee import Node

from wheatear.engines.called import called
from wheatear.engines.postgresql import field_ddl
from wheatear.engines.postgresql.send import ask
from wheatear.engines.postgresql.spelling import quoted

_PAGES = 16  # at most 16 * 226 rows: far fewer values than the 65,535 a statement may have


def leaves(db: Any, oid: int) -> list[str]:
    """The tables that hold the rows: it, its partitions, what inherits from it."""
    rows = ask(
        db,
        "WITH RECURSIVE tree (oid) AS (SELECT %s::oid UNION "
        "SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid) "
        "SELECT n.nspname, c.relname FROM tree JOIN pg_class c USING (oid) "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' ORDER BY c.oid",
        oid,
    )
    return [quoted(schema, name) for schema, name in rows]


def batches(db: Any, leaf: str, *, again: bool = False) -> Iterator[tuple[int, int]]:
    """Ranges of pages, first and after the last; larger ones where few rows are left to fill."""
    ((pages,),) = ask(
        db,
        "SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::int",
        leaf,
    )
    step = _PAGES * 4 if again else _PAGES
    for first in range(0, pages + 1, step):
        yield first, first + step


def fill(
    db: Any, leaf: str, column: str, field: Any, pages: tuple[int, int], *, others: bool
) -> int:
    """Fill the rows of these pages that have no value, with one call of the default for each.

    `others`: other connections may write to the table, so its rows have to be held.
    Returns how many rows there were.
    """
    first, end = pages
    hold = " FOR NO KEY UPDATE" if others else ""
    rows = ask(
        db,
        f"SELECT ctid::text FROM ONLY {_doubled(leaf)} WHERE ctid >= %s::tid AND ctid < %s::tid "
        f"AND {_doubled(quoted(column))} IS NULL{hold}",
        f"({first},0)",
        f"({end},0)",
    )
    if not rows:
        return 0
    places = [at for (at,) in rows]
    values = [_made(field) for _ in rows]
    source, params = _source(db, field, places, values)
    db.execute_sql(
        f"UPDATE ONLY {_doubled(leaf)} AS t SET {_doubled(quoted(column))} = v.value "
        f"FROM {source} AS v (at, value) WHERE t.ctid = v.at",
        params,
    )
    return len(rows)


def _made(field: Any) -> Any:
    value = called(field.default)
    return value if isinstance(value, Node) else field.db_value(value)


def _source(db: Any, field: Any, places: list[str], values: list[Any]) -> tuple[str, list[Any]]:
    """The rows (place, value): as two arrays, which is fast, where one array can hold them."""
    type_ = _doubled(field_ddl.type_of(db, field))
    kinds = {type(value) for value in values}
    if len(kinds) == 1 and kinds <= _FIT_AN_ARRAY:
        return f"unnest(%s::text[]::tid[], %s::{type_}[])", [places, values]
    rows, params = [], []
    for place, value in zip(places, values, strict=True):
        sql, given = _value(db, value)
        rows.append(f"(%s::tid, {sql}::{type_})")
        params += [place, *given]
    return f"(VALUES {', '.join(rows)})", params


_FIT_AN_ARRAY = {bool, int, float, decimal.Decimal, str, dt.date, dt.time, dt.datetime, uuid.UUID}


def _value(db: Any, value: Any) -> tuple[str, list[Any]]:
    if isinstance(value, Node):
        sql, params = db.get_sql_context().sql(value).query()
        return f"({sql})", list(params)
    return "%s", [value]


def _doubled(text: str) -> str:
    return text.replace("%", "%%")
