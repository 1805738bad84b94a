"""Schemas that others wrote, loaded; they are beside the repository, or the tests are skipped."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[3] / "shared" / "corpora"
_FOLDERS = {"mariadb": "mysql"}
_FUNCTIONS = re.compile(
    r"^CREATE (?:FUNCTION|AGGREGATE) .*?;$(?=\s*\n\s*\n)", re.DOTALL | re.MULTILINE
)


def corpora(engine: str) -> list[str]:
    folder = ROOT / _FOLDERS.get(engine, engine)
    return sorted(path.stem for path in folder.glob("*.sql"))


ALL = [(engine, name) for engine in ("sqlite", "postgresql", "mariadb") for name in corpora(engine)]
if not ALL:
    ALL = [pytest.param("sqlite", "", marks=pytest.mark.skip(f"no schemas in {ROOT}"))]  # type: ignore[list-item]


def text_of(engine: str, name: str) -> str:
    return (ROOT / _FOLDERS.get(engine, engine) / f"{name}.sql").read_text()


def load(database: Any, name: str) -> None:
    """Load one into an empty database, by the engine's own client."""
    sql = text_of(database.engine, name)
    if database.engine == "sqlite":
        db = database.connect()
        db.connect()
        db.connection().executescript(sql)
        db.close()
    elif database.engine == "postgresql":
        _client(database.url, ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", database.url], sql)
    else:
        _load_mysql(database.url, name, sql)


def _load_mysql(url: str, name: str, sql: str) -> None:
    """Into the database that was made for it, whatever it says itself."""
    sql = re.sub(r"^(DROP|CREATE) (DATABASE|SCHEMA).*$|^USE .*$", "", sql, flags=re.MULTILINE)
    parts = urlsplit(url)
    client = shutil.which("mariadb") or "mysql"
    where = [f"-h{parts.hostname}", f"-P{parts.port or 3306}", f"-u{parts.username}"]
    _client(url, [client, *where, parts.path[1:]], sql.replace(f"{name}.", ""))


def _client(url: str, command: list[str], sql: str) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]} to load the schemas with")
    env = {**os.environ, "MYSQL_PWD": urlsplit(url).password or ""}
    subprocess.run(command, input=sql, text=True, env=env, check=True, capture_output=True)


def with_functions(database: Any, name: str) -> None:
    """Make what triggers and views call: functions are no part of a schema as Wheatear reads it.

    Those whose types are not there yet are made by nobody: nothing in a schema needs them.
    """
    if database.engine != "postgresql":
        return
    for function in _FUNCTIONS.findall(text_of(database.engine, name)):
        sql = f"SET check_function_bodies = off;\n{function}"
        _client(database.url, ["psql", "-q", "-d", database.url], sql)
