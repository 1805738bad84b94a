"""PostgreSQL's statements that must be alone: killed at one, and others change something meanwhile.

What counts is whether what the statement itself names is there, and nothing that others made.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from support import reading
from support.projects import Project, wait_for

from .killed_at import NAME, killed, killed_while, sql, write

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)

PLAYER = (
    "CREATE TABLE player (id integer PRIMARY KEY, name text, score integer, note text)",
    "INSERT INTO player SELECT n, 'x' || n, n, 'y' FROM generate_series(1, 20) n",
)
FOREIGN = {
    "nothing": "SELECT 1",
    "drops": "DROP TABLE elsewhere.t",
    "creates": "CREATE INDEX dba ON player (note)",
    "creates the same elsewhere": "CREATE INDEX by_score ON elsewhere.t (x)",
}
INDEXES = (
    "SELECT indexrelid::regclass::text, indisvalid FROM pg_index "
    "WHERE indrelid = 'player'::regclass AND NOT indisprimary ORDER BY 1"
)
BY_SCORE = "CREATE INDEX CONCURRENTLY by_score ON player (score)"


def ready(project: Project, *statements: str) -> None:
    reading.execute(
        project.url,
        *PLAYER,
        "CREATE SCHEMA elsewhere",
        "CREATE TABLE elsewhere.t (x integer PRIMARY KEY)",
        *statements,
    )


def again(project: Project) -> None:
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert project.run("status", "--check").code == 0


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("statement", "name"),
    [
        (BY_SCORE, "by_score"),
        ('/* c */ CREATE UNIQUE INDEX CONCURRENTLY "by_score" ON ONLY public."player" (score);', "by_score"),
        ("CREATE INDEX CONCURRENTLY ON player (score) WHERE player.score > 3", "player_score_idx"),
        ("CREATE INDEX CONCURRENTLY ON player (lower(name || 'a'), score DESC)", "player_lower_score_idx"),
    ],
)  # fmt: skip
def test_an_index_is_made(
    project: Project, engine: str, when: str, foreign: str, statement: str, name: str
) -> None:
    ready(project)
    write(project, *sql(statement))
    killed(project, engine, statement, when, alone=True)  # type: ignore[arg-type]
    reading.execute(project.url, FOREIGN[foreign])
    again(project)
    expected = [(name, True)] + ([("dba", True)] if foreign == "creates" else [])
    assert reading.execute(project.url, INDEXES) == sorted(expected)


def test_another_index_of_its_name(project: Project, engine: str) -> None:
    ready(project)
    write(project, *sql(BY_SCORE))
    killed(project, engine, BY_SCORE, alone=True)
    reading.execute(project.url, "CREATE INDEX by_score ON player (note)")
    ended = project.run("migrate")
    assert ended.code == 1
    assert (
        f"error: {NAME} was interrupted, and looking does not tell whether its last statement took "
        "effect: there is an index by_score now, but not as it makes it.\n"
        f"  where: {BY_SCORE}\n"
        "  state: what came before it has been done; nothing was changed by this run.\n"
    ) in ended.err


@pytest.mark.parametrize("name", ["by_score ", ""])
def test_what_another_session_builds_is_left_alone(
    project: Project, engine: str, name: str
) -> None:
    """It is at work concurrently, so its index is INVALID: that is no left-over of ours."""
    ready(project)
    statement = f"CREATE INDEX CONCURRENTLY {name}ON player (score)"
    write(project, *sql(statement))
    killed(project, engine, statement, alone=True)
    with closing(reading.connection(project.url)) as beside:
        beside.execute("BEGIN")
        beside.execute("UPDATE player SET note = 'z' WHERE id = 1")
        builds = _in_background(project, "CREATE INDEX CONCURRENTLY dba ON player (note)")
        wait_for(lambda: reading.execute(project.url, INDEXES) == [("dba", False)])
        running = project.fork("migrate")
        if name:  # it waits for the other session's lock on the table, as any such statement does
            wait_for(lambda: _waits(project, statement))
        else:  # the index that is built may be its own, until it is done
            time.sleep(1)
        beside.execute("COMMIT")
        assert project.ended(*running.end()).code == 0
    assert builds() is None
    made = name.strip() or "player_score_idx"
    assert reading.execute(project.url, INDEXES) == sorted([("dba", True), (made, True)])


@pytest.mark.parametrize("name", ["by_score ", ""])
def test_what_it_left_is_dropped_when_nobody_builds_beside(
    project: Project, engine: str, name: str
) -> None:
    """The DROP would wait for the other session, and that for the snapshot of the DROP."""
    del engine
    ready(project)
    statement = f"CREATE INDEX CONCURRENTLY {name}ON player (score)"
    write(project, *sql(statement))
    made = name.strip() or "player_score_idx"
    killed_while(project, statement, _HOLDS, _is_invalid(made))
    assert reading.execute(project.url, INDEXES) == [(made, False)]
    with closing(reading.connection(project.url)) as beside:
        beside.execute("BEGIN")
        beside.execute("UPDATE player SET note = 'z' WHERE id = 1")
        builds = _in_background(project, "CREATE INDEX CONCURRENTLY dba ON player (note)")
        wait_for(lambda: reading.execute(project.url, _is_invalid("dba")))
        running = project.start("migrate")
        line = ""
        while "which builds an index" not in line:
            line = running.line()
        assert reading.execute(project.url, INDEXES) == sorted([("dba", False), (made, False)])
        beside.execute("COMMIT")
        ended = running.end()
    assert ended.code == 0, ended.err
    assert builds() is None
    assert reading.execute(project.url, INDEXES) == sorted([("dba", True), (made, True)])


def test_a_failure_leaves_no_invalid_index(project: Project, engine: str) -> None:
    del engine
    ready(project, "UPDATE player SET score = 1")
    statement = "CREATE UNIQUE INDEX CONCURRENTLY ON player (score)"
    write(project, *sql(statement))
    assert project.run("migrate").code == 1
    assert reading.execute(project.url, INDEXES) == []


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_index_is_dropped(project: Project, engine: str, when: str, foreign: str) -> None:
    ready(project, "CREATE INDEX by_note ON player (note)")
    statement = "DROP INDEX CONCURRENTLY IF EXISTS public.by_note"
    write(project, *sql(statement))
    killed(project, engine, statement, when, alone=True)  # type: ignore[arg-type]
    reading.execute(project.url, FOREIGN[foreign])
    again(project)
    assert "by_note" not in [name for name, _ in reading.execute(project.url, INDEXES)]


def test_an_index_is_half_dropped(project: Project, engine: str) -> None:
    del engine
    ready(project, "CREATE INDEX by_note ON player (note)")
    statement = "DROP INDEX CONCURRENTLY by_note"
    write(project, *sql(statement))
    killed_while(project, statement, _HOLDS, _is_invalid("by_note"))
    again(project)
    assert reading.execute(project.url, INDEXES) == []


_HOLDS = "UPDATE player SET note = 'z' WHERE id = 1"


def _is_invalid(name: str) -> str:
    return (
        "SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        f"WHERE c.relname = '{name}' AND NOT i.indisvalid"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "REINDEX INDEX CONCURRENTLY by_note",
        "REINDEX (VERBOSE) TABLE CONCURRENTLY player",
        "REINDEX SCHEMA CONCURRENTLY public",
    ],
)
def test_what_reindex_leaves_is_dropped(project: Project, engine: str, statement: str) -> None:
    del engine
    ready(project, "CREATE INDEX by_note ON player (note)")
    write(project, *sql(statement))
    shows = (
        "SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE c.relname LIKE '%_ccnew' AND NOT i.indisvalid"
    )
    killed_while(project, statement, _HOLDS, shows)
    # As another left it: none of ours, and nobody's to drop but theirs.
    again(project)
    names = reading.execute(
        project.url, "SELECT relname FROM pg_class WHERE relkind = 'i' AND relname LIKE '%cc%'"
    )
    assert names == []
    assert reading.execute(project.url, INDEXES) == [("by_note", True)]


PARTS = (
    "CREATE TABLE log (x integer) PARTITION BY RANGE (x)",
    "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10)",
    "CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (10) TO (20)",
)
DETACH = "ALTER TABLE log DETACH PARTITION log_1 CONCURRENTLY"
PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'log'::regclass"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_partition_is_detached(project: Project, engine: str, when: str) -> None:
    reading.execute(project.url, *PARTS)
    write(project, *sql(DETACH))
    killed(project, engine, DETACH, when, alone=True)  # type: ignore[arg-type]
    reading.execute(project.url, "ALTER TABLE log DETACH PARTITION log_2")
    again(project)
    assert reading.execute(project.url, PARTITIONS) == []


def test_a_partition_is_half_detached(project: Project, engine: str) -> None:
    del engine
    reading.execute(project.url, *PARTS)
    write(project, *sql(DETACH))
    shows = "SELECT 1 FROM pg_inherits WHERE inhdetachpending"
    killed_while(project, DETACH, "SELECT * FROM log", shows)
    assert reading.execute(project.url, shows)
    again(project)
    assert reading.execute(project.url, PARTITIONS) == [("log_2",)]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("does", ["CREATE", "DROP"])
def test_a_database_is_made_or_dropped(project: Project, engine: str, does: str, when: str) -> None:
    ours, theirs = f"{_own(project)}_a", f"{_own(project)}_b"
    statement, other = f'{does} DATABASE "{ours}"', "DROP" if does == "CREATE" else "CREATE"
    found = f"SELECT datname FROM pg_database WHERE datname IN ('{ours}', '{theirs}')"
    try:
        for name in (ours,) if does == "DROP" else (theirs,):
            reading.execute(project.url, f"CREATE DATABASE {name}")
        write(project, *sql(statement))
        killed(project, engine, statement, when, alone=True)  # type: ignore[arg-type]
        reading.execute(project.url, f"{other} DATABASE {theirs}")
        again(project)
        expected = [(ours,)] if does == "CREATE" else [(theirs,)]
        assert reading.execute(project.url, found) == expected
    finally:
        for name in (ours, theirs):
            reading.execute(project.url, f"DROP DATABASE IF EXISTS {name}")


def _own(project: Project) -> str:
    return str(reading.execute(project.url, "SELECT current_database()")[0][0])


def _in_background(project: Project, statement: str) -> Callable[[], BaseException | None]:
    errors: list[BaseException | None] = [None]

    def run() -> None:
        try:
            reading.execute(project.url, statement)
        except BaseException as error:
            errors[0] = error

    thread = threading.Thread(target=run)
    thread.start()

    def end() -> BaseException | None:
        thread.join()
        return errors[0]

    return end


def _waits(project: Project, statement: str) -> bool:
    return bool(
        reading.execute(
            project.url,
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
            f"AND wait_event_type = 'Lock' AND query = '{statement}'",
        )
    )
