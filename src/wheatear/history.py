"""The history table: a log of what was run, forward and back, that nothing erases.

It lives in the database it describes. Its columns are its version: a later Wheatear adds those it
lacks, an earlier one passes over those it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import peewee

from wheatear.engines.engine import Engine, first_line
from wheatear.engines.waiting import Waiting
from wheatear.errors import DatabaseUnavailableError
from wheatear.records import (
    COLUMNS,
    ENDS,
    LEFT_BEHIND,
    NAMES,
    ONLY_ROWS,
    TOUCHED,
    UNDER_WAY,
    Entry,
    LeftBehind,
    Record,
    record_of,
    values_of,
)

T = TypeVar("T")
Rows = Callable[[str, Sequence[Any]], list[Any]]

NAME = "wheatear_history"
"""Of the table, in every database."""
JOURNAL = "wheatear_history_journal"
"""Of the table beside it, for what does not fit into a record: see `wheatear.journal.store`."""
_SAID_AT_THE_END = frozenset({"name", "direction", *ENDS})


def not_written(
    engine: Engine,
    error: Exception,
    *,
    state: str | None = None,
    next: str = "run the command again.",  # noqa: A002 - as the error calls it
) -> DatabaseUnavailableError:
    """The error that tells that the history cannot be written.

    Args:
        engine: The database.
        error: The driver's, or Peewee's.
        state: What the database is like now.
        next: What to do, where the engine knows nothing better.
    """
    told = DatabaseUnavailableError(
        f"Cannot write the history in {engine.url}: {first_line(error)}",
        state=state,
        next=engine.remedy(error) or next,
    )
    told.__cause__ = error
    return told


class _Ending(NamedTuple):
    """How a record that was begun has ended, where that is still to be written."""

    id: int
    record: Record
    touched: str | None


class History:
    """The records of one database.

    Args:
        engine: The database's engine; its connection is opened by the caller.
        waiting: Who is told, and for how long, when reading has to wait.
    """

    def __init__(self, engine: Engine, waiting: Waiting) -> None:
        self._engine = engine
        self._waiting = waiting
        self._columns: list[str] | None = None
        self._complete = False
        self._has_journal: bool | None = None
        self._postpones = False
        self._ending: _Ending | None = None

    @property
    def table(self) -> str:
        """Its name, quoted and qualified."""
        return self._engine.history_table()

    def exists(self) -> bool:
        """Whether the database has a history."""
        return bool(self._known_columns())

    def read(self) -> list[Record]:
        """Return all records, oldest first; none if there is no history yet."""
        return self._told("read", lambda: self._engine.patiently(self._read, self._waiting))

    def _read(self) -> list[Record]:
        known = self._known_columns(again=True)
        if not known:
            return []
        columns = ", ".join(name if name in known else "NULL" for name in NAMES)
        rows = self._execute(f"SELECT {columns}, id FROM {self.table} ORDER BY id").fetchall()
        return [record_of(row) for row in rows]

    def entries(self) -> list[Entry]:
        """Return of all records what planning needs, oldest first."""
        return self._told("read", lambda: self._engine.patiently(self._entries, self._waiting))

    def _entries(self) -> list[Entry]:
        if not self._has_journal:
            self._has_journal = None  # others may have made it since
        if not self._known_columns(again=True):
            return []
        rows = self._execute(
            f"SELECT {', '.join(Entry._fields)} FROM {self.table} ORDER BY id"
        ).fetchall()
        return [*map(Entry._make, rows)]

    def last_id(self) -> int:
        """Return the newest record's id: unchanged, so is the history."""
        return int(self._execute(f"SELECT MAX(id) FROM {self.table}").fetchone()[0] or 0)

    def ensure(self) -> None:
        """Make the table, or add the columns that an earlier version did not have.

        Called under the lock; where DDL is transactional, inside the migration's transaction.
        """
        if not self._complete:
            self._told("write", self._complete_table)

    def _complete_table(self) -> None:
        known = self._known_columns(again=True)
        lacking = [(name, type_) for name, type_ in self._typed() if name not in known]
        if lacking:
            with self._engine.writing():
                self._make(lacking, anew=not known)
            self._known_columns(again=True)
        self._complete = True

    def _make(self, lacking: Sequence[tuple[str, str]], *, anew: bool) -> None:
        if anew:
            columns = ", ".join(f"{name} {type_}" for name, type_ in lacking)
            self._execute(
                f"CREATE TABLE {self.table} (id {self._engine.history_id}, {columns})"
                f"{self._engine.history_options}"
            )
            return
        for name, type_ in lacking:
            self._execute(f"ALTER TABLE {self.table} ADD COLUMN {name} {type_}")

    def forget(self) -> None:
        """What `ensure` did was rolled back: look again next time."""
        self._complete = False
        self._columns = self._has_journal = None

    def add(self, record: Record, touched: str | None = None) -> int:
        """Append a record and return its id.

        Args:
            record: The record.
            touched: What the migration touched, if that is known.
        """
        return self._told("write", lambda: self._add(record, touched))

    def _add(self, record: Record, touched: str | None) -> int:
        id_ = self.inserted_id(self._execute(*self.insertion(record, touched=touched)))
        self.inserted()
        return id_

    # What the journal sends, on the driver's own connection: while a migration runs, Peewee's is
    # watched.

    def insertion(
        self, record: Record, *, journal: str | None = None, touched: str | None = None
    ) -> tuple[str, list[Any]]:
        """The statement that appends a record, and its values.

        It also says how the record before has ended, where that was postponed; `inserted` is to be
        called when it is committed.

        Args:
            record: The record.
            journal: The first entries of its journal.
            touched: What the migration touched, if that is known.
        """
        names, values = [*NAMES, TOUCHED], values_of(record, touched)
        if journal is not None or self._ending:
            names, values = [*names, "journal"], [*values, journal]
        if self._ending:  # the new row comes first: its id is the one that the driver tells
            rows = [[None, *values], self._ended(names, self._ending)]
            more = self._engine.or_update([*ENDS, "journal"])
            return self._inserted(["id", *names], rows, f" {more}")
        returning = " RETURNING id" if self._engine.db.returning_clause else ""
        return self._inserted(names, [values], returning)

    @staticmethod
    def _ended(names: Sequence[str], before: _Ending) -> list[Any]:
        """The row of the record before, as it ended: what stays as it was need not be said again,
        but for whose it is.
        """
        ends = zip((*NAMES, TOUCHED), values_of(before.record, before.touched), strict=True)
        said = {name: value for name, value in ends if name in _SAID_AT_THE_END}
        return [before.id, *map(said.get, names)]

    def _inserted(
        self, names: Sequence[str], rows: Sequence[Sequence[Any]], more: str
    ) -> tuple[str, list[Any]]:
        """An INSERT of these rows; a value that is none is written as such, which costs less."""
        mark = self._engine.db.param
        marks = [", ".join(["NULL" if one is None else mark for one in row]) for row in rows]
        sql = f"INSERT INTO {self.table} ({', '.join(names)}) VALUES ({'), ('.join(marks)}){more}"
        return sql, [one for row in rows for one in row if one is not None]

    def inserted(self) -> None:
        """What `insertion` says is committed."""
        self._ending = None

    def inserted_id(self, cursor: Any) -> int:
        """The id of the record that was appended."""
        last = self._engine.db.last_insert_id  # not every driver's cursor knows it
        return int(cursor.fetchone()[0] if self._engine.db.returning_clause else last(cursor))

    def ending(
        self, id_: int, record: Record, *, clear: bool, touched: str | None = None
    ) -> tuple[str, list[Any]]:
        """The statement that says how a record that was begun has ended, and its values.

        Args:
            id_: Its id.
            record: As it ended.
            clear: Its journal is no longer needed.
            touched: What the migration touched, if that is known.
        """
        mark = self._engine.db.param
        journal = ", journal = NULL" if clear else ""
        sets = ", ".join(f"{name} = {mark}" for name in ENDS)
        values = dict(zip((*NAMES, TOUCHED), values_of(record, touched), strict=True))
        sql = f"UPDATE {self.table} SET {sets}{journal} WHERE id = {mark}"
        return sql, [*(values[name] for name in ENDS), id_]

    @contextmanager
    def postponing(self) -> Iterator[None]:
        """For the block, how a record has ended may be written together with the next record, where
        the engine can in one statement; what is left is written at the block's end.
        """
        self._postpones = self._engine.or_update([]) is not None
        try:
            yield
        except BaseException:
            self._conclude_after_failure()
            raise
        finally:
            self._postpones = False
        self.conclude()

    def _conclude_after_failure(self) -> None:
        try:
            self.conclude()
        except Exception:  # noqa: BLE001 - the failure itself is what the user has to know first
            if self._ending is not None:
                self._waiting.tell(f"{self._unrecorded(self._ending.record)}; the next run sees it")

    @staticmethod
    def _unrecorded(record: Record) -> str:
        done = "applied" if record.direction == "forward" else "reverted"
        return f"{record.name} is {done}, but that could not be recorded: it shows as interrupted"

    def postpone(self, id_: int, record: Record, touched: str | None) -> bool:
        """Leave it to the next record to say how this one has ended; its journal is done with.

        Args:
            id_: Its id.
            record: As it ended.
            touched: What the migration touched, if that is known.

        Returns:
            Whether that is possible.
        """
        if self._postpones:
            self._ending = _Ending(id_, record, touched)
        return self._postpones

    def conclude(self, send: Callable[[str, Any], Any] | None = None) -> None:
        """Write now how the last record has ended, if that was postponed.

        Args:
            send: Sends the statement, where Peewee's connection is watched.
        """
        if self._ending is None:
            return
        id_, record, touched = self._ending
        sql, values = self.ending(id_, record, clear=True, touched=touched)
        try:
            (send or self._execute)(sql, values).close()
        except Exception as error:  # Peewee's, or of what sends it the driver's
            raise not_written(
                self._engine,
                error,
                state=f"{self._unrecorded(record)}.",
                next="run the command again: it sees that it is done.",
            ) from error
        self._ending = None

    def has_journal(self) -> bool:
        """Whether the table beside the history is there; asked before a migration runs."""
        if self._has_journal is None:
            self._has_journal = bool(self._engine.history_columns(JOURNAL))
        return self._has_journal

    def journal_creation(self) -> str:
        """The statement that makes the table beside the history."""
        type_ = self._engine.history_types.get("TEXT", "TEXT")
        self._has_journal = True
        return (
            f"CREATE TABLE {self._journal} (record BIGINT NOT NULL, part INTEGER NOT NULL, "
            f"entries {type_} NOT NULL, PRIMARY KEY (record, part)){self._engine.history_options}"
        )

    def journal_insertion(self, record: int, part: int, text: str) -> tuple[str, list[Any]]:
        """The statement that appends entries to a record's journal, and its values."""
        mark = self._engine.db.param
        return f"INSERT INTO {self._journal} VALUES ({mark}, {mark}, {mark})", [record, part, text]

    def journal_deletion(self, record: int) -> tuple[str, list[Any]]:
        """The statement that deletes a record's journal, and its values."""
        return f"DELETE FROM {self._journal} WHERE record = {self._engine.db.param}", [record]

    def begun_id(self, record: Record, rows: Rows) -> int | None:
        """Look for the record of a migration that was begun; None if there is none.

        Args:
            record: As it was begun.
            rows: Sends a query.
        """
        mark = self._engine.db.param
        where = f"run = {mark} AND name = {mark} AND started_at = {mark}"
        values = [record.run, record.name, record.started_at]
        found: int | None = rows(f"SELECT MAX(id) FROM {self.table} WHERE {where}", values)[0][0]
        return found

    def last_part(self, record: int, rows: Rows) -> int:
        """Look for the last part of a record's journal; the arguments are those above."""
        sql = f"SELECT MAX(part) FROM {self._journal} WHERE record = {self._engine.db.param}"
        return rows(sql, [record])[0][0] or 0

    def begun_deletions(self, record: int, parts: int | None) -> list[tuple[str, list[Any]]]:
        """The statements that take back what was written of a migration that was begun.

        Args:
            record: Its record's id.
            parts: So many parts of its journal stay; None if nothing does.
        """
        mark = self._engine.db.param
        if parts is None:
            deletions = [(f"DELETE FROM {self.table} WHERE id = {mark}", [record])]
            return deletions + ([self.journal_deletion(record)] if self._has_journal else [])
        sql, values = self.journal_deletion(record)
        return [(f"{sql} AND part > {mark}", [*values, parts])]

    def journal_of(self, record: int) -> list[str]:
        """A record's journal, as it was written; empty if it has none."""
        if "journal" not in self._known_columns():
            return []
        mark = self._engine.db.param
        sql = f"SELECT journal FROM {self.table} WHERE id = {mark}"
        row = self._execute(sql, [record]).fetchone()
        if row is None or row[0] is None:
            return []
        parts = [row[0]]
        if self.has_journal():
            sql = f"SELECT entries FROM {self._journal} WHERE record = {mark} ORDER BY part"
            parts += [text for (text,) in self._execute(sql, [record]).fetchall()]
        return parts

    def forget_journal(self, record: int) -> None:
        """A record that did not end is settled by other means: its journal is of no use."""
        if not self.journal_of(record):
            return
        mark = self._engine.db.param
        self._execute(f"UPDATE {self.table} SET journal = NULL WHERE id = {mark}", [record])
        if self.has_journal():
            self._execute(*self.journal_deletion(record))

    @property
    def _journal(self) -> str:
        return self._engine.history_table(JOURNAL)

    def recorded(self) -> set[int]:
        """Return the ids of the records from which a way back can be derived."""
        if TOUCHED not in self._known_columns():
            return set()
        mark = self._engine.db.param
        sql = f"SELECT id FROM {self.table} WHERE {TOUCHED} <> {mark}"  # nor is NULL
        return {int(id_) for (id_,) in self._execute(sql, [ONLY_ROWS]).fetchall()}

    def run_of(self, id_: int) -> str | None:
        """Return the run that a record belongs to."""
        sql = f"SELECT run FROM {self.table} WHERE id = {self._engine.db.param}"
        row = self._execute(sql, [id_]).fetchone()
        return row[0] if row else None

    def touched(self, id_: int) -> str | None:
        """Return what the migration of a record touched, or None if that is not known."""
        if TOUCHED not in self._known_columns():
            return None
        sql = f"SELECT {TOUCHED} FROM {self.table} WHERE id = {self._engine.db.param}"
        row = self._execute(sql, [id_]).fetchone()
        return row[0] if row else None

    def leave_behind(self, id_: int, fingerprint: str, text: str) -> None:
        """Keep the schema that a run left behind, beside its last record; older ones go."""
        mark = self._engine.db.param
        self._execute(
            f"UPDATE {self.table} SET fingerprint = {mark}, left_behind = {mark} WHERE id = {mark}",
            [fingerprint, text, id_],
        )
        self._execute(
            f"UPDATE {self.table} SET left_behind = NULL "
            f"WHERE id < {mark} AND left_behind IS NOT NULL",
            [id_],
        )

    def left_behind(self) -> LeftBehind | None:
        """Return what the newest record that changed anything says; None if there is none."""
        known = self._known_columns()
        if not known:
            return None
        kept = ", ".join(name if name in known else "NULL" for name, _ in LEFT_BEHIND)
        row = self._execute(
            f"SELECT name, {kept} FROM {self.table} "
            "WHERE outcome NOT IN ('accepted', 'failed') ORDER BY id DESC LIMIT 1"
        ).fetchone()
        return LeftBehind(*row) if row else None

    def _typed(self) -> list[tuple[str, str]]:
        types = self._engine.history_types
        columns = (*COLUMNS, *LEFT_BEHIND, (TOUCHED, "TEXT"), *UNDER_WAY)
        return [(name, types.get(type_, type_)) for name, type_ in columns]

    def _known_columns(self, *, again: bool = False) -> list[str]:
        if self._columns is None or again:
            self._columns = self._engine.history_columns()
        return self._columns

    def _told(self, what: str, action: Callable[[], T]) -> T:
        """Rights may be missing here that the migrations themselves do not need."""
        try:
            return action()
        except peewee.PeeweeException as error:
            raise DatabaseUnavailableError(
                f"Cannot {what} the history in {self._engine.url}: {first_line(error)}",
                state="nothing was changed.",
                next=self._engine.remedy(error) or "look at the table wheatear_history.",
            ) from error

    def _execute(self, sql: str, values: Sequence[Any] | None = None) -> Any:
        return self._engine.db.execute_sql(sql, values)
