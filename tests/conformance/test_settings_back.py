"""What a migration sets of its connection is set back when it has ended: the next one in the same
run begins as it would in a run of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support import reading
from support.projects import Project
from wheatear import Migrations, connect
from wheatear.errors import WheatearError

SET = {
    "sqlite": [
        ("PRAGMA recursive_triggers = 1", "PRAGMA recursive_triggers"),
        ("PRAGMA Cache_Size(-77)", "PRAGMA cache_size"),
        ("PRAGMA ignore_check_constraints=on", "PRAGMA ignore_check_constraints"),
        ("PRAGMA query_only = 1", "PRAGMA query_only"),
    ],
    "postgresql": [
        ("SET statement_timeout = '77s'", "SELECT current_setting('statement_timeout')"),
        ("SET SESSION TIME ZONE 'Asia/Tokyo'", "SELECT current_setting('TimeZone')"),
        ("SET search_path TO pg_catalog", "SELECT current_setting('search_path')"),
        ("SET lock_timeout TO '77s'", "SELECT current_setting('lock_timeout')"),
        ("SET ROLE pg_monitor", "SELECT current_user"),
        ("SET SESSION AUTHORIZATION pg_monitor", "SELECT session_user"),
    ],
    "mariadb": [
        ("SET foreign_key_checks = 0", "SELECT @@foreign_key_checks"),
        ("SET SESSION sql_mode = 'ANSI_QUOTES', @a = 1", "SELECT @@sql_mode"),
        ("SET NAMES latin1", "SELECT @@character_set_client"),
        ("SET time_zone = '+07:00'", "SELECT @@time_zone"),
        ("SET long_query_time = 7.25, unique_checks = OFF", "SELECT @@long_query_time"),
        ("SET @@lock_wait_timeout = 77", "SELECT @@lock_wait_timeout"),
    ],
}
CASES = [
    pytest.param(engine, sets, asks, id=f"{engine}-{sets}")
    for engine, cases in SET.items()
    for sets, asks in cases
]
FILE = """\
from migrations_config import db, migrator

{atomic}

def migrate_forward():
    {lines}
"""
ASKS = "print('it is', *db.execute_sql({!r}).fetchone())"


def write(project: Project, name: str, *lines: str, atomic: bool) -> None:
    text = FILE.format(atomic="" if atomic else "atomic = False\n", lines="\n    ".join(lines))
    project.write(f"migrations/{name}.py", text)


def said(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("it is")]


@pytest.mark.parametrize("atomic", [True, False], ids=["atomic", "not atomic"])
@pytest.mark.parametrize(("engine", "sets", "asks"), CASES)
def test_the_next_begins_as_in_a_run_of_its_own(
    engine: str, sets: str, asks: str, atomic: bool, new_project: Callable[..., Project]
) -> None:
    project, ask = new_project(engine), ASKS.format(asks)
    write(project, "20260101_000000_before", ask, atomic=atomic)
    write(project, "20260102_000000_sets", f"db.execute_sql({sets!r})", ask, atomic=atomic)
    write(project, "20260103_000000_after", ask, atomic=atomic)
    ended = project.run("migrate", fresh=True)
    assert (ended.code, ended.err) == (0, "")
    before, inside, after = said(ended.out)
    assert inside != before
    assert after == before


@pytest.mark.parametrize(("engine", "sets", "asks"), CASES)
def test_an_application_gets_its_connection_back(
    engine: str, sets: str, asks: str, new_project: Callable[..., Project]
) -> None:
    project = new_project(engine)
    failing = "raise ValueError('no')"
    write(project, "20260101_000000_sets", f"db.execute_sql({sets!r})", failing, atomic=False)
    db: Any = connect(project.url)
    with db.connection_context():
        before = db.execute_sql(asks).fetchone()
        with pytest.raises(WheatearError):
            Migrations(db, str(project.folder)).migrate()
        assert db.execute_sql(asks).fetchone() == before


def test_what_is_local_ends_with_its_transaction(new_project: Callable[..., Project]) -> None:
    project = new_project("postgresql")
    ask = ASKS.format("SELECT current_setting('statement_timeout')")
    write(
        project, "20260101_000000_sets", "db.execute_sql('SET LOCAL statement_timeout = 7777')",
        "db.execute_sql('SET work_mem = 7777')", ask, atomic=True,
    )  # fmt: skip
    write(project, "20260102_000000_after", ask, atomic=True)
    ended = project.run("migrate", fresh=True)
    assert (ended.code, said(ended.out)) == (0, ["it is 7777ms", "it is 0"])


def test_what_a_variable_of_mine_holds_is_nobodys_setting(
    new_project: Callable[..., Project],
) -> None:
    project = new_project("mariadb")
    write(project, "20260101_000000_sets", "db.execute_sql('SET @a = 1')", atomic=True)
    ended = project.run("migrate", "--verbose", fresh=True)
    assert ended.code == 0
    assert "VARIABLES" not in ended.out


def test_several_in_one_transaction_keep_its_timeout(new_project: Callable[..., Project]) -> None:
    project = new_project("postgresql")
    ask = ASKS.format("SELECT current_setting('lock_timeout')")
    write(project, "20260101_000000_a", ask, "db.execute_sql(\"SET lock_timeout = '77s'\")",
          atomic=True)  # fmt: skip
    write(project, "20260102_000000_b", ask, atomic=True)
    ended = project.run("migrate", "--single-transaction", fresh=True)
    assert (ended.code, said(ended.out)) == (0, ["it is 2s", "it is 2s"])
    assert reading.execute(project.url, "SHOW lock_timeout") == [("0",)]
