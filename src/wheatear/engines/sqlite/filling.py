"""Fills a new column of the rows that are there, one call of its default for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .draft import Draft, RefusedError
from .grammar import parse
from .photograph import rows
from .rows_of import row_key
from .tokens import as_temporary, in_main, quote


def fill(draft: Draft, column: str, value: Callable[[], Any]) -> None:
    """Give each row its own value; no trigger takes it for an update by the application."""
    db = draft.db
    key = row_key(parse(draft.stored()))
    if not key:
        raise RefusedError(
            f"columns hide the rowid of table {draft.table}, and without a primary key its rows "
            "cannot be told apart"
        )
    found = " AND ".join(f"{part} = ?" for part in key)
    update = f"UPDATE {draft.from_table} SET {quote(column)} = ? WHERE {found}"
    with _triggers_away(draft):
        for row in rows(db, f"SELECT {', '.join(key)} FROM {draft.from_table}"):
            db.execute_sql(update, (value(), *row))


@contextmanager
def _triggers_away(draft: Draft) -> Iterator[None]:
    """Triggers of UPDATE are dropped and made again: SQLite has no other switch in SQL."""
    db = draft.db
    found = rows(
        db,
        "SELECT name, sql FROM main.sqlite_master "
        "WHERE type='trigger' AND lower(tbl_name) = lower(?) ORDER BY rowid",
        draft.table,
    )
    temporary = rows(
        db,
        "SELECT name, sql FROM temp.sqlite_master "
        "WHERE type='trigger' AND lower(tbl_name) = lower(?) ORDER BY rowid",
        draft.table,
    )
    for name, _ in found:
        db.execute_sql(f"DROP TRIGGER main.{quote(name)}")
    for name, _ in temporary:
        db.execute_sql(f"DROP TRIGGER temp.{quote(name)}")
    yield
    for _, sql in found:
        db.execute_sql(in_main(sql))
    for _, sql in temporary:
        db.execute_sql(as_temporary(sql))
