"""NULLs are found wherever an index answers for some of the columns and the rows for the others."""

from __future__ import annotations

from typing import Any

import peewee
import pytest

from wheatear import migrator_for
from wheatear.errors import OperationError

ROWS: dict[str, list[tuple[Any, ...]]] = {
    "a": [(None, 1, 1, 1)],
    "b": [(1, None, 1, 1)],
    "c": [(1, 1, None, 1)],
    "d": [(1, 1, 1, 1), (1, 1, 1, None)],
}


def _player(rows: list[tuple[Any, ...]]) -> peewee.SqliteDatabase:
    db = peewee.SqliteDatabase(":memory:")
    db.connect()
    db.execute_sql("CREATE TABLE player (id INTEGER PRIMARY KEY, a, b, c, d)")
    db.execute_sql("CREATE INDEX player_a ON player (a)")
    db.execute_sql("CREATE INDEX some_b ON player (b) WHERE b > 1")  # knows no NULL
    for row in rows:
        db.execute_sql("INSERT INTO player (a, b, c, d) VALUES (?, ?, ?, ?)", row)
    return db


@pytest.mark.parametrize("column", ROWS)
def test_null_is_found_in_any_column(column: str) -> None:
    db = _player(ROWS[column])
    migrator = migrator_for(db)
    with pytest.raises(OperationError, match=f"rows have NULL in column {column}: "):
        migrator.migrate(*(migrator.add_not_null("player", name) for name in ROWS))
    db.close()


def test_without_null_all_are_set() -> None:
    db = _player([(1, 1, 1, 1)])
    migrator = migrator_for(db)
    migrator.migrate(*(migrator.add_not_null("player", name) for name in ROWS))
    assert [column.null for column in db.get_columns("player")][1:] == [False] * 4
    db.close()
