"""What a migration touched is known, or known not to be, however its statements say it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support import reading
from support.databases import only_mariadb
from support.projects import Project
from support.undone import without_backward

MADE = "CREATE TABLE team (id INT PRIMARY KEY, a INT)"


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    made = new_project("mariadb")
    reading.execute(made.url, MADE, "INSERT INTO team VALUES (1, 2)")
    return made


def write(project: Project, *statements: str) -> None:
    """A migration for each statement, none with a migrate_backward()."""
    for number, sql in enumerate(statements, 1):
        without_backward(project, f"2026010{number}_000000_m", f"db.execute_sql({sql!r})")


RENAMED = [
    "ALTER TABLE team RENAME = club",
    "ALTER TABLE team RENAME club",
    "RENAME TABLE team TO {home}.`club`",
    pytest.param(
        "RENAME TABLE team NOWAIT TO club",
        marks=only_mariadb,
    ),
]


@pytest.mark.parametrize("renames", RENAMED)
def test_a_table_under_another_name_is_not_made_anew(project: Project, renames: str) -> None:
    home = project.url.rsplit("/", 1)[1]
    write(project, renames.format(home=home), "ALTER TABLE club ADD COLUMN b INT")
    assert project.run("migrate").code == 0
    assert project.run("migrate", "--backward", "--yes").code == 0
    assert reading.rows(project.url, "club") == [(1, 2)]
    assert project.run("migrate", "--backward", "--yes").code == 0
    assert reading.rows(project.url, "team") == [(1, 2)]


def test_of_what_is_not_understood_no_way_back_is_made_up(project: Project) -> None:
    """What is executed from a text is found by its look; what was there before it is kept."""
    write(
        project,
        "ALTER TABLE team /*!50000 RENAME TO club */",
        "ALTER TABLE club ADD COLUMN b INT",
    )
    assert project.run("migrate").code == 0
    project.run("migrate", "--backward", "--steps", "2", "--yes")
    tables = reading.tables(project.url)
    assert [reading.rows(project.url, name)[0][:2] for name in tables] == [(1, 2)]


@pytest.mark.parametrize(
    "setting", ["SET sql_mode = 'ANSI_QUOTES'", "SET sql_quote_show_create = 0"]
)
def test_what_a_migration_sets_changes_no_record(project: Project, setting: str) -> None:
    write(
        project, setting, "ALTER TABLE team ADD COLUMN b INT", "ALTER TABLE team ADD COLUMN c INT"
    )
    assert project.run("migrate").code == 0
    status = project.run("status", "--check")
    assert (status.code, "not what it was" in status.out) == (0, False)
    assert project.run("migrate", "--backward", "--yes").code == 0
    assert list(reading.columns(project.url, "team")) == ["id", "a", "b"]


def test_a_qualified_name_is_the_same_table(project: Project) -> None:
    home = project.url.rsplit("/", 1)[1]
    write(
        project, f"ALTER TABLE {home}.`team` ADD COLUMN b INT", "ALTER TABLE team ADD COLUMN c INT"
    )
    assert project.run("migrate").code == 0
    assert project.run("migrate", "--backward", "--yes").code == 0
    assert list(reading.columns(project.url, "team")) == ["id", "a", "b"]
    assert project.run("migrate", "--backward", "--yes").code == 0
    assert list(reading.columns(project.url, "team")) == ["id", "a"]


BYTES = "CREATE TABLE odd (id INT PRIMARY KEY, b BINARY(4) DEFAULT 0xff00ee11, a INT)"


def test_a_default_that_is_no_letters(project: Project) -> None:
    """MariaDB prints its bytes as they are, of which PyMySQL takes no more than UTF-8."""
    reading.execute(project.url, BYTES)
    without_backward(project, "20260101_000000_m", "migrate(migrator.add_not_null('odd', 'a'))")
    without_backward(project, "20260102_000000_m", "migrate(migrator.add_not_null('odd', 'b'))")
    without_backward(project, "20260103_000000_m", "db.execute_sql('DROP TABLE odd')")
    ended = project.run("migrate")
    assert (ended.code, ended.err) == (0, "")
    assert project.run("status", "--check").code == 0
    ended = project.run("migrate", "--backward", "--yes")
    assert ended.code == 0, ended.err
    reading.execute(project.url, "INSERT INTO odd (id, a) VALUES (1, 2)")
    assert reading.execute(project.url, "SELECT HEX(b), a FROM odd") == [("FF00EE11", 2)]
