"""Fixtures of the whole suite; `support/databases.py` says where the databases come from."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from support.databases import (
    ENGINES,
    HOW_TO_RUN_THEM,
    SERVERS,
    DatabaseUnderTest,
    create_database,
    drop_database,
)
from support.projects import CONFIG, Project

# A suite in the background of a shell is told to ignore Ctrl-C, and so would all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples each time, so that a commit is judged by what it changes;
# `pytest --hypothesis-profile=new` looks for new ones.
settings.register_profile("new", derandomize=False)
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    names = {name for report in skipped if (name := _engine_of(report))}
    if names:
        terminalreporter.write_line(
            f"Not run without a server: {', '.join(sorted(names))}; to run it, {HOW_TO_RUN_THEM}."
        )


def _engine_of(report: pytest.TestReport) -> str | None:
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    return next((name for name in SERVERS if f"no {name} server" in reason), None)


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[Callable[[str], DatabaseUnderTest]]:
    """Makes as many empty databases of an engine as a test asks for; drops them after it."""
    made: list[DatabaseUnderTest] = []

    def make(engine: str) -> DatabaseUnderTest:
        made.append(create_database(engine, tmp_path))
        return made[-1]

    yield make
    for database in made:
        drop_database(database)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn: a test that takes it belongs to the conformance suite."""
    return str(request.param)


@pytest.fixture
def database(engine: str, new_database: Callable[[str], DatabaseUnderTest]) -> DatabaseUnderTest:
    """An empty database of each engine in turn."""
    return new_database(engine)


@pytest.fixture
def new_project(
    tmp_path: Path, new_database: Callable[[str], DatabaseUnderTest]
) -> Iterator[Callable[..., Project]]:
    """Makes as many projects as a test asks for, each with an empty database of an engine."""
    made: list[Project] = []

    def make(engine: str = "sqlite", config: str | None = CONFIG) -> Project:
        folder = tmp_path / f"project{len(made) + 1}"
        made.append(Project(folder, new_database(engine).url, config))
        return made[-1]

    yield make
    for project in made:
        project.stop()


@pytest.fixture
def project(engine: str, new_project: Callable[..., Project]) -> Project:
    """A project with an empty database, of each engine in turn."""
    return new_project(engine)


@pytest.fixture
def on_sqlite(new_project: Callable[..., Project]) -> Project:
    """A project on SQLite, for what no engine has a part in."""
    return new_project()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longer suite runs where it is asked for: `pytest -m long`."""
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
