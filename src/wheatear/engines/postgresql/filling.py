"""Gives each row of a new column a value of its own, in batches of neighbouring pages.

By pages (a TID range scan) every table can be read once, whatever its key is, and partitions one
by one: https://www.postgresql.org/docs/current/ddl-system-columns.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peewee import Node

from wheatear.engines.postgresql import field_ddl
from wheatear.engines.postgresql.send import ask
from wheatear.engines.postgresql.spelling import quoted

_PAGES = 8  # at most 8 * 226 rows: far fewer values than the 65,535 that one statement may have


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


def batches(db: Any, leaf: str) -> Iterator[tuple[int, int]]:
    """Ranges of pages, first and after the last; a page more, for rows that come meanwhile."""
    ((pages,),) = ask(
        db,
        "SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::int",
        leaf,
    )
    for first in range(0, pages + 1, _PAGES):
        yield first, first + _PAGES


def fill(
    db: Any, leaf: str, column: str, field: Any, pages: tuple[int, int], *, others: bool
) -> None:
    """Fill the rows of these pages that have no value, with one call of the default for each.

    `others`: other connections may write to the table, so its rows have to be held.
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
        return
    type_ = _doubled(field_ddl.type_of(db, field))
    values, params = [], []
    for (at,) in rows:
        value = field.default()
        sql, given = _value(db, field, value)
        values.append(f"(%s::tid, {sql}::{type_})")
        params += [at, *given]
    db.execute_sql(
        f"UPDATE ONLY {_doubled(leaf)} AS t SET {_doubled(quoted(column))} = v.value "
        f"FROM (VALUES {', '.join(values)}) AS v (at, value) WHERE t.ctid = v.at",
        params,
    )


def _value(db: Any, field: Any, value: Any) -> tuple[str, list[Any]]:
    if not isinstance(value, Node):
        value = field.db_value(value)
    if isinstance(value, Node):
        sql, params = db.get_sql_context().sql(value).query()
        return f"({sql})", list(params)
    return "%s", [value]


def _doubled(text: str) -> str:
    return text.replace("%", "%%")
