"""What a migration sets in its connection is set again by a run that goes on, as it was then."""

from __future__ import annotations

import pytest

from support import reading
from support.projects import Project

from .killed_at import killed, sql, write

CREATE = "CREATE TABLE b (x integer)"


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("nested", [False, True])
def test_what_was_rolled_back_is_not_set(project: Project, engine: str, *, nested: bool) -> None:
    reading.execute(project.url, "CREATE SCHEMA elsewhere", "CREATE TABLE a (x integer)")
    block = [
        "try:",
        "    with db.atomic():",
        "        db.execute_sql('SET search_path = elsewhere')",
        "        with db.atomic(): db.execute_sql('SELECT 1')",
        "        1 / 0",
        "except ZeroDivisionError: pass",
    ]
    if nested:
        block = ["with db.atomic():", *(f"    {line}" for line in block)]
    write(project, *block, *sql("INSERT INTO a VALUES (1)", CREATE))
    killed(project, engine, CREATE)
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert reading.tables(project.url) == ["a", "b"]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_what_was_committed_is_set(project: Project, engine: str) -> None:
    reading.execute(project.url, "CREATE SCHEMA elsewhere", "CREATE TABLE a (x integer)")
    block = [
        "with db.atomic():",
        "    db.execute_sql('SET search_path = elsewhere, public')",
        "    try:",
        "        with db.atomic(): 1 / 0",
        "    except ZeroDivisionError: pass",
        "db.execute_sql('SELECT pg_advisory_lock(7)')",
    ]
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND pid = pg_backend_pid()"
    write(
        project,
        *block,
        *sql("INSERT INTO a VALUES (1)", CREATE, f"CREATE TABLE held AS {held}"),
    )
    killed(project, engine, CREATE)
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert reading.tables(project.url) == ["a"]
    assert reading.rows(project.url, "elsewhere.b") == []
    assert reading.rows(project.url, "elsewhere.held") == [(1,)]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_foreign_keys_in_a_transaction(project: Project, engine: str) -> None:
    """There the pragma does nothing, so it does nothing again."""
    write(
        project,
        *sql("PRAGMA foreign_keys = 1", "CREATE TABLE a (x integer)"),
        "with db.atomic():",
        "    db.execute_sql('PRAGMA foreign_keys = 0')",
        "    db.execute_sql('INSERT INTO a VALUES (7)')",
        *sql(CREATE),
        "on = db.execute_sql('PRAGMA foreign_keys').fetchone()[0]",
        "db.execute_sql(f'INSERT INTO b VALUES ({on})')",
    )
    killed(project, engine, CREATE)
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert reading.rows(project.url, "b") == [(1,)]
