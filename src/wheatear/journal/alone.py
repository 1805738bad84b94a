"""A statement that commits by itself: an intent is written, the statement sent, and looked at where
nobody knows what came of it. That it is done is noted with the next write.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from wheatear.engines.journaling import Journaling
from wheatear.engines.waiting import persistently
from wheatear.journal import stops
from wheatear.journal.answers import Answer
from wheatear.journal.entries import Entry
from wheatear.journal.holding import Holding
from wheatear.journal.pending import Pending


class Alone:
    """Such statements of one migration.

    Args:
        ways: The engine's.
        pending: Where entries wait.
        holding: What the connection holds.
        tell: Called with a sentence for the user.
    """

    def __init__(
        self, ways: Journaling, pending: Pending, holding: Holding, tell: Callable[[str], None]
    ) -> None:
        self._ways = ways
        self._pending = pending
        self._holding = holding
        self._tell = tell
        self.in_flight: Entry | None = None
        """One that was sent, and nobody knows what came of it."""

    def look(self, entry: Entry, sql: str) -> None:
        """Look at what one is about to touch.

        Args:
            entry: Its entry, where that is noted.
            sql: Its text.
        """
        entry.reads = False
        entry.intent = dict(self._ways.look(sql))
        if entry.sql != sql:
            entry.intent["text"] = sql
        reason = self._ways.unsettled(entry.intent)
        if reason:
            self._tell(stops.named_before(entry.sql, reason))

    def announce(self, entry: Entry, *, inside: bool, dirty: bool) -> None:
        """Write that one is about to be sent.

        Args:
            entry: Its entry.
            inside: It is sent in a transaction of the migration's own: what that has done commits
                with it, as it would anyway.
            dirty: That has changed something.
        """
        before = self._pending.mark()
        commits = self._pending.last if inside and dirty else None
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
        except BaseException as error:
            if self._pending.undone(entry, before, error) and commits is not None:
                commits.effect = False
            raise
        self._pending.written()

    def send(self, entry: Entry, sql: str, run: Callable[[], Answer]) -> Answer:
        """Send it.

        Args:
            entry: Its entry.
            sql: Its text.
            run: Sends it.
        """
        self.in_flight = entry
        try:
            answer = persistently(run, lambda error: self._may_be_again(entry, sql, error))
        except Exception as error:
            self._after_failure(entry, sql, error)
            raise
        self.in_flight = None
        entry.effect = True
        self._pending.keep(entry, answer)
        self._pending.effects = entry.number + 1
        return answer

    def _may_be_again(self, entry: Entry, sql: str, error: Exception) -> bool:
        """It gave way, and nothing of it is left: what is half done would be in its own way."""
        if not self._ways.gave_way(error):
            return False
        with suppress(Exception):  # the statement's own error is told
            settle = partial(self._ways.settle, sql, entry.intent or {})
            return persistently(settle, self._ways.gave_way).done is False
        return False

    def _after_failure(self, entry: Entry, sql: str, error: Exception) -> None:
        """It failed: as a rule it changed nothing, and that is looked at."""
        self._pending.note_failure(entry, error)
        if self._ways.engine.is_lost(error):
            return
        intent = entry.intent or {}
        if not self._ways.unsettled(intent):
            try:
                found = self._ways.settle(sql, intent)
                if found.done is not False:
                    why = f"it failed ({error}), but changed something"
                    entry.intent = {**intent, "unsettled": why}
                    with self._ways.writing():
                        self._pending.rewrite(entry)
                    return
            except Exception:  # noqa: BLE001 - the statement's own error is told; the next run looks again
                return
        self.in_flight = None
        self._pending.goes_on()
