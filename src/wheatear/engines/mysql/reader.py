"""Read the schema of the connection's database, by eight queries however many tables it has; on
MySQL one more for each table with a default that these do not tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import peewee

from wheatear.schema.model import Object, Schema

from .catalogue import Row, read_rows, read_views_and_triggers
from .objects import trigger, view
from .table_rows import TableRows, table_of


def read_schema(db: peewee.Database, tables: Collection[str] | None = None) -> Schema:
    """Read what the current database holds.

    Every unique key is an `Index(unique=True)`: the server does not tell a UNIQUE constraint from a
    unique index, and an index says its lengths and directions. Names of this database are left
    out of views and triggers, definers too, so that a copy under another name reads the same.
    Not read: procedures, functions, events, partitions, privileges.

    Args:
        db: A Peewee database that speaks to MySQL or MariaDB.
        tables: The tables to read, and their triggers; None reads all there is.
    """
    rows = read_rows(db, tables)
    found = []
    objects: list[Object] = []
    by_table = {name: _by_table(part) for name, part in rows.parts.items()}
    for row in rows.tables:
        name, kind = row["table_name"], row["table_type"]
        if kind == "SEQUENCE":
            objects.append(sequence(name))
        elif kind != "VIEW":
            parts = {part: by_table[part][name] for part in by_table}
            found.append(table_of(TableRows(row, **parts), rows.schema, mariadb=rows.mariadb))
    objects += [view(row, rows.schema) for row in rows.views]
    objects += _triggers(rows.triggers, rows.schema)
    return Schema(
        tuple(sorted(found, key=lambda table: table.name)),
        tuple(sorted(objects, key=lambda one: (one.kind, one.name))),
    )


def read_objects(db: peewee.Database) -> list[Object]:
    """Read the views and triggers of the current database, and nothing else."""
    rows = read_views_and_triggers(db)
    return [*(view(row, rows.schema) for row in rows.views), *_triggers(rows.triggers, rows.schema)]


def sequence(name: str) -> Object:
    """A sequence, by its name alone."""
    return Object("sequence", name, f"CREATE SEQUENCE `{name}`")


def _by_table(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["table_name"]].append(row)
    return found


def _triggers(rows: Iterable[Row], schema: str) -> list[Object]:
    found: list[Object] = []
    before: dict[tuple[Any, ...], str] = {}
    for row in rows:
        moment = (row["event_object_table"], row["action_timing"], row["event_manipulation"])
        found.append(trigger(row, schema, follows=before.get(moment)))
        before[moment] = row["trigger_name"]
    return found
