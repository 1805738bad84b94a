"""Where each statement of a journaled migration passes: answered from the tape, or sent and noted.

An entry is written where its statement can no longer be undone, and not before: in the transaction
of the statement, before the migration's own COMMIT, or, for a statement that commits by itself, as
an intent before it is sent. Reads, errors and what was rolled back wait for the next such write. So
a statement costs one write, and its done mark goes with the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from wheatear.capture import Statement
from wheatear.engines.journaling import Journaling, Kind
from wheatear.engines.waiting import persistently
from wheatear.errors import DatabaseUnavailableError, HistoryError, MigrationFailedError
from wheatear.history import not_written
from wheatear.journal import stops
from wheatear.journal.alone import Alone
from wheatear.journal.answers import Answer, load_answer, load_error, store_error
from wheatear.journal.backfills import Asked, Begun, changes_alike, is_mended
from wheatear.journal.entries import Entry, cut, new_entry
from wheatear.journal.holding import Holding
from wheatear.journal.pending import Pending
from wheatear.journal.sameness import digest
from wheatear.journal.served import Served
from wheatear.journal.tape import StoppedError, Tape

_SHOWN_OF_READS = 200


class Recorder:
    """One migration's passage.

    Args:
        name: The migration, for messages.
        ways: The engine's.
        pending: Where entries wait.
        tape: What a run that died has done.
        served: What the function was given beside.
        tell: Called with a sentence for the user.
    """

    def __init__(
        self,
        name: str,
        ways: Journaling,
        *,
        pending: Pending,
        tape: Tape,
        served: Served,
        tell: Callable[[str], None],
    ) -> None:
        self._name = name
        self._ways = ways
        self._pending = pending
        self._tape = tape
        self._served = served
        self._number = len(tape)
        self._dirty = False
        """The migration's own transaction has changed something."""
        self._was_inside = False
        self._after_error = False
        self._holding = Holding(ways.session_values)
        self._by_itself = Alone(ways, pending, self._holding, tell)
        self._stopped: StoppedError | None = None

    def resume(self, settled: Entry | None) -> None:
        """Go on after the tape.

        Args:
            settled: Its last entry, if that was in flight and has taken effect.
        """
        self._holding.resumed = True
        self._pending.begin_with([cut(self._number)], [settled] if settled else [])

    def send(self, statement: Statement, parameters: Any, run: Callable[[], Any]) -> Any:
        """Answer a statement, or send it.

        Args:
            statement: The statement.
            parameters: Its parameters, whatever they are.
            run: Sends it.

        Returns:
            What the driver answered, or had answered.
        """
        statement.sql = self._ways.as_sent(statement.sql, parameters)
        kind = self._ways.kind(statement.sql)
        if kind == "setting":
            self._refuse(statement.sql, inside=self.in_transaction())
            answer = self._set_again(run) if self._is_over(statement.sql) else run()
            self._holding.setting(statement.sql)
            return answer
        if self._stopped is not None:
            raise self._stopped
        entry = new_entry(self._number, statement.sql, parameters)
        if self._tape.plays:
            statement.replayed = True
            self._follow(kind)
            return self._replayed(entry, statement.sql, run)
        return self._first_time(entry, kind, statement.sql, run)

    def begin_backfill(self, asked: Asked, checksum: str | None) -> Begun:
        """Begin a backfill, or go on with it.

        Args:
            asked: What is asked of it.
            checksum: Of the migration's file.
        """
        if self._stopped is not None:
            raise self._stopped
        if self._tape.plays:
            return self._begun_before(asked, checksum)
        self._goes_on()
        self._own(self._pending.conclude)
        entry = asked.entry(self._number, checksum)
        entry.given = self._served.take()
        self._number += 1
        self._pending.prepare()
        if any(one.effect for one in self._pending.entries):  # the first batch may take long
            with self._ways.writing():
                self._pending.write()
            self._pending.written()
        return Begun(self._pending, entry, stop=self._stopped_by)

    def _begun_before(self, asked: Asked, checksum: str | None) -> Begun:
        expected = self._tape.expected
        now = asked.entry(expected.number, checksum)
        if self._tape.next(now.key) is None:
            how = stops.another_path if expected.change is None else stops.other_rows
            raise self._stopped_by(how, expected.sql, now.sql)
        if expected.error is not None:
            raise load_error(expected.error)
        if changes_alike(now, expected):
            return Begun(self._pending, expected, again=True, stop=self._stopped_by)
        if not is_mended(now, expected):
            raise self._stopped_by(stops.other_change, now.sql)
        now.given = expected.given
        return Begun(self._pending, now, again=True, mended=True, stop=self._stopped_by)

    def _stopped_by(self, how: Callable[..., HistoryError], *what: str) -> StoppedError:
        return self._stop(how(self._name, *what))

    @property
    def in_flight(self) -> bool:
        """A statement was sent, and nobody knows what came of it."""
        return self._by_itself.in_flight is not None

    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._ways.in_transaction(after_error=self._after_error)

    # Again

    def _follow(self, kind: Kind) -> None:
        """Know whether a transaction was open, where none is begun again."""
        if kind in ("begin", "commit", "rollback"):
            self._was_inside = kind == "begin"

    def _is_over(self, sql: str) -> bool:
        """Whether a setting was made in a transaction of the tape, and ended with it."""
        if not (self._tape.plays and self._was_inside):
            return False
        return not self._ways.outlived(sql, [entry.sql for entry in self._tape.rest])

    def _set_again(self, run: Callable[[], Any]) -> Any:
        """It does and answers what it did then, and is undone at once."""
        self._ways.begin()
        try:
            return run()
        finally:
            self._ways.rollback()

    def _replayed(self, entry: Entry, sql: str, run: Callable[[], Any]) -> Answer:
        found = self._tape.next(entry.key)
        if found is None:
            raise self._stop(stops.another_path(self._name, self._tape.expected.sql, entry.sql))
        if found.error is not None:
            raise load_error(found.error)
        self._holding.replayed(found, sql, run)
        if found.seen is None:
            return load_answer(found.answer or {})
        if not found.reads:
            raise self._stop(stops.answer_not_kept(self._name, found.sql, found.odd))
        answer = _answer(run)
        if digest(answer.rows) != found.seen:
            raise self._stop(stops.reads_otherwise(self._name, found.sql, found.odd))
        return answer

    def _own(self, write: Callable[[], None]) -> None:
        """A write that no statement of the migration is to blame for, before it is sent."""
        try:
            write()
        except DatabaseUnavailableError as error:
            self._ways.rollback()
            raise self._stop(error) from None
        except Exception as error:  # noqa: BLE001 - any driver's
            self._ways.rollback()
            raise self._stop(not_written(self._ways.engine, error)) from None

    def _stop(self, error: HistoryError | DatabaseUnavailableError) -> StoppedError:
        self._stopped = StoppedError(error)
        return self._stopped

    def end(self) -> None:
        """The function has returned: it must have come as far as the first time."""
        if self._tape.plays:
            raise self._stop(stops.another_path(self._name, self._tape.expected.sql, None))

    # The first time

    def _first_time(self, entry: Entry, kind: Kind, sql: str, run: Callable[[], Any]) -> Answer:
        self._goes_on()
        inside = self.in_transaction()
        self._after_error = False
        self._refuse(sql, inside=inside)
        if kind not in ("alone", "rows"):
            self._own(self._pending.conclude)
        entry.given = self._served.take()
        self._number += 1
        self._holding.before(sql, rows=kind == "rows")
        run = self._holding.noting(entry, sql, partial(_answer, run), inside=inside)
        if kind == "alone":
            return self._alone(entry, sql, run, inside=inside)
        if kind == "read":
            entry.reads, entry.sql = True, entry.sql[:_SHOWN_OF_READS]
        if inside:
            return self._inside(entry, kind, run)
        if kind == "rows" or (kind == "read" and self._ways.reads_may_write):
            return self._together(entry, sql, run)
        if kind != "begin":
            return self._plain(entry, run)
        self._pending.prepare(many=True)
        self._dirty = False
        return self._plain(entry, lambda: persistently(run, self._ways.gave_way))

    def _goes_on(self) -> None:
        """After an error that it has caught, which is what the statement has come to."""
        if self._pending.goes_on():
            self._by_itself.in_flight = None

    def _refuse(self, sql: str, *, inside: bool) -> None:
        refusal = self._ways.refusal(sql, inside=inside)
        if refusal is not None:
            raise MigrationFailedError(f"The migration {refusal.what}", next=refusal.next)
        self._holding.check(sql)

    def _plain(self, entry: Entry, run: Callable[[], Answer]) -> Answer:
        """Send it, and keep the entry for the next write."""
        try:
            answer = run()
        except Exception as error:
            self._failed(entry, error)
            raise
        self._pending.keep(entry, answer)
        return answer

    def _may_commit_again(self, error: Exception) -> bool:
        """It is the COMMIT that waits: only while its transaction is still there."""
        return self._ways.gave_way(error) and self._ways.in_transaction(after_error=True)

    def _failed(self, entry: Entry, error: Exception) -> None:
        self._after_error = True
        entry.error = store_error(error)
        self._pending.add(entry)

    def _inside(self, entry: Entry, kind: Kind, run: Callable[[], Answer]) -> Answer:
        """In a transaction of the migration's own: all is written before its COMMIT."""
        self._dirty = self._dirty or kind == "rows"
        if kind != "commit":
            return self._plain(entry, run)
        changed = self._dirty or (self._ways.reads_may_write and self._ways.wrote())
        if not changed or self._ways.is_broken():
            return self._plain(entry, run)
        before = self._pending.mark()
        entry.effect = True
        self._pending.keep(entry, Answer())
        try:
            self._holding.at_commit(entry)
            self._ways.show()
            self._pending.write()
            answer = persistently(run, self._may_commit_again)
        except BaseException as error:
            if self._pending.undone(entry, before, error) and isinstance(error, Exception):
                self._failed(entry, error)
            raise
        self._pending.written()
        return answer

    def _alone(self, entry: Entry, sql: str, run: Callable[[], Answer], *, inside: bool) -> Answer:
        self._by_itself.look(entry, sql)
        self._own(lambda: self._by_itself.announce(entry, inside=inside, dirty=self._dirty))
        self._dirty = False
        try:
            return self._by_itself.send(entry, sql, run)
        except Exception:
            self._after_error = True
            raise

    def _together(self, entry: Entry, sql: str, run: Callable[[], Answer]) -> Answer:
        """A transaction of the statement and its entry."""
        self._pending.prepare()
        try:
            return persistently(lambda: self._in_transaction(entry, run), self._ways.gave_way)
        except Exception as error:
            if not self._ways.must_be_alone(error):
                self._failed(entry, error)
                raise
        return self._alone(entry, sql, run, inside=False)

    def _in_transaction(self, entry: Entry, run: Callable[[], Answer]) -> Answer:
        before, reads = self._pending.mark(), entry.reads
        self._ways.begin()
        try:
            answer = run()
            self._pending.keep(entry, answer)
            if reads and not self._ways.wrote():
                self._ways.commit()
                return answer
            entry.reads, entry.effect = False, True
            self._pending.write()
            persistently(self._ways.commit, self._may_commit_again)
        except BaseException as error:
            self._ways.rollback()
            if self._pending.undone(entry, before, error):
                entry.reads = reads
            raise
        self._pending.written()
        return answer


def _answer(run: Callable[[], Any]) -> Answer:
    found = run()
    return found if isinstance(found, Answer) else Answer()
