"""MySQL and MariaDB: a statement that was in flight is settled by what it touches, whatever the
migration has set before it, however its names are written, and whoever else has altered something.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from support import reading
from support.databases import only_mariadb
from support.projects import Ended, Project

NAME = "20260101_000000_m"
HEAD = """\
import os
import signal
from pathlib import Path

import pymysql.cursors
from migrations_config import db

MARK = Path(__file__).parent.parent / "killed"
send = pymysql.cursors.Cursor.execute


def execute(cursor, sql, args=None):
    if "/* here */" in sql and not sql.startswith("INSERT INTO `wheatear") and not MARK.exists():
        MARK.touch()
        if {after}:
            send(cursor, sql, args)
        os.kill(os.getpid(), signal.SIGKILL)
    return send(cursor, sql, args)


pymysql.cursors.Cursor.execute = execute


def migrate_forward():
    home = db.database
"""
TIMES = (
    "CREATE TABLE player (id INT PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00')"
)
SWAP = "RENAME COLUMN a TO b, RENAME COLUMN b TO a /* here */"


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    return new_project("mariadb")


@pytest.fixture
def other(project: Project) -> str:
    """A second database, which has a table `player` too."""
    name = f"{project.url.rsplit('/', 1)[1]}_2"
    reading.execute(
        project.url, f"CREATE DATABASE {name}", f"CREATE TABLE {name}.player (id INT PRIMARY KEY)"
    )
    yield name
    reading.execute(project.url, f"DROP DATABASE {name}")


def killed(project: Project, *statements: str, after: bool = False) -> None:
    """Run what holds `/* here */` in one of its statements, which kills it there."""
    lines = [f"    db.execute_sql({sql!r}.replace('HOME', home))\n" for sql in statements]
    text = HEAD.replace("{after}", str(after)) + "".join(lines)
    project.write(f"migrations/{NAME}.py", f"{text}\n\ndef migrate_backward():\n    pass\n")
    running = project.start("migrate")
    assert running.end().code == -signal.SIGKILL
    assert (project.root / "killed").exists()


def again(project: Project) -> Ended:
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    return ended


@pytest.mark.parametrize(
    "setting",
    [
        "SET SESSION sql_mode = 'ANSI_QUOTES'",
        "SET sql_quote_show_create = 0",
        "SET SESSION time_zone = '+05:00'",
        "SET NAMES latin1",
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_what_the_migration_has_set(project: Project, setting: str, *, after: bool) -> None:
    reading.execute(project.url, TIMES)
    killed(project, setting, "ALTER TABLE player ADD COLUMN z INT /* here */", after=after)
    again(project)
    assert list(reading.columns(project.url, "player")) == ["id", "at", "z"]
    assert project.run("status", "--check").code == 0


@pytest.mark.parametrize("after", [False, True])
def test_where_it_is_at_home(project: Project, other: str, *, after: bool) -> None:
    reading.execute(project.url, "CREATE TABLE player (id INT PRIMARY KEY, a INT)")
    killed(project, f"USE {other}", "ALTER TABLE player ADD COLUMN z INT /* here */", after=after)
    project.migration(
        "20260102_000000_next", "db.execute_sql('ALTER TABLE player ADD COLUMN b INT')"
    )
    again(project)
    assert list(reading.columns(project.url, "player")) == ["id", "a", "b"]
    rows = reading.execute(project.url, f"SHOW COLUMNS FROM {other}.player")
    assert [name for name, *_ in rows] == ["id", "z"]
    assert project.run("status", "--check").code == 0


def test_the_next_migration_begins_at_home(project: Project, other: str) -> None:
    reading.execute(project.url, "CREATE TABLE player (id INT PRIMARY KEY)")
    project.migration("20260101_000000_away", f"db.execute_sql('USE {other}')")
    project.migration(
        "20260102_000000_next", "db.execute_sql('ALTER TABLE player ADD COLUMN b INT')"
    )
    again(project)
    assert list(reading.columns(project.url, "player")) == ["id", "b"]


@pytest.mark.parametrize(
    "name", ["HOME.`player`", "HOME . player", "`HOME`. `player`", "HOME.player", "player"]
)
def test_how_its_name_is_written(project: Project, name: str) -> None:
    """Done twice, the swap would be undone, and nobody would see it."""
    reading.execute(project.url, "CREATE TABLE player (a INT, b VARCHAR(20))")
    killed(project, f"ALTER TABLE {name} {SWAP}", after=True)
    again(project)
    assert list(reading.columns(project.url, "player")) == ["b", "a"]


@pytest.mark.parametrize("after", [False, True])
def test_a_name_with_a_percent_sign(project: Project, *, after: bool) -> None:
    reading.execute(project.url, "CREATE TABLE `a%b` (a INT, b VARCHAR(20))")
    killed(project, f"ALTER TABLE `a%%b` {SWAP}", after=after)
    again(project)
    assert list(reading.columns(project.url, "a%b")) == ["b", "a"]


@pytest.mark.parametrize(
    "foreign", ["CREATE INDEX dba ON player (a)", "ALTER TABLE player ADD COLUMN w INT"]
)
@pytest.mark.parametrize("after", [False, True])
def test_what_somebody_else_has_altered_meanwhile(
    project: Project, foreign: str, *, after: bool
) -> None:
    reading.execute(project.url, "CREATE TABLE player (id INT PRIMARY KEY, a INT)")
    killed(project, "ALTER TABLE player ADD COLUMN z INT /* here */", after=after)
    reading.execute(project.url, foreign)
    again(project)
    assert "z" in reading.columns(project.url, "player")


def test_what_somebody_else_has_made_of_the_same_name(project: Project) -> None:
    reading.execute(project.url, "CREATE TABLE player (id INT PRIMARY KEY, a INT)")
    killed(project, "ALTER TABLE player ADD COLUMN z INT /* here */")
    reading.execute(project.url, "ALTER TABLE player ADD COLUMN z VARCHAR(20)")
    ended = project.run("migrate")
    assert ended.code == 1
    assert "`player` has been changed by somebody else meanwhile" in ended.err
    assert "--mark-applied" in ended.err


@only_mariadb
@pytest.mark.parametrize("after", [False, True])
def test_a_new_name_behind_words_of_its_own(project: Project, *, after: bool) -> None:
    reading.execute(project.url, "CREATE TABLE player (id INT PRIMARY KEY)")
    killed(project, "RENAME TABLE player WAIT 5 TO person /* here */", after=after)
    again(project)
    assert reading.tables(project.url) == ["person"]
