"""A backfill in the journal: that it has begun is written with its first batch, and all that waited
to be written with it. How far it has come is kept beside, by `wheatear.backfilling.position`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from wheatear.journal import stops
from wheatear.journal.entries import Entry, new_entry
from wheatear.journal.sameness import digest

if TYPE_CHECKING:
    from wheatear.journal.pending import Pending
    from wheatear.journal.tape import StoppedError


class Asked(NamedTuple):
    """What a migration asks of a backfill.

    Attributes:
        rows: What it walks, in words: the query's text is part of it.
        values: The query's parameters.
        change: The text of an expression; empty for a function.
        change_values: The expression's parameters.
    """

    rows: str
    values: Any
    change: str = ""
    change_values: Any = ()

    def entry(self, number: int, checksum: str | None) -> Entry:
        """Its entry, not begun.

        Args:
            number: Its place in the migration.
            checksum: Of the file that asks. The record's alone would not do: that is of the run
                which failed last, and may not have come here.
        """
        entry = new_entry(number, f"backfill of {self.rows}", self.values)
        entry.change = [digest(self.change), digest(self.change_values), checksum]
        return entry


def changes_alike(now: Entry, before: Entry) -> bool:
    """Whether a backfill does with its rows what it did."""
    return (now.change or [])[:2] == (before.change or [])[:2]


def is_mended(now: Entry, before: Entry) -> bool:
    """Whether another text of the file says otherwise what becomes of the rows: that was meant, as
    other values may not be.
    """
    if now.change is None or before.change is None:
        return False
    return now.change[0] != before.change[0] and now.change[2:] != before.change[2:]


class Begun:
    """A backfill that has begun.

    Args:
        pending: The entries that wait.
        entry: Its own.
        again: A run before has begun it.
        mended: Its change is another now than it was then.
        stop: Ends the run with what is told.
    """

    def __init__(
        self,
        pending: Pending,
        entry: Entry,
        *,
        again: bool = False,
        mended: bool = False,
        stop: Callable[..., StoppedError],
    ) -> None:
        self._pending = pending
        self._entry = entry
        self._stop = stop
        self._waits = mended or not again
        self._before = pending.mark()
        self._writes = self._found_none = False
        self.again = again
        self.mended = mended

    @property
    def number(self) -> int:
        """Its place in the migration."""
        return self._entry.number

    @property
    def record(self) -> int:
        """The id of the migration's record, once it is written."""
        return self._pending.record_id or 0

    @property
    def found_no_rows(self) -> bool:
        """A run before has found nothing to do."""
        return self.again and self._entry.reads

    def write(self) -> None:
        """In the transaction of a batch: write that it has begun, unless that is written."""
        if not self._waits:
            return
        self._before, self._writes = self._pending.mark(), True
        self._entry.answer, self._entry.effect = {}, True
        self._pending.add(self._entry)
        self._pending.write()

    def found_none(self) -> None:
        """There is nothing to do: that has no effect, and is kept as what was read is."""
        self._found_none = True

    def settle(self, *, kept: bool) -> None:
        """After the transaction of a batch.

        Args:
            kept: It was committed.
        """
        if self._writes and kept:
            self._pending.written()
            self._waits = False
        elif self._writes:
            self._pending.unwrite(self._entry, self._before)
        elif self._found_none and kept:
            self._entry.answer, self._entry.reads = {}, True
            self._pending.add(self._entry)
        self._writes = self._found_none = False

    def failed(self, error: Exception) -> None:
        """It raised this, whether or not batches of it stay."""
        self._pending.note_failure(self._entry, error)

    def lost(self) -> StoppedError:
        """How far it had come is not to be found."""
        return self._stop(stops.position_lost, self._entry.sql)

    def mended_too_late(self) -> StoppedError:
        """It had come to its end, and would set something else now."""
        return self._stop(stops.other_change, self._entry.sql)
