"""A run that is killed, or whose server is: before, while or after its n-th call to the database.

In a fork of the test's process the drivers' own calls are wrapped; what is killed is the program as
a user runs it, with SIGKILL, which nothing in it can catch. "While" is a moment after the call began,
on another thread: the server may have got it or not, and goes on with it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

When = Literal["before", "while", "after"]


@dataclass(frozen=True)
class Kill:
    """Where a run dies.

    Attributes:
        call: The number of the driver's call, from 0.
        when: Before it, while it runs, or after it.
        delay: For `while`: seconds after it began.
    """

    call: int
    when: When
    delay: float = 0.0

    def __str__(self) -> str:
        return f"{self.when} {self.call} ({self.delay * 1000:.2f} ms)"


class Calls:
    """Counts the driver's calls, and dies at one of them.

    Args:
        kill: Where; None to count.
        report: A file descriptor for what was counted: a line for each call's seconds.
        strike: What is done there in place of dying: the run goes on.
    """

    def __init__(
        self,
        kill: Kill | None,
        report: int | None = None,
        strike: Callable[[], None] | None = None,
    ) -> None:
        self._kill = kill
        self._report = report
        self._strike = strike or _die
        self._number = -1

    def __call__(self, call: Callable[[], Any], sql: object) -> Any:
        self._number += 1
        kill = self._kill
        if kill is not None and kill.call == self._number:
            return self._struck(kill, call)
        start = time.perf_counter()
        try:
            return call()
        finally:
            if self._report is not None:
                words = " ".join(str(sql).split())[:100]
                line = f"{time.perf_counter() - start:.6f} {words}\n"
                os.write(self._report, line.encode("utf-8", "replace"))

    def _struck(self, kill: Kill, call: Callable[[], Any]) -> Any:
        if kill.when == "before":
            self._strike()
            return call()
        if kill.when == "after":
            result = call()
            self._strike()
            return result
        striking = threading.Thread(target=self._strike_later, args=(kill.delay,), daemon=True)
        striking.start()
        try:
            return call()
        finally:
            striking.join()

    def _strike_later(self, delay: float) -> None:
        end = time.perf_counter() + delay
        while time.perf_counter() < end:
            time.sleep(0)
        self._strike()


def listed(run: Callable[[Calls], object]) -> list[tuple[float, str]]:
    """Each call's seconds and statement, of a run that is given who counts them."""
    reading_end, writing_end = os.pipe()
    os.set_blocking(writing_end, False)
    with os.fdopen(reading_end, encoding="utf-8") as file:
        try:
            run(Calls(None, writing_end))
        finally:
            os.close(writing_end)
        lines = [line.split(" ", 1) for line in file]
    return [(float(seconds), sql.strip()) for seconds, sql in lines]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def watch(calls: Calls, engine: str) -> None:
    """Let every call of the engine's driver pass through `calls`, in this process."""
    {"sqlite": _watch_sqlite, "postgresql": _watch_psycopg, "mariadb": _watch_pymysql}[engine](
        calls
    )


def _watch_sqlite(calls: Calls) -> None:
    import sqlite3

    import peewee

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *args: Any) -> Any:
            return calls(lambda: sqlite3.Cursor.execute(self, sql, *args), sql)

        def executemany(self, sql: str, *args: Any) -> Any:
            return calls(lambda: sqlite3.Cursor.executemany(self, sql, *args), sql)

    class Connection(sqlite3.Connection):
        def cursor(self, *args: Any, **kwargs: Any) -> Any:
            return super().cursor(Cursor)

        def commit(self) -> None:
            calls(lambda: sqlite3.Connection.commit(self), "commit()")

        def rollback(self) -> None:
            calls(lambda: sqlite3.Connection.rollback(self), "rollback()")

    real = peewee.sqlite3.connect

    def connect(*args: Any, **kwargs: Any) -> Any:
        return real(*args, factory=Connection, **kwargs)

    peewee.sqlite3.connect = connect


def _watch_psycopg(calls: Calls) -> None:
    import psycopg

    def wrap(name: str) -> None:
        real = getattr(psycopg.Cursor, name)

        def method(self: Any, sql: Any, *args: Any, **kwargs: Any) -> Any:
            return calls(lambda: real(self, sql, *args, **kwargs), sql)

        setattr(psycopg.Cursor, name, method)

    wrap("execute")
    wrap("executemany")


def _watch_pymysql(calls: Calls) -> None:
    import pymysql

    real = pymysql.connections.Connection.query

    def query(self: Any, sql: Any, *args: Any, **kwargs: Any) -> Any:
        return calls(lambda: real(self, sql, *args, **kwargs), sql)

    pymysql.connections.Connection.query = query
