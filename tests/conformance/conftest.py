"""Nothing here reads or fills the cache of whoever runs the tests; long ones get servers in memory."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import reading
from support.databases import DatabaseUnderTest
from support.projects import CONFIG, Project
from support.servers import MEMORY, Server, is_installed, running_server

NEEDED = 2 * 1024**3  # a container has 64 MB as a rule


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(tmp_path_factory.getbasetemp()) / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))


@pytest.fixture(scope="session")
def server_in_memory() -> Iterator[Callable[[str], Server | None]]:
    """Starts an engine's server when it is asked for one; None where it cannot."""
    started: dict[str, Server | None] = {}
    with contextlib.ExitStack() as stack:

        def server(engine: str) -> Server | None:
            if engine not in started:
                fits = MEMORY and shutil.disk_usage(MEMORY).free > NEEDED and is_installed(engine)
                running = (
                    stack.enter_context(running_server(engine, careless=True)) if fits else None
                )
                started[engine] = running
            return started[engine]

        yield server


@pytest.fixture
def database_in_memory(
    engine: str,
    new_database: Callable[[str], DatabaseUnderTest],
    server_in_memory: Callable[[str], Server | None],
) -> Iterator[DatabaseUnderTest]:
    """An empty database of each engine in turn, for tests that make and drop tables by the thousand.

    On a disk MariaDB takes twenty times as long for each. Where no server can be started in memory
    it is on the one that a variable names.
    """
    server = server_in_memory(engine) if engine != "sqlite" else None
    if server is None:
        yield new_database(engine)
        return
    name = f"wheatear_test_{uuid.uuid4().hex[:16]}"
    reading.execute(server.url(server.home), f"CREATE DATABASE {name}")
    yield DatabaseUnderTest(engine, server.url(name))
    force = " WITH (FORCE)" if engine == "postgresql" else ""
    reading.execute(server.url(server.home), f"DROP DATABASE {name}{force}")


@pytest.fixture
def project_in_memory(database_in_memory: DatabaseUnderTest, tmp_path: Path) -> Iterator[Project]:
    """A project with such a database."""
    made = Project(tmp_path / "project", database_in_memory.url, CONFIG)
    yield made
    made.stop()
