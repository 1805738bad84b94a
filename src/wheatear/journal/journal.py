"""The journal of one migration: begun or taken up again, and ended with its record."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from wheatear.capture import Rules, Statement
from wheatear.engines.engine import Engine
from wheatear.engines.waiting import Waiting
from wheatear.history import History
from wheatear.journal import stops
from wheatear.journal.backfills import Asked, Begun
from wheatear.journal.connection import JournaledCursor
from wheatear.journal.entries import Entry
from wheatear.journal.pending import Pending
from wheatear.journal.recorder import Recorder
from wheatear.journal.served import Served
from wheatear.journal.store import Store
from wheatear.journal.tape import Tape
from wheatear.one_line import one_line
from wheatear.records import Record


class Journal:
    """One migration's.

    Args:
        engine: The database.
        history: Its history.
        waiting: How long to wait for what a dead run has left at work, and who is told.
        record: The migration's record, as it begins.
        resumes: The id of the record that a run that died has left; None to begin.

    Raises:
        HistoryError: What was in flight cannot be settled by looking.
    """

    def __init__(
        self,
        engine: Engine,
        history: History,
        waiting: Waiting,
        record: Record,
        resumes: int | None = None,
    ) -> None:
        self._history = history
        self._record = record
        self._ways = engine.journaling()
        self._ddl_commits = not engine.transactional_ddl
        self._store = Store(history, self._ways, record, {"seed": secrets.randbits(64)}, resumes)
        history.has_journal()  # asked now: later, Peewee's connection is watched
        entries, settled = self._taken_up(waiting) if resumes is not None else ([], None)
        given = [one for entry in entries for one in entry.given]
        self._served = Served(self._store.head["seed"], given)
        self._pending = Pending(self._store, len(entries))
        tape = Tape(entries)
        self._ways.replays = lambda: tape.plays
        self._recorder = Recorder(
            record.name,
            self._ways,
            pending=self._pending,
            tape=tape,
            served=self._served,
            tell=waiting.tell,
        )
        if resumes is not None:
            self._store.conclude()
            self._recorder.resume(settled)

    def _taken_up(self, waiting: Waiting) -> tuple[list[Entry], Entry | None]:
        """What has taken effect; and its last entry, if that is only known by looking."""
        entries, settled = self._store.load(), None
        last = entries[-1] if entries else None
        if last is not None and last.is_open:
            sql = last.intent.get("text", last.sql)
            self._ways.wait_for(sql, last.intent, waiting)
            found = self._ways.settle(sql, last.intent, dead=True)
            if found.done is None:
                raise stops.cannot_settle(self._record.name, last.sql, found.why)
            if found.done:
                last.answer, last.effect, settled = {}, True, last
        end = max((number for number, one in enumerate(entries, 1) if one.effect), default=0)
        return entries[:end], settled

    @property
    def record_id(self) -> int | None:
        """The record's, once it is written."""
        return self._store.record_id

    @property
    def stays(self) -> bool:
        """Something has taken effect, or may have."""
        return bool(self._pending.effects or self.in_flight)

    @property
    def in_flight(self) -> bool:
        """A statement was sent, and nobody knows what came of it."""
        return self._recorder.in_flight

    def begin_backfill(self, asked: Asked) -> Begun:
        """Begin a backfill, or go on with it."""
        return self._recorder.begin_backfill(asked, self._record.checksum)

    def in_transaction(self) -> bool:
        """Whether the migration has left a transaction open."""
        return self._recorder.in_transaction()

    def rules(self, allowed: frozenset[str]) -> Rules:
        """How the migration's statements pass."""
        return Rules(
            allowed,
            transactional=False,
            through=self._recorder.send,
            cursor=JournaledCursor,
            ddl_commits=self._ddl_commits,
        )

    @contextmanager
    def serving(self, module: Any) -> Iterator[None]:
        """Give the function the same time and chance for the block; then see that it went all the
        way it had gone before.
        """
        with self._served.serving(vars(module)):
            yield
        self._recorder.end()
        self._ways.come_home()

    def aside(self) -> AbstractContextManager[None]:
        """For the block, time and chance are nobody's: what goes past the journal is not kept."""
        return self._served.aside()

    def finish(
        self,
        record: Record,
        statements: Sequence[Statement],
        touched: str | None,
        *,
        at_once: bool,
    ) -> int:
        """Write the record as it ended, done; the entries go.

        Args:
            record: As it ended.
            statements: Those that took effect.
            touched: What they touched, if that is known.
            at_once: Something follows that the record has to say first. If not, what it says may
                be left to the next record: until then the journal tells the same.

        Returns:
            The record's id.
        """
        lines = tuple(one_line(one.sql) for one in statements)
        record = record._replace(statements=lines)
        if self._store.record_id is None:
            sql, values = self._history.insertion(record, touched=touched)
            with self._ways.writing():
                cursor = self._ways.send(sql, values)
                id_ = self._history.inserted_id(cursor)
            self._history.inserted()
            return id_
        id_ = self._store.record_id
        if at_once or not self._tells_all or not self._history.postpone(id_, record, touched):
            self._end(record, [], clear=True, touched=touched)
        return id_

    @property
    def _tells_all(self) -> bool:
        """A run that takes up the journal sees that all is done, and does nothing again."""
        return self._store.is_in_record and all(map(self._is_seen, self._pending.entries))

    def _is_seen(self, entry: Entry) -> bool:
        """What came of an entry that is still to be written is seen by looking."""
        if entry.intent is None:
            return entry.reads and self._ways.reads_definitions(entry.sql)
        again = entry.intent.get("again") or self._ways.unsettled(entry.intent)
        return entry.effect and not again

    def fail(self, record: Record, statements: Sequence[Statement]) -> None:
        """Write how it failed: what took effect is kept for the next run.

        Args:
            record: As it ended.
            statements: Those that took effect.
        """
        record = record._replace(statements=tuple(one_line(one.sql) for one in statements))
        if self._ways.in_transaction(after_error=True):
            self._ways.rollback()
        if self._store.record_id is None:
            with self._ways.writing():
                self._ways.send(*self._history.insertion(record)).close()
            self._history.inserted()
            return
        clear = record.outcome == "failed"
        lines = self._pending.lines_at_failure(in_flight=self.in_flight)
        self._end(record, [] if clear else lines, clear=clear)

    def _end(
        self, record: Record, lines: Sequence[str], *, clear: bool, touched: str | None = None
    ) -> None:
        """One commit."""
        id_ = self._store.record_id or 0
        sends = [self._history.ending(id_, record, clear=clear, touched=touched)]
        sends += self._store.clears() if clear else []
        if lines:
            self._store.prepare()
        together = len(sends) > 1 or bool(lines) or self._ways.lock_is_beside
        if together:
            self._ways.begin()
        if lines:
            self._store.write(lines)
        for sql, values in sends:
            self._ways.send(sql, values).close()
        if together:
            self._ways.commit()
