"""Databases for the tests: real ones, made for one test and dropped after it.

Servers are named by environment variables, never guessed (a developer's ports hold a developer's
data): `WHEATEAR_TEST_POSTGRESQL` and `WHEATEAR_TEST_MYSQL` hold URLs of servers on which databases
may be made. Without them the suite runs on SQLite and says so in one line; with `CI=true` a
missing one is a failure.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import peewee
import pytest

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


@cache
def is_mysql() -> bool:
    """Whether the server that `WHEATEAR_TEST_MYSQL` names is MySQL's own: what is called
    `mariadb` in the tests is whichever of the two that is.
    """
    url = os.environ.get(SERVERS["mariadb"])
    return bool(url) and "MariaDB" not in str(_execute(url, "SELECT VERSION()"))


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


def _execute(url: str, sql: str) -> object:
    database = plain_database(url)
    database.connect()
    try:
        cursor = database.connection().cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None
    finally:
        database.close()


only_mariadb = pytest.mark.skipif(is_mysql(), reason="MariaDB's own words")
"""For what MySQL has no words for, and what compares, word by word, what SHOW CREATE TABLE says:
MySQL's tables are tried column by column in test_mysql_corpus.py."""
