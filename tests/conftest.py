"""Databases for the tests: real ones, made for one test and dropped after it.

Servers are named by environment variables, never guessed (a developer's ports hold a developer's
data): `WHEATEAR_TEST_POSTGRESQL` and `WHEATEAR_TEST_MYSQL` hold URLs of servers on which databases
may be made. Without them the suite runs on SQLite and says so in one line; with `CI=true` a
missing one is a failure.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import peewee
import pytest

from support.projects import CONFIG, Project

SERVERS = {
    "postgresql": "WHEATEAR_TEST_POSTGRESQL",
    "mariadb": "WHEATEAR_TEST_MYSQL",
}
ENGINES = ("sqlite", *SERVERS)
IN_CI = os.environ.get("CI") == "true"
HOW_TO_RUN_THEM = "set " + " and ".join(SERVERS.values()) + " to the servers' URLs"


def require(engine: str) -> str | None:
    """The URL of the engine's server; skips the test (in CI: fails it) where there is none."""
    if engine == "sqlite":
        return None
    url = os.environ.get(SERVERS[engine])
    if url:
        return url
    if IN_CI:
        pytest.fail(f"CI has no {engine} server: {SERVERS[engine]} is not set", pytrace=False)
    pytest.skip(f"no {engine} server ({HOW_TO_RUN_THEM})")


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


@dataclass(frozen=True)
class DatabaseUnderTest:
    """One empty database of an engine; `url` is what a user would put in DATABASE_URL."""

    engine: str
    url: str

    def connect(self) -> peewee.Database:
        """A new, closed Peewee database on it: the plain class, without anything of Wheatear."""
        return plain_database(self.url)


def plain_database(url: str) -> peewee.Database:
    parts = urlsplit(url)
    name = parts.path[1:]
    if parts.scheme == "sqlite":
        return peewee.SqliteDatabase(name)
    options = {
        key: value
        for key, value in (
            ("host", parts.hostname),
            ("port", parts.port),
            ("user", parts.username),
            ("password", parts.password),
        )
        if value
    }
    if parts.scheme == "postgresql":
        return peewee.PostgresqlDatabase(name, prefer_psycopg3=True, **options)
    return peewee.MySQLDatabase(name, **options)


def create_database(engine: str, folder: Path) -> DatabaseUnderTest:
    server = require(engine)
    name = f"wheatear_test_{uuid.uuid4().hex[:16]}"
    if server is None:
        return DatabaseUnderTest(engine, f"sqlite:///{folder / (name + '.db')}")
    _execute(server, f"CREATE DATABASE {name}")
    return DatabaseUnderTest(engine, urlunsplit(urlsplit(server)._replace(path=f"/{name}")))


def drop_database(database: DatabaseUnderTest) -> None:
    server = require(database.engine)
    if server is None:
        return
    name = urlsplit(database.url).path[1:]
    force = " WITH (FORCE)" if database.engine == "postgresql" else ""
    _execute(server, f"DROP DATABASE IF EXISTS {name}{force}")


def _execute(url: str, sql: str) -> None:
    database = plain_database(url)
    database.connect()
    try:
        database.connection().cursor().execute(sql)
    finally:
        database.close()


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
