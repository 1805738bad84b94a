"""What SQLite itself reports, read without any of Wheatear's code: the judge of the operations."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

Execute = Callable[..., Any]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def snapshot(db: Any) -> dict[str, Any]:
    """Everything: each table's columns, indexes, keys and rows, each object's SQL, the marks."""

    def ask(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in db.execute_sql(sql, parameters).fetchall()]

    tables = {}
    objects = {}
    for kind, name, table, sql, root in ask(
        "SELECT type, name, tbl_name, sql, rootpage FROM main.sqlite_master"
    ):
        if kind == "table" and root and not name.startswith("sqlite_"):
            tables[name] = _table(ask, name, sql)
        elif sql is not None:
            objects[kind, name] = (table, sql)
    names = {name for kind, name in objects if kind == "table"}
    more = {
        name: sorted(ask(f"SELECT * FROM main.{name}"), key=repr)
        for name in ("sqlite_sequence", "sqlite_stat1", "sqlite_stat4")
        if name in names
    }
    temporary = ask("SELECT type, name, tbl_name, sql FROM temp.sqlite_master")
    return {"tables": tables, "objects": objects, "more": more, "temporary": temporary}


def _table(ask: Execute, name: str, sql: str) -> dict[str, Any]:
    columns = ask(
        "SELECT name, lower(type), \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?, 'main')",
        name,
    )
    return {
        "sql": sql,
        "columns": [[column[0], type_of(column[1]), *column[2:]] for column in columns],
        "indexes": sorted(_indexes(ask, name), key=repr),
        "keys": sorted(_keys(ask, name), key=repr),
        "options": _options(ask, name),
        "rows": rows_of(ask, name, [column[0] for column in columns]),
    }


def type_of(declared: str) -> str:
    """A comment behind the type belongs to it, for SQLite, if GENERATED ALWAYS follows."""
    return re.sub(r"\s+|/\*.*?\*/|--[^\n]*(\n|$)", " ", declared, flags=re.DOTALL).strip()


def rows_of(ask: Execute, name: str, columns: list[str]) -> list[Any]:
    """Each row as a mapping, its rowid with it, values as SQLite spells them."""
    words = [f"quote(t.{quoted(column)})" for column in columns]
    taken = {column.lower() for column in columns}
    rowid = next((word for word in ("rowid", "_rowid_", "oid") if word not in taken), None)
    try:
        found = ask(f"SELECT {rowid}, {', '.join(words)} FROM main.{quoted(name)} t")
    except Exception:
        found = ask(f"SELECT NULL, {', '.join(words)} FROM main.{quoted(name)} t")
    return sorted(
        ({"": row[0], **dict(zip(columns, row[1:], strict=True))} for row in found), key=repr
    )


def _indexes(ask: Execute, name: str) -> Iterator[Any]:
    for index, unique, origin, partial in ask(
        "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?, 'main')", name
    ):
        parts = ask(
            "SELECT name, \"desc\", lower(coll) FROM pragma_index_xinfo(?, 'main') WHERE key ORDER BY seqno",
            index,
        )
        own = "" if index.startswith("sqlite_autoindex") else index
        yield (own, unique, origin, partial, tuple(parts))


def _keys(ask: Execute, name: str) -> Iterator[Any]:
    found: dict[int, list[Any]] = {}
    for key in ask(
        'SELECT id, "table", "from", "to", on_update, on_delete, "match" '
        "FROM pragma_foreign_key_list(?, 'main') ORDER BY id, seq",
        name,
    ):
        found.setdefault(key[0], []).append(key[1:])
    yield from (tuple(parts) for parts in found.values())


def _options(ask: Execute, name: str) -> Any:
    return ask("SELECT wr, strict FROM pragma_table_list WHERE schema='main' AND name=?", name)


def changed(before: dict[str, Any], table: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A copy of a snapshot to write the expected change into, and the table in it."""
    expected = copy.deepcopy(before)
    return expected, expected["tables"][table]


def same(
    expected: dict[str, Any], actual: dict[str, Any], *, texts_of: tuple[str, ...] = ()
) -> None:
    """Assert that nothing but the expected change is there; `texts_of`: whose SQL may differ."""
    for name in set(expected["tables"]) | set(actual["tables"]):
        one, two = expected["tables"].get(name), actual["tables"].get(name)
        assert one is not None, f"new table {name}"
        assert two is not None, f"lost table {name}"
        for part in one:
            if part == "sql" and name in texts_of:
                continue
            assert one[part] == two[part], f"{name}: {part}"
    for part in ("objects", "more", "temporary"):
        assert expected[part] == actual[part], part
