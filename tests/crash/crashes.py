"""One case on one engine: run whole for comparison, then killed wherever asked, and run again."""

from __future__ import annotations

import json
import random
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from support import reading
from support.databases import require
from support.forks import Fork
from support.projects import Project

from .crash_cases import BASE, Case
from .killing import Calls, Kill, listed, watch

NAME = "20260101_{:06}_case"
_OURS = "wheatear_"
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name",
    "postgresql": "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v', 'p') "
    "AND relnamespace = current_schema()::regnamespace ORDER BY relname",
    "mariadb": "SHOW FULL TABLES",
}
_HERE = (
    "JOIN pg_class c ON c.oid = {} AND relnamespace = current_schema()::regnamespace "
    f"AND relname NOT LIKE '{_OURS}%'"
)
_DEFINITIONS = {
    "sqlite": [
        "SELECT type, name, sql FROM sqlite_master "
        f"WHERE tbl_name NOT LIKE '{_OURS}%' ORDER BY type, name"
    ],
    "postgresql": [
        "SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, "
        f"pg_get_expr(adbin, adrelid) FROM pg_attribute {_HERE.format('attrelid')} "
        "LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum "
        "WHERE relkind IN ('r', 'v', 'p') AND attnum > 0 AND NOT attisdropped "
        "ORDER BY relname, attnum",
        "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index "
        f"{_HERE.format('indrelid')} ORDER BY 1",
        "SELECT relname, conname, pg_get_constraintdef(x.oid), convalidated "
        f"FROM pg_constraint x {_HERE.format('conrelid')} ORDER BY 1, 2",
    ],
}


class Crashes:
    """A project with a case's migrations, and its database, which is put back before each run.

    Args:
        engine: The engine.
        case: The case.
        atomic: In one transaction where the engine can.
        folder: For the project.
        server: The URL of a server of the test's own; None for the one that all tests use.
    """

    def __init__(
        self, engine: str, case: Case, *, atomic: bool, folder: Path, server: str | None = None
    ) -> None:
        self.engine = engine
        self._server = server or require(engine) or ""
        name = f"wheatear_test_{uuid.uuid4().hex[:16]}"
        self.url, self._kept = (self._named(folder, f"{name}{end}") for end in ("", "_kept"))
        self.project = Project(folder / name, self.url)
        for number, text in enumerate(case.texts(atomic=atomic)):
            self.project.write(f"migrations/{NAME.format(number)}.py", text)
        self._restoring: list[str] = []

    def _named(self, folder: Path, name: str) -> str:
        if self.engine == "sqlite":
            return f"sqlite:///{folder / name}.db"
        return on_server(self._server, name)

    def close(self) -> None:
        if self.engine != "sqlite":
            reading.execute(self._server, self._drop(self._kept), self._drop(self.url))

    def _drop(self, url: str) -> str:
        force = " WITH (FORCE)" if self.engine == "postgresql" else ""
        return f"DROP DATABASE IF EXISTS {_name(url)}{force}"

    # The database

    def start(self, direction: str) -> None:
        """Begin where a run in this direction begins, and remember that."""
        self._empty(self._kept)
        reading.execute(self._kept, *BASE)
        if direction == "backward":
            run = self.run("migrate", url=self._kept)
            assert run[0] == 0, run
        self._restoring = self._ways_to_restore()
        self.restore()

    def restore(self) -> None:
        """The database as the runs begin."""
        if self.engine == "sqlite":
            for suffix in ("-journal", "-wal", "-shm", "-wheatear"):
                Path(_file(self.url) + suffix).unlink(missing_ok=True)
            shutil.copy(_file(self._kept), _file(self.url))
        else:
            reading.execute(self._server, *self._restoring)

    def _empty(self, url: str) -> None:
        if self.engine == "sqlite":
            Path(_file(url)).unlink(missing_ok=True)
            return
        reading.execute(self._server, self._drop(url), f"CREATE DATABASE {_name(url)}")

    def _ways_to_restore(self) -> list[str]:
        """The statements, found out once."""
        name, source = _name(self.url), _name(self._kept)
        if self.engine == "postgresql":
            return [self._drop(self.url), f"CREATE DATABASE {name} TEMPLATE {source}"]
        if self.engine == "sqlite":
            return []
        tables, views = [], []
        for table, kind in reading.execute(self._kept, "SHOW FULL TABLES"):
            sql = reading.execute(self._kept, f"SHOW CREATE TABLE `{table}`")[0][1]
            if kind == "VIEW":
                views.append(sql.replace(f"`{source}`.", ""))
                continue
            tables += [sql, f"INSERT INTO `{table}` SELECT * FROM `{source}`.`{table}`"]
        begin = [self._drop(self.url), f"CREATE DATABASE {name}", f"USE {name}"]
        return [*begin, "SET foreign_key_checks = 0", *tables, *views]

    def snapshot(self) -> Any:
        """Definitions and rows; generated ids may have gaps, so they do not count."""
        with closing(reading.connection(self.url)) as connection:
            cursor = connection.cursor()

            def read(sql: str) -> list[tuple[Any, ...]]:
                cursor.execute(sql)
                return [tuple(row) for row in cursor.fetchall()]

            names = [name for (name, *_) in read(_TABLES[self.engine])]
            tables = [name for name in names if not name.startswith(_OURS)]
            if self.engine == "mariadb":
                definitions = self._definitions_of_mariadb(read, tables)
            else:
                definitions = [read(sql) for sql in _DEFINITIONS[self.engine]]
            rows = {}
            for table in tables:
                found = read(f"SELECT * FROM {table}")
                names = [one[0] for one in cursor.description]
                rows[table] = sorted(repr(_without_id(names, row)) for row in found)
            return definitions, rows

    def _definitions_of_mariadb(
        self, read: Callable[[str], list[tuple[Any, ...]]], tables: list[str]
    ) -> list[Any]:
        found = [read(f"SHOW CREATE TABLE {table}")[0][1] for table in tables]
        texts = [re.sub(r" AUTO_INCREMENT=\d+", "", one) for one in found]
        triggers = [one[0] for one in read("SHOW TRIGGERS")]
        return [*(one.replace(_name(self.url), "DATABASE") for one in texts), *triggers]

    # Runs

    def run(
        self, *words: str, url: str | None = None, calls: Calls | None = None
    ) -> tuple[int, str, str]:
        """Run the program in a fork."""
        environment = self.project.environment({"DATABASE_URL": url or self.url})
        first = (lambda: watch(calls, self.engine)) if calls else None
        fork = Fork(list(words), self.project.root, environment, first)
        code, out, err, _ = fork.end()
        return code, out.decode(), err.decode()

    def calls(self, *words: str) -> list[tuple[float, str]]:
        """Run whole; return each call's seconds and statement."""

        def run(calls: Calls) -> None:
            code, _, err = self.run(*words, calls=calls)
            assert code == 0, err

        return listed(run)

    def state(self) -> str:
        """What `status` says of the last migration."""
        code, out, err = self.run("status", "--json")
        assert code == 0, err
        return str(json.loads(out)["migrations"][-1]["state"])

    def recover(self, direction: str) -> tuple[int, str, str]:
        """What a user does after a crash: `migrate`; or the command they had given, if it had not
        begun.
        """
        if direction == "forward":
            return self.run("migrate")
        state = self.state()
        if state == "applied":
            return self.run("migrate", "--backward")
        return self.run("migrate") if state == "interrupted" else (0, "", "")


def kills(calls: list[tuple[float, str]], seed: int, share: float) -> Iterator[Kill]:
    """Where to kill a run: before, while and after each of its calls, or a share of them."""
    chance = random.Random(seed)
    for number, (seconds, _) in enumerate(calls):
        if chance.random() < share:
            yield Kill(number, "before")
        if chance.random() < share:
            yield Kill(number, "while", chance.uniform(0, 1.2) * seconds)
    yield Kill(len(calls) - 1, "after")


def _file(url: str) -> str:
    return urlsplit(url).path[1:]


def _name(url: str) -> str:
    return urlsplit(url).path[1:]


def on_server(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _without_id(names: list[str], row: tuple[Any, ...]) -> list[tuple[str, Any]]:
    return sorted((name, value) for name, value in zip(names, row, strict=True) if name != "id")
