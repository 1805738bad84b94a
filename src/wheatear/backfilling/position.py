"""How far a backfill has come, in a table beside the history while it is not at its end.

A position belongs to a migration, a direction and the number of the call in it. It counts until the
migration is recorded as applied or reverted: what is left of an earlier life is begun anew.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from wheatear.errors import HistoryError, MigrationFailedError

if TYPE_CHECKING:
    from wheatear.backfilling.walk import Key
    from wheatear.running import Running

NAME = "wheatear_backfill"
"""Of the table, beside the history."""

_COLUMNS = (
    ("migration", "VARCHAR(255) NOT NULL"),
    ("direction", "VARCHAR(16) NOT NULL"),
    ("number", "INTEGER NOT NULL"),
    ("life", "BIGINT NOT NULL"),
    ("walks", "TEXT NOT NULL"),
    ("position", "TEXT"),
    ("done", "BIGINT NOT NULL"),
    ("finished", "INTEGER NOT NULL"),
)
_SETTLED = "outcome IN ('done', 'faked', 'marked')"
_WHERE = "migration = {0} AND direction = {0} AND number = {0}"


class State(NamedTuple):
    """Where a backfill stands.

    Attributes:
        at: The key of the last row that is done; None before the first.
        rows: So many are done.
        finished: All are.
    """

    at: Key | None = None
    rows: int = 0
    finished: bool = False


class Position:
    """The position of one call.

    Args:
        migration: The migration that calls.
        walks: What is walked, in words.
    """

    def __init__(self, migration: Running, walks: str) -> None:
        self._migration = migration
        self._engine = migration.engine
        self._walks = walks
        self._key = (migration.name, migration.direction, migration.backfills)
        self.state = State()

    @property
    def at(self) -> Key | None:
        """The key of the last row that is done."""
        return self.state.at

    @property
    def rows(self) -> int:
        """How many rows are done."""
        return self.state.rows

    @property
    def finished(self) -> bool:
        """Whether all are."""
        return self.state.finished

    def move(self, count: int, last: Key | None) -> None:
        """Note a batch.

        Args:
            count: Its rows.
            last: The key of its last row; None if there are no more after it.
        """
        self.state = State(last, self.state.rows + count, last is None)

    def save(self) -> None:
        """Write it, in the transaction that is open."""
        state = self.state
        self._send(
            f"UPDATE {self.table} SET position = {{0}}, done = {{0}}, finished = {{0}} "
            f"WHERE {_WHERE}",
            (_written(state.at), state.rows, int(state.finished), *self._key),
        )

    def load(self) -> None:
        """Find what an earlier run of this migration has left, or begin."""
        with self._engine.writing():
            self._load()

    def _load(self) -> None:
        make_table(self._engine)
        row = self._send(
            f"SELECT life, walks, position, done, finished FROM {self.table} WHERE {_WHERE}",
            self._key,
        ).fetchone()
        life = self._life()
        if row is not None and int(row[0]) != life:
            self._send(f"DELETE FROM {self.table} WHERE {_WHERE}", self._key)
            row = None
        if row is None:
            values = (*self._key, life, self._walks, None, 0, 0)
            marks = ", ".join(["{0}"] * len(values))
            names = ", ".join(name for name, _ in _COLUMNS)
            self._send(f"INSERT INTO {self.table} ({names}) VALUES ({marks})", values)
            return
        if row[1] != self._walks:
            raise HistoryError(
                f"Backfill {self._key[2]} of {self._key[0]} began with other rows than it names "
                "now.",
                where=f"then: {row[1]}\nnow:  {self._walks}",
                state=f"{row[3]} rows were done, and stay.",
                next="put the query back as it was; what `change` does may be mended.",
            )
        self.state = State(_read(row[2]), int(row[3]), bool(row[4]))

    @property
    def table(self) -> str:
        """Its name, quoted and qualified."""
        return table_of(self._engine)

    def _life(self) -> int:
        """The last record that says the migration was applied or reverted; 0 if there is none."""
        row = self._send(
            f"SELECT MAX(id) FROM {self._engine.history_table()} WHERE name = {{0}} AND {_SETTLED}",
            (self._key[0],),
        ).fetchone()
        return int(row[0] or 0)

    def _send(self, sql: str, values: tuple[Any, ...]) -> Any:
        return self._engine.db.execute_sql(sql.format(self._engine.db.param), values)


def table_of(engine: Any) -> str:
    """The table's name, quoted and qualified as the history's is."""
    return str(engine.history_table()).replace("wheatear_history", NAME)


def make_table(engine: Any) -> None:
    """Make the table, unless it is there."""
    columns = ", ".join(f"{name} {type_}" for name, type_ in _COLUMNS)
    engine.db.execute_sql(
        f"CREATE TABLE IF NOT EXISTS {table_of(engine)} ({columns}, "
        f"PRIMARY KEY (migration, direction, number)){engine.history_options}"
    )


def forget(migration: Running) -> None:
    """A migration is recorded as done: its positions count no more, and the table goes if empty.

    What is not removed now, since the process is killed here, is seen to be old by the history, and
    removed with what the next migration leaves.
    """
    engine = migration.engine
    with suppress(Exception):
        table = table_of(engine)
        with engine.writing():
            engine.db.execute_sql(
                f"DELETE FROM {table} WHERE life <> COALESCE((SELECT MAX(id) FROM "
                f"{engine.history_table()} h WHERE h.name = migration AND {_SETTLED}), 0)"
            )
            if engine.db.execute_sql(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None:
                engine.db.execute_sql(f"DROP TABLE {table}")


# Keys as JSON

_WRITTEN: dict[type, tuple[str, Callable[[Any], str]]] = {
    bytes: ("bytes", bytes.hex),
    decimal.Decimal: ("decimal", str),
    uuid.UUID: ("uuid", str),
    dt.datetime: ("datetime", dt.datetime.isoformat),
    dt.date: ("date", dt.date.isoformat),
    dt.time: ("time", dt.time.isoformat),
}
_READ: dict[str, Callable[[str], Any]] = {
    "bytes": bytes.fromhex,
    "decimal": decimal.Decimal,
    "uuid": uuid.UUID,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
}


def _written(key: Key | None) -> str | None:
    return None if key is None else json.dumps([_as_json(value) for value in key])


def _as_json(value: Any) -> Any:
    if isinstance(value, memoryview):
        value = bytes(value)
    if value is None or type(value) in (int, str, float, bool):
        return value
    if type(value) not in _WRITTEN:
        raise MigrationFailedError(
            f"backfill() cannot keep a key of type {type(value).__name__}.",
            next="walk a table whose key is a number, a text, a time, a UUID or bytes.",
        )
    kind, write = _WRITTEN[type(value)]
    return {kind: write(value)}


def _read(text: str | None) -> Key | None:
    if text is None:
        return None
    values = json.loads(text)
    return tuple(
        _READ[next(iter(value))](next(iter(value.values()))) if isinstance(value, dict) else value
        for value in values
    )
