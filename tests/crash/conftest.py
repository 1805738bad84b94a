"""Servers in memory for the tests that make thousands of databases: they wait for no disk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.databases import SERVERS
from support.servers import MEMORY, is_installed, running_server

from .crash_cases import Case
from .crashes import Crashes


@pytest.fixture(scope="session")
def in_memory() -> Iterator[dict[str, str | None]]:
    """The URL of each engine's server, begun when it is asked for; None where there is none of our
    own, for SQLite and where the server's programs are not installed.
    """
    with ExitStack() as stack:
        yield _InMemory(stack)


class _InMemory(dict[str, "str | None"]):
    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, engine: str) -> str | None:
        self[engine] = None
        if engine in SERVERS and MEMORY is not None and is_installed(engine):
            server = self._stack.enter_context(running_server(engine, careless=True))
            self[engine] = server.url(server.home)
        return self[engine]


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, or where there is none the test's own."""
    if MEMORY is None:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="wheatear_test_", dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture
def new_crashes(
    memory_folder: Path, in_memory: dict[str, str | None]
) -> Iterator[Callable[..., Crashes]]:
    """Makes what is killed: of a case, on an engine, in memory or on the servers of all tests."""
    made: list[Crashes] = []

    def make(engine: str, case: Case, *, atomic: bool = False, shared: bool = False) -> Crashes:
        server = None if shared else in_memory[engine]
        folder = memory_folder / f"{len(made)}"
        folder.mkdir()
        made.append(Crashes(engine, case, atomic=atomic, folder=folder, server=server))
        return made[-1]

    yield make
    for one in made:
        one.close()
