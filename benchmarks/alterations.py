"""Five alterations of one SQLite table of 1,000,000 rows with three indexes.

Where rows must be copied: at most 1.15 times the best single rebuild by hand. Where they need not:
at least 100 times faster than playhouse.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peewee import CharField, SqliteDatabase, TextField
from playhouse.migrate import SchemaMigrator

from benchmarks.timing import compare, seconds_of, show
from wheatear import migrator_for

ROWS = 1_000_000
_COLUMNS = (
    "id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, town TEXT, gold INTEGER, level INTEGER, "
    "health INTEGER, note TEXT, mood TEXT"
)
_INDEXES = (
    "CREATE INDEX player_name ON player (name)",
    "CREATE INDEX player_town ON player (town, level)",
    "CREATE INDEX player_gold ON player (gold)",
)


def make(path: Path) -> None:
    """The table, about 165 MiB of it with its indexes."""
    db = sqlite3.connect(path)
    db.execute(f"CREATE TABLE player ({_COLUMNS})")
    db.executemany(
        "INSERT INTO player VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (n, f"player {n}", f"town {n % 5000}", n % 1000, n % 60, n % 100, "x" * 40, "happy")
            for n in range(ROWS)
        ),
    )
    for sql in _INDEXES:
        db.execute(sql)
    db.commit()
    db.close()


def no_copy(migrator: Any) -> list[Any]:
    """Five that leave the stored rows as they are."""
    return [
        migrator.add_not_null("player", "town"),
        migrator.add_not_null("player", "gold"),
        migrator.add_not_null("player", "level"),
        migrator.add_not_null("player", "health"),
        migrator.alter_column_type("player", "name", TextField()),
    ]


def copy(migrator: Any) -> list[Any]:
    """Five of which some change the stored rows."""
    return [
        migrator.add_not_null("player", "town"),
        migrator.alter_column_type("player", "gold", CharField(max_length=20)),
        migrator.alter_column_type("player", "level", CharField(max_length=20)),
        migrator.add_not_null("player", "health"),
        migrator.alter_column_type("player", "health", CharField(max_length=20)),
    ]


def best_by_hand(db: Any) -> None:
    """The same by somebody who knows two settings: sorts in threads, and freed pages not zeroed.

    https://www.sqlite.org/pragma.html#pragma_threads, #pragma_secure_delete
    """
    db.execute_sql("PRAGMA threads = 2")
    db.execute_sql("PRAGMA secure_delete = OFF")
    by_hand(db)


def by_hand(db: Any) -> None:
    """One rebuild: one copy, the indexes after it."""
    db.execute_sql("BEGIN IMMEDIATE")
    db.execute_sql(
        "CREATE TABLE new_player (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, "
        "town TEXT NOT NULL, gold VARCHAR(20), level VARCHAR(20), health VARCHAR(20) NOT NULL, "
        "note TEXT, mood TEXT)"
    )
    db.execute_sql("INSERT INTO new_player SELECT * FROM player")
    db.execute_sql("DROP TABLE player")
    db.execute_sql("ALTER TABLE new_player RENAME TO player")
    for sql in _INDEXES:
        db.execute_sql(sql)
    db.execute_sql("COMMIT")


def main() -> None:
    """Compare both kinds."""
    with tempfile.TemporaryDirectory() as name:
        original, path = Path(name) / "original.db", Path(name) / "player.db"
        make(original)

        def on_a_copy(action: Callable[[Any], object]) -> float:
            shutil.copyfile(original, path)
            db = SqliteDatabase(str(path))
            db.connect()
            db.execute_sql("SELECT count(*) FROM player").fetchall()  # read once, as all are
            seconds = seconds_of(lambda: action(db))
            db.close()
            return seconds

        def ours(operations: Callable[[Any], list[Any]]) -> Callable[[Any], None]:
            return lambda db: migrator_for(db).migrate(*operations(migrator_for(db)))

        def theirs(operations: Callable[[Any], list[Any]]) -> Callable[[Any], None]:
            def run(db: Any) -> None:
                migrator = SchemaMigrator.from_database(db)
                with migrator.migration_context():
                    migrator.migrate(*operations(migrator))

            return run

        rows = compare(
            {
                "the best rebuild by hand": lambda: on_a_copy(best_by_hand),
                "one rebuild by hand": lambda: on_a_copy(by_hand),
                "wheatear": lambda: on_a_copy(ours(copy)),
            },
            5,
        )
        show(f"Five alterations that copy, {ROWS:,} rows, SQLite", rows, "1.15 x by hand")
        rows = compare(
            {
                "wheatear": lambda: on_a_copy(ours(no_copy)),
                "playhouse": lambda: on_a_copy(theirs(no_copy)),
            },
            2,
        )
        show(f"Five that need not, {ROWS:,} rows, SQLite", rows, "playhouse 100 x or more")
