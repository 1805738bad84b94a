"""Rows kept aside before what holds them is dropped, and put back into what is there again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import peewee

from wheatear.engines.alterations import Alteration, Drops, Word, alterations

if TYPE_CHECKING:
    from wheatear.engines.engine import Engine

_AROUND_TABLE = {
    *("TEMP", "TEMPORARY", "UNLOGGED", "OR", "REPLACE", "IF", "NOT", "EXISTS", "GLOBAL", "LOCAL"),
}


class Stored(NamedTuple):
    """A column whose values are stored.

    Attributes:
        name: Its name.
        type: Its type, as a cast says it.
        is_key: It is part of the primary key.
        is_plain: Its values can be copied as they are, else as text.
        touch: What keeps its value where other columns of the row are written; empty for nothing.
    """

    name: str
    type: str = ""
    is_key: bool = False
    is_plain: bool = True
    touch: str = ""


class Aside(ABC):
    """What one engine does to keep rows aside.

    A store is a table of its own: a column `c1`, `c2`, … for each that is kept, in their order, and
    no constraint, so that nothing that was dropped has to be there.

    Args:
        engine: The database, connected.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # What a statement is about to drop

    @abstractmethod
    def words_of(self, sql: str) -> list[Word]:
        """A statement's words."""

    @property
    @abstractmethod
    def schemas(self) -> Collection[str]:
        """What may stand before a table's name and means the schema that is ours."""

    @abstractmethod
    def find(self, name: str) -> str | None:
        """The table of this name as it is stored; None if it is none."""

    @abstractmethod
    def columns(self, table: str) -> list[Stored]:
        """Its columns that hold values of their own, in order."""

    def fold(self, name: str) -> str:
        """What is equal where two columns are the same."""
        return name

    def fold_table(self, name: str) -> str:
        """What is equal where two tables are the same."""
        return self.fold(name)

    def statements(self, sql: str) -> list[list[Word]]:
        """The words of each statement in a text, which may hold several."""
        if self.engine.db.param == "%s":  # which the driver has yet to fill in
            sql = sql.replace("%%", "%")
        found: list[list[Word]] = [[]]
        for word in self.words_of(sql):
            if word.text == ";":
                found.append([])
            else:
                found[-1].append(word)
        return [words for words in found if words]

    def alterations(self, words: Sequence[Word]) -> list[Alteration]:
        """What a statement renames and drops in our schema, in its own spelling."""
        return [
            one
            for one in alterations(words)
            if not isinstance(one, Drops) or one.schema is None or one.schema in self.schemas
        ]

    def made_by(self, every: Sequence[Word]) -> tuple[str | None, bool]:
        """The table that a CREATE TABLE makes, and whether in the place of one of that name."""
        words = [word for word in every if word.text not in _AROUND_TABLE]
        if len(words) < 3 or [word.text for word in words[:2]] != ["CREATE", "TABLE"]:
            return None, False
        at = 4 if len(words) > 4 and words[3].text == "." else 2
        return words[at].name, [word.text for word in every[:3]] == ["CREATE", "OR", "REPLACE"]

    # Keeping

    @property
    def list_options(self) -> str:
        """What follows the columns of the table that lists what is kept."""
        return self.engine.history_options

    @abstractmethod
    def quoted(self, name: str) -> str:
        """The name as SQL."""

    def place(self, table: str) -> str:
        """The table as SQL, whatever the connection's settings are."""
        return self.quoted(table)

    def lock(self, table: str) -> None:  # noqa: B027 - one engine can
        """Let nobody write to a table from here to the end of the transaction, where that works."""

    def keep(self, table: str, columns: Sequence[Stored], store: str) -> int:
        """Copy columns of a table into a new store; return how many rows there are."""
        self.lock(table)
        read = ", ".join(f"{self._read(one)} AS c{at}" for at, one in enumerate(columns, 1))
        self.send(f"CREATE TABLE {self.place(store)} AS SELECT {read} FROM {self.place(table)}")
        return self.count(store)

    def _read(self, column: Stored) -> str:
        return self.quoted(column.name)

    def count(self, store: str) -> int:
        """How many rows a store has."""
        return int(self.send(f"SELECT count(*) FROM {self.place(store)}")[0][0])

    def has_rows(self, table: str) -> bool:
        """Whether there is a row in a table."""
        return bool(self.send(f"SELECT 1 FROM {self.place(table)} LIMIT 1"))

    def discard(self, store: str) -> None:
        """Drop a store."""
        self.send(f"DROP TABLE IF EXISTS {self.place(store)}")

    # Putting back

    def put_rows(self, table: str, names: Sequence[tuple[int, Stored]], store: str) -> None:
        """Put whole rows back.

        Args:
            table: The table that is there again.
            names: Of its columns, each with its number in the store.
            store: The store.
        """
        written = ", ".join(self.quoted(one.name) for _, one in names)
        read = ", ".join(self._written(f"c{at}", one) for at, one in names)
        self.send(
            f"INSERT INTO {self.place(table)} ({written}){self.overriding} "
            f"SELECT {read} FROM {self.place(store)}"
        )

    def points_at(self, table: str) -> set[str]:
        """The other tables that its foreign keys want rows in, each as `place` says it."""
        del table
        return set()

    overriding = ""
    """What lets an INSERT write a key that the database would make."""

    @abstractmethod
    def put_values(
        self,
        table: str,
        keys: Sequence[tuple[int, Stored]],
        names: Sequence[tuple[int, Stored]],
        store: str,
    ) -> None:
        """Put columns' values back into the rows whose key is the same.

        Args:
            table: The table.
            keys: Its key's columns, each with its number in the store.
            names: The columns that are there again, likewise.
            store: The store.
        """

    def _written(self, value: str, column: Stored) -> str:
        del column
        return value

    def index(self, store: str, keys: Sequence[tuple[int, Stored]]) -> None:
        """Find a store's rows by their key; without it, it only takes longer."""
        parts = ", ".join(f"c{at}" for at, _ in keys)
        name = self.quoted(f"{store}_key")
        with suppress(peewee.PeeweeException), self.engine.db.atomic():
            self.send(f"CREATE INDEX {name} ON {self.place(store)} ({parts})")

    @contextmanager
    def without_triggers(self, table: str) -> Iterator[None]:
        """The table's triggers do not see what is put back, where they can be made not to."""
        del table
        yield

    def send(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Send a statement of ours; return its rows."""
        if not values and self.engine.db.param == "%s":
            sql = sql.replace("%", "%%")
        cursor = self.engine.db.execute_sql(sql, tuple(values))
        return list(cursor.fetchall()) if cursor.description else []
