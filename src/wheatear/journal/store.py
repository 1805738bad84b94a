"""Where entries are kept: the first of a migration in its record of the history, further ones in a
table beside it, which is made when it is first needed. Both are emptied when the migration is done.

So a migration of one statement costs no write more than its record does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from wheatear.engines.journaling import Journaling
from wheatear.history import History
from wheatear.journal.entries import Entry, as_line, read_entries
from wheatear.records import Record

_LOOKS = 3
_LARGEST = 1_000_000
"""Letters in one row; servers bound a statement's length (max_allowed_packet, 16 MiB)."""


class Store:
    """The entries of one migration.

    Args:
        history: Where its record is, or will be.
        ways: The engine's.
        record: Its record, as it begins.
        head: What else is kept of the run: the seed.
        record_id: The record that is there already, of a run that died.
    """

    def __init__(
        self,
        history: History,
        ways: Journaling,
        record: Record,
        head: dict[str, Any],
        record_id: int | None = None,
    ) -> None:
        self._history = history
        self._ways = ways
        self._record = record
        self._head = head
        self.record_id = record_id
        self._parts = 0
        self._before = (record_id, 0)

    def load(self) -> list[Entry]:
        """Read what a run that died has left; the head becomes that run's."""
        first, *rest = self._history.journal_of(self.record_id or 0)
        self._parts = len(rest)
        self.confirm()
        head, *lines = first.splitlines()
        self._head = json.loads(head)
        for part in rest:
            lines += part.splitlines()
        return read_entries(lines)

    @property
    def head(self) -> dict[str, Any]:
        """What is kept beside the entries."""
        return self._head

    def prepare(self, *, many: bool = False) -> None:
        """Make the table, if the next write needs it; where DDL commits, this does too.

        Args:
            many: More may be written at once than a record holds.
        """
        if many or self.record_id is not None:
            if not self._history.has_journal():
                with self._ways.writing():
                    self._ways.send(self._history.journal_creation()).close()

    def write(self, lines: Sequence[str]) -> int:
        """Write lines, in the transaction that is open, if one is; return how many statements.

        Until `confirm`, `revert` forgets that they were written.
        """
        parts = _parts(lines)
        if self.record_id is None:
            head = as_line(self._head)
            sql, values = self._history.insertion(self._record, journal=f"{head}\n{parts.pop(0)}")
            self._ways.session_values.at_commit()
            cursor = self._ways.send(sql, values)
            self.record_id = self._history.inserted_id(cursor)
            cursor.close()
            self._ways.session_values.after_own_insertion()
            written = 1
        else:
            written = 0
        for part in parts:
            self._parts += 1
            sql, values = self._history.journal_insertion(self.record_id, self._parts, part)
            self._ways.send(sql, values).close()
        return written + len(parts)

    def confirm(self) -> None:
        """What was written is committed."""
        if self.record_id != self._before[0]:
            self._history.inserted()
        self._before = (self.record_id, self._parts)

    def revert(self) -> None:
        """What was written since `confirm` was rolled back."""
        self.record_id, self._parts = self._before

    def is_committed(self) -> bool:
        """Look whether what was written since `confirm` is there."""
        for _ in range(_LOOKS):
            with suppress(Exception):  # the server may be stopped for the same Ctrl-C; or is gone
                if self._ways.in_transaction(after_error=True):
                    return False
                return self._is_there()
        return False

    def _is_there(self) -> bool:
        id_, parts = self._before
        if id_ is None:
            self.record_id = self._history.begun_id(self._record, self._ways.rows)
            return self.record_id is not None
        there = self._history.last_part(id_, self._ways.rows) if self._parts != parts else parts
        return there > parts

    def take_back(self) -> None:
        """Delete what was written since `confirm`, if its transaction is still open."""
        with suppress(Exception):  # a connection that is gone has no transaction
            id_, parts = self._before
            if (id_, parts) == (self.record_id, self._parts) or self.record_id is None:
                return
            if not self._ways.in_transaction(after_error=True) or self._ways.is_broken():
                return
            for sql, values in self._history.begun_deletions(self.record_id, id_ and parts):
                self._ways.send(sql, values).close()

    def conclude(self) -> None:
        """Write how the migration before has ended, if its record still lacks that."""
        self._history.conclude(self._ways.send)

    @property
    def is_in_record(self) -> bool:
        """All of it is in the record alone."""
        return not self._parts

    def clears(self) -> list[tuple[str, Any]]:
        """The statements that empty the table of it."""
        if not self._parts:
            return []
        return [self._history.journal_deletion(self.record_id or 0)]


def _parts(lines: Sequence[str]) -> list[str]:
    parts: list[str] = [""]
    for line in lines:
        if parts[-1] and len(parts[-1]) + len(line) > _LARGEST:
            parts.append("")
        parts[-1] += f"{line}\n"
    return parts
