"""The server killed in the middle of a run and started again; then `migrate`."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import reading
from support.projects import Project
from support.servers import Server, new_server

from .crash_cases import BASE, CASES

NAME = "20260101_000000_case"
DATABASE = "crashed"
pytestmark = pytest.mark.long


@pytest.fixture(params=["mariadb", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    made = new_server(request.param, tmp_path)
    yield made
    made.kill()


@pytest.mark.parametrize("case", ["create", "two_tables", "data", "type"])
def test_at_random_moments(case: str, server: Server, tmp_path: Path) -> None:
    """A run is killed with its server at twelve moments, spread over the time that it takes."""
    project = Project(tmp_path / "project", server.url(DATABASE))
    project.write(f"migrations/{NAME}.py", CASES[case].text(atomic=False))
    _fresh(server)
    seconds = project.run("migrate").seconds
    expected = _rows(project.url)
    chance = random.Random(case)
    for at in range(12):
        _fresh(server)
        run = project.fork("migrate")
        time.sleep(seconds * (at + chance.random()) / 12)
        server.kill()
        code = run.end()[0]
        server.start()
        ended = project.run("migrate")
        assert ended.code == 0, (at, code, ended)
        assert _rows(project.url) == expected, (at, code, ended)
        assert project.run("status", "--check").code == 0


def _fresh(server: Server) -> None:
    home = server.url(server.home)
    reading.execute(home, f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}")
    reading.execute(server.url(DATABASE), *BASE)


def _rows(url: str) -> object:
    """Columns, indexes and rows of each table, without generated ids, which may have gaps."""
    found = {}
    for table in reading.tables(url):
        columns = reading.columns(url, table)
        listed = ", ".join(sorted(name for name in columns if name != "id")) or "1"
        rows = reading.execute(url, f"SELECT {listed} FROM {table}")
        found[table] = (columns, reading.indexes(url, table), sorted(map(repr, rows)))
    return found
