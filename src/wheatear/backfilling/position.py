"""How far a backfill has come, in a table beside the history while it is not at its end.

A position belongs to a migration's record and to the backfill's entry in its journal, and is
written with the batch that it tells of: what is left of other records counts for nothing.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from wheatear.errors import MigrationFailedError
from wheatear.journal.values import NotStorableError, decode, encode

if TYPE_CHECKING:
    from wheatear.backfilling.walk import Key
    from wheatear.engines.engine import Engine

NAME = "wheatear_backfill"
"""Of the table, beside the history."""

_COLUMNS = (
    ("record", "BIGINT NOT NULL"),
    ("number", "INTEGER NOT NULL"),
    ("position", "TEXT"),
    ("done", "BIGINT NOT NULL"),
    ("finished", "INTEGER NOT NULL"),
)
_WHERE = "record = {0} AND number = {0}"


class State(NamedTuple):
    """Where a backfill stands.

    Attributes:
        at: The key of the last row that is done; None before the first.
        rows: So many are done.
        finished: All are.
        kept: It is in the table.
    """

    at: Key | None = None
    rows: int = 0
    finished: bool = False
    kept: bool = False


class Position:
    """The position of one call.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
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

    @property
    def progress(self) -> tuple[int, bool]:
        """What is another after each batch: its rows, and whether it is finished."""
        return self.state.rows, self.state.finished

    def move(self, count: int, last: Key | None) -> None:
        """Note a batch.

        Args:
            count: Its rows.
            last: The key of its last row; None if there are no more after it.
        """
        self.state = State(last, self.state.rows + count, last is None, self.state.kept)

    def load(self, record: int, number: int) -> bool:
        """Take up what an earlier run has left.

        Args:
            record: The migration's record.
            number: The backfill's place in the migration.

        Returns:
            Whether there is anything.
        """
        row = self._send(
            f"SELECT position, done, finished FROM {{table}} WHERE {_WHERE}", (record, number)
        ).fetchone()
        if row is not None:
            self.state = State(_read(row[0]), int(row[1]), bool(row[2]), kept=True)
        return row is not None

    def save(self, record: int, number: int) -> None:
        """Write it, in the transaction that is open."""
        state, key = self.state, (record, number)
        values = (_written(state.at), state.rows, int(state.finished))
        if state.kept:
            sets = "position = {0}, done = {0}, finished = {0}"
            self._send(f"UPDATE {{table}} SET {sets} WHERE {_WHERE}", (*values, *key))
            return
        self._send(f"DELETE FROM {{table}} WHERE {_WHERE}", key)
        marks = "{0}, {0}, {0}, {0}, {0}"
        self._send(f"INSERT INTO {{table}} VALUES ({marks})", (*key, *values))
        self.state = state._replace(kept=True)

    def _send(self, sql: str, values: tuple[Any, ...]) -> Any:
        text = sql.format(self._engine.db.param, table=table_of(self._engine))
        return self._engine.db.execute_sql(text, values)


def table_of(engine: Engine) -> str:
    """The table's name, quoted and qualified as the history's is."""
    return engine.history_table(NAME)


def make_table(engine: Engine) -> None:
    """Make the table, unless it is there."""
    columns = ", ".join(f"{name} {type_}" for name, type_ in _COLUMNS)
    with engine.writing():
        engine.db.execute_sql(
            f"CREATE TABLE IF NOT EXISTS {table_of(engine)} ({columns}, "
            f"PRIMARY KEY (record, number)){engine.history_options}"
        )


def forget(engine: Engine) -> None:
    """A migration is recorded as done. While one is not, no other runs: no position counts now.

    What is not removed, since the process is killed here, goes with what the next one leaves.
    """
    with suppress(Exception), engine.writing():
        engine.db.execute_sql(f"DROP TABLE IF EXISTS {table_of(engine)}")


def _written(key: Key | None) -> str | None:
    """A key as JSON."""
    try:
        return None if key is None else json.dumps([encode(value) for value in key])
    except NotStorableError as error:
        raise MigrationFailedError(
            f"backfill() cannot keep a key of type {error}.",
            next="walk a table whose key is a number, a text, a time, a UUID or bytes.",
        ) from None


def _read(text: str | None) -> Key | None:
    return None if text is None else tuple(decode(value) for value in json.loads(text))
