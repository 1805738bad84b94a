"""SQLite's databases: a real file, opened as an application would, by each driver there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import peewee
import pytest


@pytest.fixture
def db(tmp_path: Path) -> Iterator[peewee.SqliteDatabase]:
    """A connected database in a file, foreign keys on."""
    database = peewee.SqliteDatabase(
        str(tmp_path / "game.db"), pragmas={"foreign_keys": 1, "synchronous": 0}
    )
    database.connect()
    yield database
    database.close()


@pytest.fixture
def script(db: peewee.SqliteDatabase) -> Callable[..., None]:
    """Runs statements one by one."""

    def run(*statements: str) -> None:
        for statement in statements:
            db.execute_sql(statement)

    return run


@pytest.fixture
def ask(db: peewee.SqliteDatabase) -> Callable[..., list[Any]]:
    """All rows of a query."""

    def rows(sql: str, *parameters: Any) -> list[Any]:
        return [tuple(row) for row in db.execute_sql(sql, parameters).fetchall()]

    return rows
