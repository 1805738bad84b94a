"""Expressions printed once more: PostgreSQL prints what it has printed before in other words.

`kind IN ('a', 'b')` on a varchar is printed with a cast around the array; that text, executed again
as a restored dump does, with a cast around each element; and so it stays. So whatever differs
between two schemas is executed as it is printed, on both sides, and read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import peewee

from wheatear.engines.models import Statement
from wheatear.engines.postgresql.reader import read_schema
from wheatear.engines.postgresql.scratch import scratch
from wheatear.engines.postgresql.spelling import quoted
from wheatear.errors import OperationError
from wheatear.schema.content import constraint_content, index_content, unmatched
from wheatear.schema.model import Constraint, Index, Schema, Table


def settled(db: Any, home: str, before: Schema, after: Schema) -> tuple[Schema, Schema]:
    """Both schemas, with the expressions of tables that differ in some as they end up."""
    differing = [
        (table, other)
        for table in before.tables
        if (other := after.table(table.name)) is not None and _differ(table, other)
    ]
    tables = [table for pair in differing for table in pair]
    printed = _printed_again(db, home, tables) if tables else []
    if not printed:
        return before, after
    return _with(before, printed[::2]), _with(after, printed[1::2])


def _differ(table: Table, other: Table) -> bool:
    """Whether an expression stands against one that may be the same in other words."""
    gone, new = unmatched(table.constraints, other.constraints, constraint_content)
    if {one.kind for one in gone} & {one.kind for one in new} & {"check", "exclude"}:
        return True
    old, added = unmatched(table.indexes, other.indexes, index_content)
    return any(map(_has_expression, old)) and any(map(_has_expression, added))


def _has_expression(index: Index) -> bool:
    return index.where is not None or any("(" in part for part in index.parts)


def _printed_again(db: Any, home: str, tables: list[Table]) -> list[Table]:
    """The tables as they are printed after one more execution; none if that is not possible."""
    with suppress(peewee.PeeweeException, OperationError), scratch(db, home) as namespace:
        for number, table in enumerate(tables):
            for sql, params in _statements(f"settling_{number}", table):
                db.execute_sql(sql, params)
        found = read_schema(db, namespace, visible=home)
        return [_as_printed(table, found, number) for number, table in enumerate(tables)]
    return []


def _statements(name: str, table: Table) -> Iterator[Statement]:
    """A table with the same columns and nothing but the expressions."""
    columns = ", ".join(
        f"{quoted(column.name)} {column.type}"
        + (f" COLLATE {column.collation}" if column.collation else "")
        for column in table.columns
    )
    yield _verbatim(f"CREATE TABLE {quoted(name)} ({columns})")
    for number, one in enumerate(table.constraints):
        if one.kind == "check":
            called = quoted(f"c{number}")
            yield _verbatim(f"ALTER TABLE {quoted(name)} ADD CONSTRAINT {called} CHECK ({one.sql})")
    for number, index in enumerate(table.indexes):
        if _has_expression(index):
            using = f" USING {quoted(index.using)}" if index.using else ""
            where = f" WHERE {index.where}" if index.where else ""
            yield _verbatim(
                f"CREATE INDEX {quoted(f'{name}_i{number}')} ON {quoted(name)}{using} "
                f"({', '.join(index.parts)}){where}"
            )


def _verbatim(sql: str) -> Statement:
    """Without parameters: the drivers take a `%` for one only where there are some."""
    return sql.replace("%", "%%"), ()


def _as_printed(table: Table, found: Schema, number: int) -> Table:
    printed = found.table(f"settling_{number}")
    assert printed is not None  # noqa: S101 - it was made
    checks = {one.name: one for one in printed.constraints}
    indexes = {index.name: index for index in printed.indexes}
    return replace(
        table,
        constraints=tuple(
            _check(one, checks.get(f"c{at}")) for at, one in enumerate(table.constraints)
        ),
        indexes=tuple(
            _index(index, indexes.get(f"settling_{number}_i{at}"))
            for at, index in enumerate(table.indexes)
        ),
    )


def _check(one: Constraint, printed: Constraint | None) -> Constraint:
    """A check says no columns but where the server found them: those stay."""
    return one if printed is None else replace(one, sql=printed.sql)


def _index(index: Index, printed: Index | None) -> Index:
    if printed is None:
        return index
    return replace(index, parts=printed.parts, where=printed.where)


def _with(schema: Schema, tables: list[Table]) -> Schema:
    by_name = {table.name: table for table in tables}
    return replace(schema, tables=tuple(by_name.get(table.name, table) for table in schema.tables))
