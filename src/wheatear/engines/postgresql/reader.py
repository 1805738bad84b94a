"""Reads a live PostgreSQL schema into the values of `schema/model.py`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from wheatear.engines.postgresql import catalogue, facts
from wheatear.engines.postgresql.spelling import quoted
from wheatear.errors import OperationError
from wheatear.schema.model import Object, Schema, Table


def read_schema(
    db: Any,
    schema: str | None = None,
    tables: Collection[str] | None = None,
    *,
    visible: str | None = None,
) -> Schema:
    """Read a schema; what is printed does not depend on the connection's search_path.

    Args:
        db: A Peewee PostgresqlDatabase.
        schema: The schema's name; None is the connection's current one.
        tables: Read only these tables and their triggers.
        visible: Another schema whose names are printed without it.

    Raises:
        OperationError: There is no such schema.

    Three catalogue queries, however large the schema is. Extensions' own objects are left out.
    """
    return schema_of(read_rows(db, schema, tables, visible=visible))


def read_rows(
    db: Any,
    schema: str | None = None,
    tables: Collection[str] | None = None,
    *,
    visible: str | None = None,
) -> list[tuple[str, int, str]]:
    """The catalogue query's rows that `read_schema` makes a schema of."""
    with db.atomic():
        namespace, home = _namespace(db, schema)
        if visible is not None:
            home += f", {quoted(visible)}"
        query = catalogue.of_schema(namespace, named=tables is not None)
        params = () if tables is None else (list(tables),)
        with _search_path(db, home):
            rows: list[tuple[str, int, str]] = db.execute_sql(query, params).fetchall()
    return rows


def schema_of(rows: Iterable[tuple[str, int, str]]) -> Schema:
    """The value that a catalogue query's rows describe."""
    found = rows_by_relation(rows)
    tables: list[Table] = []
    objects: list[Object] = []
    for pieces in found.values():
        if pieces["table"]:
            tables.append(facts.table(pieces))
            objects += [facts.trigger(row, tables[-1].name) for row in pieces["trigger"]]
        objects += [make(row) for kind, make in facts.OBJECTS.items() for row in pieces[kind]]
    return Schema(
        tuple(sorted(tables, key=lambda table: table.name)),
        tuple(sorted(objects, key=lambda thing: (thing.name, thing.kind, thing.table or ""))),
    )


def rows_by_relation(rows: Iterable[tuple[str, int, str]]) -> dict[int, facts.Pieces]:
    """A catalogue query's rows, by relation and kind."""
    found: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for kind, relation, row in rows:
        found[relation][kind].append(json.loads(row))
    return dict(found)


def _namespace(db: Any, schema: str | None) -> tuple[int, str]:
    row = db.execute_sql(
        "SELECT n.oid, CASE WHEN n.oid = pg_my_temp_schema() THEN 'pg_temp' "
        "ELSE quote_ident(n.nspname) || ', pg_temp' END FROM pg_namespace n "
        "WHERE n.oid = CASE WHEN %s::text = 'pg_temp' THEN pg_my_temp_schema() ELSE "
        "(SELECT h.oid FROM pg_namespace h WHERE h.nspname = COALESCE(%s::text, current_schema()))"
        " END",
        (schema, schema),
    ).fetchone()
    if row is None:
        what = f'There is no schema "{schema}".' if schema else "The search_path names no schema."
        raise OperationError(what)
    return int(row[0]), str(row[1])


@contextmanager
def _search_path(db: Any, path: str) -> Iterator[None]:
    (before, _) = db.execute_sql(
        "SELECT current_setting('search_path'), set_config('search_path', %s, true)", (path,)
    ).fetchone()
    yield
    db.execute_sql("SELECT set_config('search_path', %s, true)", (before,))
