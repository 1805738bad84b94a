"""`atomic = False`: no transaction around the migration, and still one runner, and a record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support import reading
from support.projects import Project

CONCURRENTLY = """\
from playhouse.migrate import *
from migrations_config import db, migrator

atomic = False


def migrate_forward():
    migrate(
        migrator.add_index('player', ('name',), unique=True, concurrently=True),
        migrator.add_not_null('player', 'name'),
    )


def migrate_backward():
    migrate(
        migrator.drop_index('player', 'player_name', concurrently=True),
        migrator.drop_not_null('player', 'name'),
    )
"""
STEPS = """\
from playhouse.migrate import *
from migrations_config import db, migrator

atomic = False


def migrate_forward():
    db.execute_sql('CREATE TABLE a (x INTEGER)')
    assert not db.in_transaction()
    {end}


def migrate_backward():
    db.execute_sql('DROP TABLE a')
"""


@pytest.mark.parametrize("psycopg3", [True, False], ids=["psycopg3", "psycopg2"])
def test_concurrently_there_and_back(psycopg3: bool, new_project: Callable[..., Project]) -> None:
    config = (
        "from peewee import PostgresqlDatabase\n"
        "from playhouse.db_url import parse\n"
        "import os\n"
        "from wheatear import migrator_for\n"
        "options = parse(os.environ['DATABASE_URL'])\n"
        f"db = PostgresqlDatabase(options.pop('database'), prefer_psycopg3={psycopg3}, **options)\n"
        "migrator = migrator_for(db)\n"
    )
    project = new_project("postgresql", config=config)
    reading.execute(
        project.url,
        "CREATE TABLE player (id INTEGER PRIMARY KEY, name TEXT)",
        "INSERT INTO player VALUES (1, 'ann')",
    )
    project.write("migrations/20260101_000000_index_name.py", CONCURRENTLY)
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert reading.indexes(project.url, "player")["player_name"] == (("name",), True)
    assert reading.columns(project.url, "player")["name"][1] is False
    ended = project.run("migrate", "--backward")
    assert ended.code == 0, ended.err
    assert "player_name" not in reading.indexes(project.url, "player")


def test_it_has_no_transaction_around_it(project: Project) -> None:
    project.write("migrations/20260101_000000_a.py", STEPS.format(end="pass"))
    assert project.run("migrate").code == 0
    assert reading.tables(project.url) == ["a"]
    assert project.run("migrate", "--backward").code == 0
    assert reading.tables(project.url) == []


def test_what_it_did_before_it_failed_stays_and_is_told(project: Project, engine: str) -> None:
    project.write("migrations/20260101_000000_a.py", STEPS.format(end="raise ValueError('no')"))
    ended = project.run("migrate")
    assert ended.code == 1
    assert "this one stays:\n         CREATE TABLE a (x INTEGER)\n" in ended.err
    assert reading.tables(project.url) == ["a"]
    assert "interrupted" in project.run("status").out
    again = project.run("migrate")
    assert again.code == 1
    assert "20260101_000000_a failed: ValueError: no\n" in again.err
    assert project.run("migrate", "--mark-applied").code == 0
    assert project.run("status", "--check").code == 0


def test_what_it_rolled_back_itself_is_not_told(project: Project, engine: str) -> None:
    """A schema change in `db.atomic()` is undone with it, where it does not commit by itself."""
    end = "with db.atomic():\n        db.execute_sql('CREATE TABLE b (x INTEGER)')\n        1 / 0"
    project.write("migrations/20260101_000000_a.py", STEPS.format(end=end))
    ended = project.run("migrate")
    assert ended.code == 1
    stays = ["a", "b"] if engine == "mariadb" else ["a"]
    lines = "".join(f"         CREATE TABLE {name} (x INTEGER)\n" for name in stays)
    assert f"stay{'' if engine == 'mariadb' else 's'}:\n{lines}  next:" in ended.err
    assert reading.tables(project.url) == stays
