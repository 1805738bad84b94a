"""Databases to measure on: a file, and databases of one's own on the servers that are named."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from wheatear import connect

SERVERS = {"postgresql": "WHEATEAR_TEST_POSTGRESQL", "mariadb": "WHEATEAR_TEST_MYSQL"}


def engines() -> list[str]:
    """SQLite, and those whose server is named."""
    return ["sqlite", *(name for name, variable in SERVERS.items() if os.environ.get(variable))]


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database, dropped afterwards."""
    name = f"wheatear_benchmark_{uuid.uuid4().hex[:8]}"
    if engine == "sqlite":
        yield f"sqlite:///{folder / name}.db"
        return
    server = os.environ[SERVERS[engine]]
    _execute(server, f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        _execute(server, f"DROP DATABASE {name}")


def _execute(url: str, sql: str) -> None:
    db = connect(url)
    db.connect()
    db.execute_sql(sql)
    db.close()


def opened(url: str) -> Any:
    """A Peewee database with its connection open."""
    db = connect(url)
    db.connect()
    return db
