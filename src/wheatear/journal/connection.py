"""What a journaled migration sees of the driver: a cursor whose answers may be the journal's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wheatear.capture import WatchedConnection, split_script
from wheatear.errors import MigrationFailedError
from wheatear.journal.answers import Answer

_HARMLESS = frozenset(
    {"itersize", "row_factory", "arraysize", "format", "name", "mogrify", "query"}
)


class JournaledCursor:
    """A cursor that holds whole answers, so that they can be kept, and given again."""

    def __init__(self, connection: WatchedConnection, raw: Any) -> None:
        self.__dict__.update(connection=connection, _raw=raw, _answer=Answer(), _at=0)

    def execute(self, sql: Any, *args: Any, **kwargs: Any) -> JournaledCursor:
        """As the driver's."""
        raw = self._raw

        def run() -> Answer:
            raw.execute(sql, *args, **kwargs)
            return whole(raw)

        self._hold(self.connection.send(sql, run, (args, kwargs)))
        return self

    def executemany(self, sql: Any, seq: Any, *args: Any, **kwargs: Any) -> JournaledCursor:
        """As the driver's."""
        raw, rows = self._raw, list(seq)

        def run() -> Answer:
            raw.executemany(sql, rows, *args, **kwargs)
            return whole(raw)

        self._hold(self.connection.send(sql, run, ("many", rows, args, kwargs)))
        return self

    def executescript(self, script: str) -> JournaledCursor:
        """sqlite3's, statement by statement."""
        for statement in split_script(script):
            self.execute(statement)
        return self

    def callproc(self, name: str, args: Any = ()) -> Any:
        """DB-API's."""
        raw = self._raw

        def run() -> Answer:
            raw.callproc(name, args)
            return whole(raw)

        self._hold(self.connection.send(f"CALL {name}", run, args))
        return args

    def _hold(self, answer: Answer) -> None:
        self.__dict__.update(_answer=answer, _at=0)

    @property
    def description(self) -> Any:
        """DB-API's."""
        return self._answer.description

    @property
    def rowcount(self) -> int:
        """DB-API's."""
        return int(self._answer.rowcount)

    @property
    def lastrowid(self) -> Any:
        """DB-API's."""
        return self._answer.lastrowid

    def fetchone(self) -> Any:
        """DB-API's."""
        rows = self._answer.rows or []
        if self._at >= len(rows):
            return None
        self.__dict__["_at"] += 1
        return rows[self._at - 1]

    def fetchmany(self, size: int = 1) -> list[Any]:
        """DB-API's."""
        rows = (self._answer.rows or [])[self._at : self._at + size]
        self.__dict__["_at"] += len(rows)
        return rows

    def fetchall(self) -> list[Any]:
        """DB-API's."""
        rows = (self._answer.rows or [])[self._at :]
        self.__dict__["_at"] += len(rows)
        return rows

    def nextset(self) -> None:
        """DB-API's: there is one answer."""

    def close(self) -> None:
        """DB-API's."""
        self._raw.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchone, None)

    def __next__(self) -> Any:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def __enter__(self) -> JournaledCursor:  # noqa: PYI034 - Self is of Python 3.11
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name in _HARMLESS or name.startswith("__"):
            return getattr(self._raw, name)
        raise MigrationFailedError(
            f"The migration uses the driver's cursor.{name}, which the journal cannot keep.",
            next="use execute(), executemany() and the fetch methods, or Peewee's queries.",
        )

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._raw, name, value)


def whole(cursor: Any) -> Answer:
    """All that a driver's cursor holds after a statement."""
    description = cursor.description
    rows = list(cursor.fetchall()) if description else None
    return Answer(
        rows,
        tuple(description) if description else None,
        getattr(cursor, "rowcount", -1),
        getattr(cursor, "lastrowid", None),
    )
