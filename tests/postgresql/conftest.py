"""Databases of PostgreSQL, through both drivers, and pg_dump as a second opinion."""

from __future__ import annotations

import difflib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import peewee
import pytest
from postgresql_player import PLAYER

from support.databases import create_database, drop_database
from wheatear.engines.postgresql.migrator import PostgresqlMigrator


@pytest.fixture(scope="session")
def shared_database(tmp_path_factory: Any) -> Iterator[Any]:
    """One database for all tests here: making one takes longer than most of them."""
    database = create_database("postgresql", tmp_path_factory.getbasetemp())
    yield database
    drop_database(database)


@pytest.fixture
def database(shared_database: Any) -> Iterator[Any]:
    yield shared_database
    db = shared_database.connect()
    db.connect()
    db.execute_sql(EMPTY)
    db.close()


EMPTY = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT quote_ident(nspname) FROM pg_namespace
              WHERE nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema' LOOP
    EXECUTE 'DROP SCHEMA ' || name || ' CASCADE';
  END LOOP;
  CREATE SCHEMA public;
END $$
"""


@pytest.fixture
def connect(database: Any) -> Iterator[Callable[..., peewee.PostgresqlDatabase]]:
    """Makes connections to the test's database; `driver` is 2 or 3."""
    made: list[peewee.PostgresqlDatabase] = []

    def make(driver: int = 3) -> peewee.PostgresqlDatabase:
        url = urlsplit(database.url)
        options = {
            key: value
            for key, value in (
                ("host", url.hostname),
                ("port", url.port),
                ("user", url.username),
                ("password", url.password),
            )
            if value
        }
        db = peewee.PostgresqlDatabase(url.path[1:], prefer_psycopg3=driver == 3, **options)
        db.connect()
        made.append(db)
        return db

    yield make
    for db in made:
        if not db.is_closed():
            db.connection().close()
        db.dispose()


@pytest.fixture
def db(connect: Callable[..., peewee.PostgresqlDatabase]) -> peewee.PostgresqlDatabase:
    return connect()


@pytest.fixture(params=[3, 2], ids=["psycopg3", "psycopg2"])
def any_db(request: Any, connect: Callable[..., Any]) -> peewee.PostgresqlDatabase:
    return connect(request.param)


@pytest.fixture
def migrator(db: peewee.PostgresqlDatabase) -> PostgresqlMigrator:
    return PostgresqlMigrator(db)


@pytest.fixture
def dump(database: Any) -> Callable[[], list[str]]:
    """What pg_dump says of the schema: an oracle that shares no code with the reader."""
    if shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump")

    def lines() -> list[str]:
        done = subprocess.run(
            ["pg_dump", "--schema-only", database.url], capture_output=True, text=True, check=True
        )
        return [
            line
            for line in done.stdout.splitlines()
            if line and not line.startswith(("--", "\\", "SET ", "SELECT pg_catalog.set_config"))
        ]

    return lines


def changed(before: list[str], after: list[str]) -> list[str]:
    """The lines that went (-) and came (+), without the commas between them."""
    strip = [[line.strip().rstrip(",") for line in lines] for lines in (before, after)]
    return [line for line in difflib.ndiff(*strip) if line[0] in "-+"]


@pytest.fixture
def differ() -> Callable[[list[str], list[str]], list[str]]:
    return changed


@pytest.fixture
def load(database: Any) -> Callable[[str], None]:
    """Loads a corpus with psql, which understands COPY and \\-commands."""

    def run(name: str) -> None:
        folder = Path(__file__).resolve().parents[2].parent / "shared" / "corpora" / "postgresql"
        path = folder / f"{name}.sql"
        if not path.is_file():
            pytest.skip("no schemas to try things on: ../shared/corpora/postgresql is not there")
        if shutil.which("psql") is None:
            pytest.skip("no psql")
        command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", database.url, "-f", str(path)]
        subprocess.run(command, capture_output=True, text=True, check=True)

    return run


@pytest.fixture
def player(db: peewee.PostgresqlDatabase) -> str:
    """A table that has every feature an operation could lose."""
    db.execute_sql(PLAYER)
    return "player"
