"""One case on one engine: run whole for comparison, then killed wherever asked, and run again."""

from __future__ import annotations

import json
import random
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from support import reading
from support.databases import require
from support.forks import Fork
from support.projects import Project

from .crash_cases import BASE, Case
from .killing import Calls, Kill, listed, watch

NAME = "20260101_000000_case"


class Crashes:
    """A project with one migration, and its database, which is put back before each run.

    Args:
        engine: The engine.
        case: The migration.
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
        self._url, self._kept = (self._named(folder, f"{name}{end}") for end in ("", "_kept"))
        self.project = Project(folder / name, self._url)
        self.project.write(f"migrations/{NAME}.py", case.text(atomic=atomic))

    def _named(self, folder: Path, name: str) -> str:
        if self.engine == "sqlite":
            return f"sqlite:///{folder / name}.db"
        return on_server(self._server, name)

    def close(self) -> None:
        if self.engine != "sqlite":
            reading.execute(self._server, self._drop(self._kept), self._drop(self._url))

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
        self.restore()

    def restore(self) -> None:
        """The database as the runs begin."""
        if self.engine == "sqlite":
            for suffix in ("-journal", "-wal", "-shm", "-wheatear"):
                Path(_file(self._url) + suffix).unlink(missing_ok=True)
            shutil.copy(_file(self._kept), _file(self._url))
        elif self.engine == "postgresql":
            creation = f"CREATE DATABASE {_name(self._url)} TEMPLATE {_name(self._kept)}"
            reading.execute(self._server, self._drop(self._url), creation)
        else:
            self._empty(self._url)
            self._copy_tables()

    def _empty(self, url: str) -> None:
        if self.engine == "sqlite":
            Path(_file(url)).unlink(missing_ok=True)
            return
        reading.execute(self._server, self._drop(url), f"CREATE DATABASE {_name(url)}")

    def _copy_tables(self) -> None:
        source = _name(self._kept)
        statements = ["SET foreign_key_checks = 0"]
        views = []
        for name, kind in reading.execute(self._kept, "SHOW FULL TABLES"):
            sql = reading.execute(self._kept, f"SHOW CREATE TABLE `{name}`")[0][1]
            if kind == "VIEW":
                views.append(sql.replace(f"`{source}`.", ""))
                continue
            statements += [sql, f"INSERT INTO `{name}` SELECT * FROM `{source}`.`{name}`"]
        reading.execute(self._url, *statements, *views)

    def snapshot(self) -> Any:
        """Definitions and rows; generated ids may have gaps, so they do not count."""
        url = self._url
        tables = reading.tables(url)
        found: dict[str, Any] = {}
        for table in tables:
            columns = sorted(column for column in reading.columns(url, table) if column != "id")
            listed = ", ".join(columns) or "1"
            rows = reading.execute(url, f"SELECT {listed} FROM {table}")
            found[table] = (self._definition(table), sorted(map(repr, rows)))
        return found

    def _definition(self, table: str) -> Any:
        url = self._url
        if self.engine == "sqlite":
            return reading.execute(
                url, f"SELECT type, name, sql FROM sqlite_master WHERE tbl_name = '{table}'"
            )
        if self.engine == "mariadb":
            row = reading.execute(url, f"SHOW CREATE TABLE {table}")[0]
            triggers = reading.execute(url, "SHOW TRIGGERS")
            text = re.sub(r" AUTO_INCREMENT=\d+", "", row[1]).replace(_name(url), "DATABASE")
            return text, [one[0] for one in triggers]
        return (
            reading.columns(url, table),
            reading.execute(
                url,
                "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index "
                f"WHERE indrelid = to_regclass('{table}') ORDER BY 1",
            ),
            reading.execute(
                url,
                "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint "
                f"WHERE conrelid = to_regclass('{table}') ORDER BY 1",
            ),
        )

    # Runs

    def run(
        self, *words: str, url: str | None = None, calls: Calls | None = None
    ) -> tuple[int, str, str]:
        """Run the program in a fork."""
        environment = self.project.environment({"DATABASE_URL": url or self._url})
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
        """What `status` says of the migration."""
        code, out, err = self.run("status", "--json")
        assert code == 0, err
        return str(json.loads(out)["migrations"][0]["state"])

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
