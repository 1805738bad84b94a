"""On a live server a migration gives way, tries again and gets through; no client waits long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support import reading
from support.projects import Project

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
