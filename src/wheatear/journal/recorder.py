"""Where each statement of a journaled migration passes: answered from the tape, or sent and noted.

An entry is written where its statement can no longer be undone, and not before: in the transaction
of the statement, before the migration's own COMMIT, or, for a statement that commits by itself, as
an intent before it is sent. Reads, errors and what was rolled back wait for the next such write. So
a statement costs one write, and its done mark goes with the next one.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from wheatear.capture import Statement
from wheatear.engines.journaling import Journaling
from wheatear.errors import MigrationFailedError
from wheatear.journal import stops
from wheatear.journal.answers import Answer, digest, load_answer, load_error, store_answer, store_error
from wheatear.journal.entries import Entry, cut, new_entry
from wheatear.journal.served import Served
from wheatear.journal.store import Store
from wheatear.journal.tape import StoppedError, Tape

T = TypeVar("T")

LARGEST = 8_000_000
"""Letters of answers that are kept of one migration; beyond it only what tells them apart is."""
_SHOWN_OF_READS = 200
_PATIENCE = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


class Recorder:
    """One migration's passage.

    Args:
        name: The migration, for messages.
        ways: The engine's.
        store: Where entries go.
        tape: What a run that died has done.
        served: What the function was given beside.
        tell: Called with a sentence for the user.
    """

    def __init__(
        self,
        name: str,
        ways: Journaling,
        store: Store,
        tape: Tape,
        served: Served,
        tell: Callable[[str], None],
    ) -> None:
        self._name = name
        self._ways = ways
        self._store = store
        self._tape = tape
        self._served = served
        self._tell = tell
        self._number = len(tape)
        self._first_lines: list[str] = []
        self._kept: list[Entry] = []
        self._room = LARGEST
        self._dirty = False
        """The migration's own transaction has changed something."""
        self._after_error = False
        self._stopped: StoppedError | None = None
        self.effects = len(tape)
        """How many entries there are up to the last that took effect."""
        self.in_flight: Entry | None = None
        """A statement that was sent, and nobody knows what came of it."""

    def resume(self, settled: Entry | None) -> None:
        """Go on after the tape.

        Args:
            settled: Its last entry, if that was in flight and has taken effect.
        """
        self._first_lines = [cut(self._number)]
        self._kept = [settled] if settled else []

    def send(self, statement: Statement, parameters: Any, run: Callable[[], Any]) -> Any:
        """Answer a statement, or send it.

        Args:
            statement: The statement.
            parameters: Its parameters, whatever they are.
            run: Sends it.

        Returns:
            What the driver answered, or had answered.
        """
        kind = self._ways.kind(statement.sql)
        if kind == "setting":
            return run()
        if self._stopped is not None:
            raise self._stopped
        entry = new_entry(self._number, statement.sql, parameters)
        if self._tape.plays:
            statement.replayed = True
            return self._replayed(entry, run)
        inside = self._ways.in_transaction(after_error=self._after_error)
        self._after_error = False
        self._refuse(statement.sql, inside=inside)
        entry.reads = kind == "read"
        if entry.reads:
            entry.sql = entry.sql[:_SHOWN_OF_READS]
        entry.given = self._served.take()
        self._number += 1
        if kind == "alone":
            return self._alone(entry, statement.sql, run, inside=inside)
        if kind == "commit" and inside:
            return self._commit(entry, run)
        if kind == "begin":
            self._store.prepare(many=True)
            self._dirty = False
            return self._plain(entry, lambda: self._patiently(lambda: _answer(run)))
        if not inside and (kind == "rows" or (kind == "read" and self._ways.reads_may_write)):
            return self._together(entry, statement.sql, run)
        self._dirty = self._dirty or kind == "rows"
        return self._plain(entry, lambda: _answer(run))

    def _refuse(self, sql: str, *, inside: bool) -> None:
        refusal = self._ways.refusal(sql, inside=inside)
        if refusal is not None:
            raise MigrationFailedError(f"The migration {refusal.what}", next=refusal.next)

    # Again

    def _replayed(self, entry: Entry, run: Callable[[], Any]) -> Answer:
        found = self._tape.next(entry.key)
        if found is None:
            self._stop(stops.another_path(self._name, self._tape.expected.sql, entry.sql))
        assert found is not None  # noqa: S101 - `_stop` raises
        if found.error is not None:
            raise load_error(found.error)
        if found.seen is None:
            return load_answer(found.answer or {})
        if not found.reads:
            self._stop(stops.answer_not_kept(self._name, found.sql))
        answer = _answer(run)
        if digest(answer.rows) != found.seen:
            self._stop(stops.reads_otherwise(self._name, found.sql))
        return answer

    def _stop(self, error: Any) -> None:
        self._stopped = StoppedError(error)
        raise self._stopped

    def end(self) -> None:
        """The function has returned: it must have come as far as the first time."""
        if self._tape.plays:
            self._stop(stops.another_path(self._name, self._tape.expected.sql, None))

    # The first time

    def _plain(self, entry: Entry, run: Callable[[], Answer]) -> Answer:
        """Send it, and keep the entry for the next write."""
        try:
            answer = run()
        except Exception as error:
            self._failed(entry, error)
            raise
        self._keep(entry, answer)
        return answer

    def _keep(self, entry: Entry, answer: Answer) -> None:
        stored = store_answer(answer)
        if stored is not None and answer.rows:
            size = len(json.dumps(stored))
            self._room -= size
            if self._room < 0:
                self._room += size
                stored = None
        entry.answer = stored
        if stored is None:
            entry.seen = digest(answer.rows)
        self._kept.append(entry)

    def _failed(self, entry: Entry, error: BaseException) -> None:
        self._after_error = True
        entry.error = store_error(error)
        self._kept.append(entry)

    def _together(self, entry: Entry, sql: str, run: Callable[[], Any]) -> Answer:
        """A transaction of the statement and its entry."""
        self._store.prepare(many=self._is_much())
        try:
            return self._patiently(lambda: self._in_transaction(entry, run))
        except Exception as error:
            if not self._ways.must_be_alone(error):
                self._failed(entry, error)
                raise
        return self._alone(entry, sql, run, inside=False)

    def _in_transaction(self, entry: Entry, run: Callable[[], Any]) -> Answer:
        kept = len(self._kept)
        self._ways.begin()
        try:
            answer = _answer(run)
            self._keep(entry, answer)
            if entry.reads and not self._ways.wrote():
                self._ways.commit()
                return answer
            entry.reads, entry.effect = False, True
            self._write()
            self._patiently(self._ways.commit)
        except BaseException:
            self._ways.rollback()
            self._unwrite(entry, kept)
            raise
        self._written()
        return answer

    def _commit(self, entry: Entry, run: Callable[[], Any]) -> Answer:
        """The migration's own COMMIT: its entries go before it, in its transaction."""
        changed = self._dirty or (self._ways.reads_may_write and self._ways.wrote())
        if not changed or self._ways.is_broken():
            return self._plain(entry, lambda: _answer(run))
        kept = len(self._kept)
        entry.answer, entry.effect = {}, True
        self._kept.append(entry)
        self._write()
        try:
            answer = self._patiently(lambda: _answer(run), while_open=True)
        except BaseException as error:
            self._unwrite(entry, kept)
            if isinstance(error, Exception):
                self._failed(entry, error)
            raise
        self._written()
        return answer

    def _alone(
        self, entry: Entry, sql: str, run: Callable[[], Any], *, inside: bool
    ) -> Answer:
        """A statement that commits by itself: the intent, the statement; done is noted next."""
        entry.reads = False
        entry.intent = dict(self._ways.look(sql))
        if entry.sql != sql:
            entry.intent["text"] = sql
        reason = self._ways.unsettled(entry.intent)
        if reason:
            self._tell(stops.named_before(entry.sql, reason))
        kept = len(self._kept)
        if not inside:
            self._store.prepare(many=self._is_much())
        self._kept.append(entry)
        try:
            self._write_alone(inside=inside)
        except BaseException:
            self._unwrite(entry, kept)
            raise
        self._written()
        self.in_flight = entry
        try:
            answer = self._patiently(lambda: _answer(run))
        except Exception as error:
            self._after_failure(entry, sql, error)
            raise
        self.in_flight = None
        entry.effect = True
        self._keep(entry, answer)
        self.effects = entry.number + 1
        return answer

    def _write_alone(self, *, inside: bool) -> None:
        """Write before the statement; what the migration has done in a transaction commits too."""
        several = len(self._kept) > 1 and self._is_much()
        if several and not inside:
            self._ways.begin()
        self._write()
        if several or inside:
            self._ways.commit()

    def _after_failure(self, entry: Entry, sql: str, error: Exception) -> None:
        """It failed: as a rule it changed nothing, and that is looked at."""
        if self._ways.engine.is_lost(error):
            return
        self._after_error = True
        intent = entry.intent or {}
        if not (intent.get("again") or intent.get("unsettled")):
            found = self._ways.settle(sql, intent)
            if found.done is not False:
                intent["unsettled"] = f"it failed ({error}), and yet changed something"
                self._store.write([entry.to_json()])
                self._written(keep=True)
                return
        self.in_flight = None
        self._failed(entry, error)

    # Writing

    def _write(self) -> None:
        self._store.write([*self._first_lines, *(one.to_json() for one in self._kept)])

    def _written(self, *, keep: bool = False) -> None:
        """What was written is committed."""
        self._store.confirm()
        if keep:
            return
        done = [one.number for one in self._kept if one.effect]
        self.effects = max([self.effects, *(number + 1 for number in done)])
        self._kept.clear()
        self._first_lines.clear()

    def _unwrite(self, entry: Entry, kept: int) -> None:
        """What was written was rolled back, and its statement with it."""
        del self._kept[kept:]
        entry.answer = entry.seen = None
        entry.effect = False
        self._store.revert()

    def _is_much(self) -> bool:
        return len(self._kept) > 500 or self._room < LARGEST - 500_000

    def lines_at_failure(self) -> Sequence[str]:
        """What is still to be written of a run that failed: no more than has taken effect."""
        kept = [one.to_json() for one in self._kept if one.number < self.effects]
        return [*self._first_lines, *kept, *([] if self.in_flight else [cut(self.effects)])]

    def _patiently(self, action: Callable[[], T], *, while_open: bool = False) -> T:
        """Try again where the server gave a lock up, and what was begun is undone by then."""
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
