"""Rows of other tables are never deleted or changed, whatever the operation and the transaction."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee
import pytest
from playhouse.migrate import migrate

from wheatear.engines.sqlite.migrator import SqliteMigrator
from wheatear.errors import OperationError

OPERATIONS: dict[str, Callable[[SqliteMigrator], Any]] = {
    "add_column": lambda m: m.add_column("parent", "x", peewee.IntegerField(default=0)),
    "add_column callable": lambda m: m.add_column(
        "parent", "x", peewee.TextField(default=lambda: "y")
    ),
    "add_column unique": lambda m: m.add_column(
        "parent", "x", peewee.TextField(null=True, constraints=[peewee.SQL("UNIQUE")])
    ),
    "drop_column": lambda m: m.drop_column("parent", "name"),
    "drop_column with key": lambda m: m.drop_column("parent", "code"),
    "drop_column cascade": lambda m: m.drop_column("parent", "code", cascade=True),
    "rename_column": lambda m: m.rename_column("parent", "id", "key"),
    "add_not_null": lambda m: m.add_not_null("parent", "name"),
    "drop_not_null": lambda m: m.drop_not_null("parent", "code"),
    "add_column_default": lambda m: m.add_column_default("parent", "name", "x"),
    "drop_column_default": lambda m: m.drop_column_default("parent", "later"),
    "alter_column_type": lambda m: m.alter_column_type(
        "parent", "name", peewee.IntegerField(null=True)
    ),
    "add_unique": lambda m: m.add_unique("parent", "name"),
    "add_constraint": lambda m: m.add_constraint("parent", "c", peewee.Check("name <> ''")),
    "rename_table": lambda m: m.rename_table("parent", "mother"),
    "drop_table": lambda m: m.drop_table("parent"),
    "add_index": lambda m: m.add_index("parent", ("name",)),
}


def bare(db: Any, migrator: SqliteMigrator) -> Any:
    return contextlib.nullcontext()


def atomic(db: Any, migrator: SqliteMigrator) -> Any:
    return db.atomic()


def context(db: Any, migrator: SqliteMigrator) -> Any:
    return migrator.migration_context()


def context_in_atomic(db: Any, migrator: SqliteMigrator) -> Any:
    stack = contextlib.ExitStack()
    stack.enter_context(db.atomic())
    stack.enter_context(migrator.migration_context())
    return stack


@contextlib.contextmanager
def begun_in_sql(db: Any, migrator: SqliteMigrator) -> Any:
    """A transaction that Peewee does not know of."""
    db.execute_sql("BEGIN")
    try:
        yield
    finally:
        db.execute_sql("COMMIT")


WAYS = (bare, atomic, context, context_in_atomic, begun_in_sql)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_row_is_lost(operation: str, way: Any, tmp_path: Path) -> None:
    db = peewee.SqliteDatabase(
        str(tmp_path / "x.db"), pragmas={"foreign_keys": 1, "synchronous": 0}
    )
    db.connect()
    for statement in (
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT, code TEXT NOT NULL UNIQUE, self INT REFERENCES parent(id) ON DELETE CASCADE)",
        "INSERT INTO parent VALUES (1, '1', 'a', NULL), (2, '2', 'b', 1)",
        "ALTER TABLE parent ADD COLUMN later INT DEFAULT 5",
        "CREATE TABLE cascades (id INTEGER PRIMARY KEY, p INT REFERENCES parent(id) ON DELETE CASCADE ON UPDATE CASCADE)",
        "CREATE TABLE nulls (id INTEGER PRIMARY KEY, p TEXT DEFAULT 'a' REFERENCES parent(code) ON DELETE SET NULL)",
        "INSERT INTO cascades VALUES (1, 1), (2, 2)",
        "INSERT INTO nulls VALUES (1, 'a'), (2, 'b')",
    ):
        db.execute_sql(statement)
    migrator = SqliteMigrator(db)
    refused = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with way(db, migrator):
            try:
                migrate(OPERATIONS[operation](migrator))
            except OperationError as error:
                refused = error
    assert db.execute_sql("SELECT * FROM cascades").fetchall() == [(1, 1), (2, 2)]
    assert db.execute_sql("SELECT * FROM nulls").fetchall() == [(1, "a"), (2, "b")]
    assert db.pragma("foreign_keys") == 1
    if operation != "drop_table" or refused:
        name = "mother" if operation == "rename_table" else "parent"
        assert db.execute_sql(f"SELECT count(*) FROM {name}").fetchone() == (2,)
        assert not db.execute_sql("PRAGMA foreign_key_check").fetchall()
    if refused and way is not bare and "copied" in str(refused):
        assert "migration_context()" in str(refused)
    if way in {bare, context} and operation not in {"drop_column with key", "drop_table"}:
        assert refused is None
    db.close()
