"""Where each statement of a journaled migration passes: answered from the tape, or sent and noted.

An entry is written where its statement can no longer be undone, and not before: in the transaction
of the statement, before the migration's own COMMIT, or, for a statement that commits by itself, as
an intent before it is sent. Reads, errors and what was rolled back wait for the next such write. So
a statement costs one write, and its done mark goes with the next one.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from wheatear.capture import Statement
from wheatear.engines.journaling import Journaling, Kind
from wheatear.errors import HistoryError, MigrationFailedError
from wheatear.journal import stops
from wheatear.journal.answers import Answer, load_answer, load_error, store_error
from wheatear.journal.backfills import Asked, Begun, changes_alike, is_mended
from wheatear.journal.entries import Entry, cut, new_entry
from wheatear.journal.holding import Holding
from wheatear.journal.pending import Pending
from wheatear.journal.sameness import digest
from wheatear.journal.served import Served
from wheatear.journal.tape import StoppedError, Tape

T = TypeVar("T")

_SHOWN_OF_READS = 200
_PATIENCE = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


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
        self._tell = tell
        self._number = len(tape)
        self._dirty = False
        """The migration's own transaction has changed something."""
        self._was_inside = False
        self._after_error = False
        self._holding = Holding(ways.session_values)
        self._stopped: StoppedError | None = None
        self.in_flight: Entry | None = None
        """A statement that was sent, and nobody knows what came of it."""

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
        self._pending.conclude()
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
        if changes_alike(now, expected):
            return Begun(self._pending, expected, again=True, stop=self._stopped_by)
        if not is_mended(now, expected):
            raise self._stopped_by(stops.other_change, now.sql)
        now.given = expected.given
        return Begun(self._pending, now, again=True, mended=True, stop=self._stopped_by)

    def _stopped_by(self, how: Callable[..., HistoryError], *what: str) -> StoppedError:
        return self._stop(how(self._name, *what))

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

    def _stop(self, error: HistoryError) -> StoppedError:
        self._stopped = StoppedError(error)
        return self._stopped

    def end(self) -> None:
        """The function has returned: it must have come as far as the first time."""
        if self._tape.plays:
            raise self._stop(stops.another_path(self._name, self._tape.expected.sql, None))

    # The first time

    def _first_time(self, entry: Entry, kind: Kind, sql: str, run: Callable[[], Any]) -> Answer:
        inside = self.in_transaction()
        self._after_error = False
        self._refuse(sql, inside=inside)
        entry.given = self._served.take()
        self._number += 1
        self._holding.before(sql, rows=kind == "rows")
        run = self._holding.noting(entry, sql, partial(_answer, run), inside=inside)
        if kind == "alone":
            return self._alone(entry, sql, run, inside=inside)
        if kind != "rows":
            self._pending.conclude()
        if kind == "read":
            entry.reads, entry.sql = True, entry.sql[:_SHOWN_OF_READS]
        if inside:
            return self._inside(entry, kind, run)
        if kind == "rows" or (kind == "read" and self._ways.reads_may_write):
            return self._together(entry, sql, run)
        if kind != "begin":
            return self._plain(entry, lambda: _answer(run))
        self._pending.prepare(many=True)
        self._dirty = False
        return self._plain(entry, lambda: self._patiently(lambda: _answer(run)))

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

    def _failed(self, entry: Entry, error: Exception) -> None:
        self._after_error = True
        entry.error = store_error(error)
        self._pending.add(entry)

    def _inside(self, entry: Entry, kind: Kind, run: Callable[[], Any]) -> Answer:
        """In a transaction of the migration's own: all is written before its COMMIT."""
        self._dirty = self._dirty or kind == "rows"
        if kind != "commit":
            return self._plain(entry, lambda: _answer(run))
        changed = self._dirty or (self._ways.reads_may_write and self._ways.wrote())
        if not changed or self._ways.is_broken():
            return self._plain(entry, lambda: _answer(run))
        kept = len(self._pending)
        entry.effect = True
        self._pending.keep(entry, Answer())
        try:
            self._holding.at_commit(entry)
            self._ways.show()
            self._pending.write()
            answer = self._patiently(lambda: _answer(run), while_open=True)
        except BaseException as error:
            self._pending.unwrite(entry, kept)
            if isinstance(error, Exception):
                self._failed(entry, error)
            raise
        self._pending.written()
        return answer

    def _together(self, entry: Entry, sql: str, run: Callable[[], Any]) -> Answer:
        """A transaction of the statement and its entry."""
        self._pending.prepare()
        try:
            return self._patiently(lambda: self._in_transaction(entry, run))
        except Exception as error:
            if not self._ways.must_be_alone(error):
                self._failed(entry, error)
                raise
        return self._alone(entry, sql, run, inside=False)

    def _in_transaction(self, entry: Entry, run: Callable[[], Any]) -> Answer:
        kept, reads = len(self._pending), entry.reads
        self._ways.begin()
        try:
            answer = _answer(run)
            self._pending.keep(entry, answer)
            if reads and not self._ways.wrote():
                self._ways.commit()
                return answer
            entry.reads, entry.effect = False, True
            self._pending.write()
            self._patiently(self._ways.commit, while_open=True)
        except BaseException:
            self._ways.rollback()
            self._pending.unwrite(entry, kept)
            entry.reads = reads
            raise
        self._pending.written()
        return answer

    # By itself

    def _alone(self, entry: Entry, sql: str, run: Callable[[], Any], *, inside: bool) -> Answer:
        """A statement that commits by itself: the intent, the statement; done is noted next."""
        entry.reads = False
        entry.intent = dict(self._ways.look(sql))
        if entry.sql != sql:
            entry.intent["text"] = sql
        reason = self._ways.unsettled(entry.intent)
        if reason:
            self._tell(stops.named_before(entry.sql, reason))
        self._write_intent(entry, inside=inside)
        self.in_flight = entry
        try:
            answer = self._patiently(lambda: _answer(run))
        except Exception as error:
            self._after_failure(entry, sql, error)
            raise
        self.in_flight = None
        entry.effect = True
        self._pending.keep(entry, answer)
        self._pending.effects = entry.number + 1
        return answer

    def _write_intent(self, entry: Entry, *, inside: bool) -> None:
        """What the migration has done in a transaction commits with it, as it would anyway."""
        kept = len(self._pending)
        commits = self._pending.last if inside and self._dirty else None
        if commits is not None:
            commits.effect = True
        if not inside:
            self._pending.prepare()
        begins = not inside and (self._pending.is_much or self._ways.lock_is_beside)
        self._pending.add(entry)
        try:
            if begins:
                self._ways.begin()
            elif inside:
                self._holding.at_commit(entry)
                self._ways.show()
            self._pending.write()
            if begins or inside:
                self._ways.commit()
        except BaseException:
            self._pending.unwrite(entry, kept)
            if commits is not None:
                commits.effect = False
            raise
        self._pending.written()
        self._dirty = False

    def _after_failure(self, entry: Entry, sql: str, error: Exception) -> None:
        """It failed: as a rule it changed nothing, and that is looked at."""
        if self._ways.engine.is_lost(error):
            return
        self._after_error = True
        intent = entry.intent or {}
        if not intent.get("again") and not self._ways.unsettled(intent):
            found = self._ways.settle(sql, intent)
            if found.done is not False:
                entry.intent = {
                    **intent,
                    "unsettled": f"it failed ({error}), but changed something",
                }
                with self._ways.writing():
                    self._pending.rewrite(entry)
                return
        self.in_flight = None
        self._failed(entry, error)

    def _patiently(self, action: Callable[[], T], *, while_open: bool = False) -> T:
        """Try again where the server gave a lock up, and what was begun is undone by then.

        Args:
            action: What to try.
            while_open: Only while the transaction is still there: it is the COMMIT that waits.
        """
        deadline, pause = time.monotonic() + _PATIENCE, _FIRST_PAUSE
        while True:
            try:
                return action()
            except Exception as error:
                if not self._ways.gave_way(error) or time.monotonic() + pause > deadline:
                    raise
                if while_open and not self._ways.in_transaction(after_error=True):
                    raise
            # A chance of its own: the migration's is served.
            time.sleep(pause * random.Random().uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(pause * 2, _LONGEST_PAUSE)


def _answer(run: Callable[[], Any]) -> Answer:
    found = run()
    return found if isinstance(found, Answer) else Answer()
