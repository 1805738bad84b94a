"""The repository's own history of migrations, on every engine, by the command a reader types."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.databases import DatabaseUnderTest

ROOT = Path(__file__).parent.parent.parent
NAMES = sorted(path.stem for path in (ROOT / "migrations").glob("2026*.py"))


def run(database: DatabaseUnderTest, *words: str) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage_migrations.py"), *words],
        env={**os.environ, "DATABASE_URL": database.url},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done


def lines(done: subprocess.CompletedProcess) -> list[str]:
    return [line.split("  ")[1] for line in done.stdout.splitlines()]


def tables(database: DatabaseUnderTest) -> list[str]:
    db = database.connect()
    with db.connection_context():
        return sorted(name for name in db.get_tables() if name != "wheatear_history_journal")


WORLD = ["holding", "item", "location", "message", "player", "wheatear_history"]


def test_it_goes_forward_back_to_nothing_and_forward_again(database: DatabaseUnderTest) -> None:
    assert lines(run(database, "migrate")) == [f"applied {name}" for name in NAMES]
    assert tables(database) == WORLD
    run(database, "status", "--check")
    reverted = [f"reverted {name}" for name in reversed(NAMES)]
    assert lines(run(database, "migrate", "--backward", "--to", "zero")) == reverted
    assert tables(database) == ["wheatear_history"]
    assert lines(run(database, "migrate")) == [f"applied {name}" for name in NAMES]
    assert tables(database) == WORLD


def test_it_goes_back_to_nothing_with_people_in_the_world(database: DatabaseUnderTest) -> None:
    run(database, "migrate")
    db = database.connect()
    with db.connection_context():
        for name in ("Ada", "Bo"):
            db.execute_sql(
                "INSERT INTO player (nickname, experience, location_id) "
                f"SELECT '{name}', 7, id FROM location WHERE name = 'Heath'"
            )
        db.execute_sql(
            "INSERT INTO holding (player_id, item_id) SELECT p.id, i.id FROM player p, item i "
            "WHERE p.nickname = 'Ada' AND i.name = 'rope'"
        )
        db.execute_sql(
            "INSERT INTO message (sender_id, recipient_id, body, sent_at) "
            "SELECT a.id, b.id, 'Hello', '2026-06-01 12:00:00' FROM player a, player b "
            "WHERE a.nickname = 'Ada' AND b.nickname = 'Bo'"
        )
    run(database, "migrate", "--backward", "--to", NAMES[0])
    with db.connection_context():
        rows = db.execute_sql("SELECT name, location_id FROM player ORDER BY name").fetchall()
    assert list(rows) == [("Ada", None), ("Bo", None)]
    run(database, "migrate", "--backward")
    assert tables(database) == ["wheatear_history"]


@pytest.mark.parametrize(
    "operation",
    [
        "create_tables(", "drop_tables(", "add_column(", "drop_column(", "rename_column(",
        "add_index(", "drop_index(", "unique=True", "insert_many(",
    ],
)  # fmt: skip
def test_it_uses_every_operation_of_the_guide(operation: str) -> None:
    texts = [(ROOT / "migrations" / f"{name}.py").read_text() for name in NAMES]
    assert any(operation in text for text in texts)
