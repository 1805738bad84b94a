"""A database read directly, past Peewee and past Wheatear."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

HISTORY = "wheatear_history"
JOURNAL = "wheatear_history_journal"


def connection(url: str) -> Any:
    """The driver's own connection, committing by itself."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite3.connect(unquote(parts.path[1:]), isolation_level=None, timeout=20)
    if parts.scheme == "postgresql":
        import psycopg

        return psycopg.connect(url, autocommit=True)
    import pymysql

    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=parts.path[1:],
        autocommit=True,
    )


def execute(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Send statements; return the rows of the last one."""
    rows: list[tuple[Any, ...]] = []
    with closing(connection(url)) as conn:
        for statement in statements:
            cursor = conn.cursor()
            cursor.execute(statement)
            rows = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
            cursor.close()
    return rows


def rows(url: str, table: str, order: str = "1") -> list[tuple[Any, ...]]:
    return execute(url, f"SELECT * FROM {table} ORDER BY {order}")


def exists(url: str) -> bool:
    """Whether there is a database at all: an SQLite file may not have been made."""
    parts = urlsplit(url)
    return parts.scheme != "sqlite" or Path(unquote(parts.path[1:])).exists()


def tables(url: str) -> list[str]:
    """The tables, without the history."""
    return (
        [name for name in all_tables(url) if name not in (HISTORY, JOURNAL)] if exists(url) else []
    )


def all_tables(url: str) -> list[str]:
    sql = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
        "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
    }[urlsplit(url).scheme]
    return sorted(row[0] for row in execute(url, sql))


def columns(url: str, table: str) -> dict[str, tuple[str, bool, Any]]:
    """Each column's type, whether it takes NULL, and its default, in the engine's own words."""
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        found = execute(url, f"PRAGMA table_info({table})")
        return {row[1]: (row[2], not row[3], row[4]) for row in found}
    kind, where = {
        "postgresql": ("data_type", "table_schema = current_schema()"),
        "mysql": ("column_type", "table_schema = DATABASE()"),
    }[scheme]
    found = execute(
        url,
        f"SELECT column_name, {kind}, is_nullable, column_default FROM information_schema.columns "
        f"WHERE {where} AND table_name = '{table}' ORDER BY ordinal_position",
    )
    return {row[0]: (_shown(row[1]), row[2] == "YES", row[3]) for row in found}


def _shown(type_: str) -> str:
    """Without the width of an integer, which MySQL does not show any more, and MariaDB does."""
    return re.sub(r"int\(\d+\)", "int", type_)


def indexes(url: str, table: str) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Each index's columns, and whether it is unique; without the primary key's."""
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return {
            row[1]: (
                tuple(part[2] for part in execute(url, f"PRAGMA index_info({row[1]})")),
                bool(row[2]),
            )
            for row in execute(url, f"PRAGMA index_list({table})")
            if row[3] != "pk"
        }
    sql = {
        "postgresql": "SELECT i.relname, a.attname, x.indisunique FROM pg_index x "
        "JOIN pg_class i ON i.oid = x.indexrelid "
        "CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k(attnum, place) "
        "JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum "
        f"WHERE x.indrelid = to_regclass('{table}') AND NOT x.indisprimary ORDER BY 1, k.place",
        "mysql": "SELECT index_name, column_name, NOT non_unique FROM information_schema.statistics "
        f"WHERE table_schema = DATABASE() AND table_name = '{table}' "
        "AND index_name <> 'PRIMARY' ORDER BY 1, seq_in_index",
    }[scheme]
    found: dict[str, tuple[tuple[str, ...], bool]] = {}
    for name, column, unique in execute(url, sql):
        found[name] = ((*found.get(name, ((), False))[0], column), bool(unique))
    return found


def dump(url: str) -> dict[str, Any]:
    """Everything that is in a database but the history: definitions and rows."""
    if not exists(url):
        return {}
    if urlsplit(url).scheme == "sqlite":
        with closing(connection(url)) as conn:
            return {"dump": [line for line in conn.iterdump() if HISTORY not in line]}
    return {
        table: (columns(url, table), indexes(url, table), sorted(map(repr, rows(url, table))))
        for table in tables(url)
    }


def history(url: str) -> list[tuple[str, str, str]]:
    """The log: name, direction and outcome of each record, oldest first."""
    if not exists(url) or HISTORY not in all_tables(url):
        return []
    return execute(url, f"SELECT name, direction, outcome FROM {HISTORY} ORDER BY id")


@contextmanager
def holding_the_lock(url: str) -> Iterator[Any]:
    """Hold what a runner holds while a migration runs; yields the cursor that holds it."""
    scheme = urlsplit(url).scheme
    with closing(connection(url)) as conn:
        cursor = conn.cursor()
        if scheme == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
        elif scheme == "postgresql":
            from wheatear.engines.postgresql.lock import key

            cursor.execute("SELECT pg_advisory_lock(%s, %s)", key("public"))
        else:
            from wheatear.engines.mysql.lock import lock_name

            cursor.execute("SELECT GET_LOCK(%s, 0)", (lock_name(urlsplit(url).path[1:]),))
        yield cursor
