"""On a live server a migration gives way, tries again and gets through; no client waits long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from support import reading
from support.projects import Project, wait_for

ADD = "migrate(migrator.add_column('player', 'experience', IntegerField(default=0)))"
DROP = "migrate(migrator.drop_column('player', 'experience'))"
LOCK_TIMEOUT = 2.0
NOISE = 1.0

on_servers = pytest.mark.parametrize("engine", ["postgresql", "mariadb"], indirect=True)


@contextmanager
def transaction_holding_the_table(url: str, seconds: float) -> Iterator[threading.Thread]:
    """Another connection has read the table, and takes its time to commit."""
    connection = reading.connection(url)
    holding = threading.Event()

    def hold() -> None:
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM player")
        cursor.fetchall()
        holding.set()
        time.sleep(seconds)
        cursor.execute("COMMIT")
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait()
    yield thread
    thread.join()


@contextmanager
def client(url: str, statement: str) -> Iterator[list[float]]:
    """A program that goes on using the table; yields how long each statement took."""
    connection = reading.connection(url)
    waits: list[float] = []
    stop = threading.Event()

    def work() -> None:
        cursor = connection.cursor()
        while not stop.is_set():
            start = time.perf_counter()
            cursor.execute(statement)
            waits.append(time.perf_counter() - start)
            time.sleep(0.01)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield waits
    stop.set()
    thread.join()


def _gives_way(project: Project, seconds: float) -> None:
    reading.execute(
        project.url,
        "CREATE TABLE player (id INTEGER PRIMARY KEY, gold INTEGER)",
        "INSERT INTO player VALUES (1, 0)",
    )
    project.migration("20260101_000000_add_experience", ADD, DROP)
    url = project.url
    with (
        client(url, "SELECT gold FROM player WHERE id = 1") as reads,
        client(url, "UPDATE player SET gold = gold + 1 WHERE id = 1") as writes,
        transaction_holding_the_table(url, seconds),
    ):
        ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert "experience" in reading.columns(url, "player")
    assert max(reads) < LOCK_TIMEOUT + NOISE
    assert max(writes) < LOCK_TIMEOUT + NOISE


@on_servers
def test_gives_way_and_gets_through(project: Project) -> None:
    _gives_way(project, 3.0)


@pytest.mark.long
@on_servers
def test_gives_way_for_ten_seconds(project: Project) -> None:
    _gives_way(project, 10.0)


INDEX = """\
from migrations_config import db

atomic = False


def migrate_forward():
    db.execute_sql("SET lock_timeout = '100ms'")
    db.execute_sql('CREATE UNIQUE INDEX CONCURRENTLY by_gold ON player (gold)')


def migrate_backward():
    db.execute_sql('DROP INDEX by_gold')
"""
INDEXES = (
    "SELECT indexrelid::regclass::text, indisvalid FROM pg_index "
    "WHERE indrelid = 'player'::regclass AND NOT indisprimary"
)


def _to_be_indexed(project: Project) -> None:
    reading.execute(
        project.url,
        "CREATE TABLE player (id INTEGER PRIMARY KEY, gold INTEGER)",
        "INSERT INTO player VALUES (1, 0), (2, 1)",
    )
    project.write("migrations/20260101_000000_index.py", INDEX)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_an_index_that_gave_way_is_begun_anew(project: Project, engine: str) -> None:
    """What it has left would be in its way; and that cannot be dropped as long as it is waited for.

    https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
    """
    _to_be_indexed(project)
    with closing(reading.connection(project.url)) as writer:
        writer.execute("BEGIN")
        writer.execute("UPDATE player SET gold = 5 WHERE id = 1")
        running = project.start("migrate")
        wait_for(lambda: reading.execute(project.url, INDEXES))
        time.sleep(0.5)
        writer.execute("COMMIT")
        ended = running.end()
    assert ended.code == 0, ended.err
    assert reading.execute(project.url, INDEXES) == [("by_gold", True)]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_what_an_index_has_left_and_cannot_be_dropped_is_told(
    project: Project, engine: str
) -> None:
    _to_be_indexed(project)
    reading.execute(
        project.url,
        "UPDATE player SET gold = 7",
        "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no'; END $$",
        "CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN ('DROP INDEX') "
        "EXECUTE FUNCTION no()",
    )
    ended = project.run("migrate")
    assert ended.code == 1
    assert 'could not create unique index "by_gold"' in ended.err
    assert ended.err.partition("  state: ")[2].startswith(
        "20260101_000000_index is interrupted.\n"
        "         this one was under way, and may or may not have taken effect:\n"
        "         CREATE UNIQUE INDEX CONCURRENTLY by_gold ON player (gold)\n"
        "  next:  mend what failed, the file only from there on, and run the command again"
    )
    reading.execute(project.url, "DROP EVENT TRIGGER no", "UPDATE player SET gold = 8 WHERE id = 2")
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert reading.execute(project.url, INDEXES) == [("by_gold", True)]
