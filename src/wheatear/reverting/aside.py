"""The list of dropped rows that are kept aside, until they are put back or purged.

`keeping.py` adds to it, `put_back.py` takes from it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from wheatear.engines.engine import Engine
from wheatear.schema.ours import KEPT

_COLUMNS = (
    ("migration", "VARCHAR(255)"),
    ("run", "VARCHAR(32)"),
    ("table_name", "VARCHAR(255)"),
    ("store", "TEXT"),
    ("kept_at", "VARCHAR(32)"),
    ("row_count", "BIGINT"),
)
_NAMES = ", ".join(name for name, _ in _COLUMNS)


class Kept(NamedTuple):
    """What is kept of one table.

    Attributes:
        id: Its number.
        migration: The migration that dropped it.
        run: The run that the migration was a part of.
        table: The table, under its name before the migration.
        columns: The columns of the store, in order.
        keys: Those that tell rows apart.
        restored: The columns that were dropped; empty for the whole table.
        kept_at: UTC, ISO 8601 with `Z`.
        rows: How many.
    """

    id: int
    migration: str
    run: str
    table: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    restored: tuple[str, ...]
    kept_at: str
    rows: int

    @property
    def store(self) -> str:
        """The table that the rows are in."""
        return f"{KEPT}_{self.id}"

    @property
    def what(self) -> str:
        """What it is, for people."""
        if not self.restored:
            return f"table {self.table}"
        names = ", ".join(self.restored)
        return f"column{'s' if len(self.restored) > 1 else ''} {names} of table {self.table}"


class KeptAside:
    """What is kept in one database.

    Args:
        engine: The database, connected.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.aside = engine.aside()

    def of(self, migration: str, run: str | None) -> list[Kept]:
        """What one migration of one run has dropped, oldest first.

        A copy that a killed run has only begun has no number of rows.
        """
        return [
            one for one in self.all() if (one.migration, one.run) == (migration, run) and one.rows
        ]

    def older_than(self, age: timedelta) -> list[Kept]:
        """What was kept longer ago than that."""
        limit = _time(datetime.now(timezone.utc) - age)
        return [one for one in self.all() if one.kept_at <= limit]

    def all(self) -> list[Kept]:
        """All of it, oldest first."""
        if self.aside.find(KEPT) is None:
            return []
        rows = self.aside.send(f"SELECT id, {_NAMES} FROM {self._table} ORDER BY id")
        return [*map(_kept, rows)]

    def add(self, migration: str, run: str, table: str) -> int:
        """Note what is going to be kept; return its number.

        Which is not the database's to make: that would be its answer when the migration asks for
        the number that it has got last.
        """
        if self.aside.find(KEPT) is None:
            self._create()
        id_ = int(self.aside.send(f"SELECT coalesce(max(id), 0) + 1 FROM {self._table}")[0][0])
        marks = ", ".join([self.engine.db.param] * (1 + len(_COLUMNS)))
        store, now = store_text((), (), ()), _time(datetime.now(timezone.utc))
        self.aside.send(
            f"INSERT INTO {self._table} (id, {_NAMES}) VALUES ({marks})",
            (id_, migration, run, table, store, now, None),
        )
        return id_

    def change(self, id_: int, **values: Any) -> None:
        """Note more of it."""
        mark = self.engine.db.param
        sets = ", ".join(f"{name} = {mark}" for name in values)
        self.aside.send(
            f"UPDATE {self._table} SET {sets} WHERE id = {mark}", (*values.values(), id_)
        )

    def remove(self, id_: int) -> None:
        """Drop what is kept, and the note of it."""
        self.aside.discard(f"{KEPT}_{id_}")
        self.aside.send(f"DELETE FROM {self._table} WHERE id = {self.engine.db.param}", (id_,))

    @property
    def _table(self) -> str:
        return self.aside.place(KEPT)

    def _create(self) -> None:
        engine = self.engine
        types = engine.history_types
        columns = ", ".join(f"{name} {types.get(type_, type_)}" for name, type_ in _COLUMNS)
        with engine.writing():
            self.aside.send(
                f"CREATE TABLE {self._table} (id BIGINT NOT NULL PRIMARY KEY, {columns})"
                f"{self.aside.list_options}"
            )


def _kept(row: tuple[Any, ...]) -> Kept:
    id_, migration, run, table, store, kept_at, rows = row
    value = json.loads(store)
    columns, keys, restored = (tuple(value[name]) for name in ("columns", "keys", "restored"))
    return Kept(id_, migration, run, table, columns, keys, restored, kept_at, rows or 0)


def store_text(columns: Sequence[str], keys: Sequence[str], restored: Sequence[str]) -> str:
    """How a store's columns are noted: all, those that tell rows apart, and the dropped ones."""
    value = {"columns": columns, "keys": keys, "restored": restored}
    return json.dumps(value, ensure_ascii=False)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
