"""What the journal of a run that did not end says of it, for people."""

from __future__ import annotations

from typing import NamedTuple

from wheatear.capture import CONTROL, first_word
from wheatear.history import History
from wheatear.journal.entries import read_entries


class Stands(NamedTuple):
    """Where a run that did not end stands.

    Attributes:
        done: The statements that took effect, oldest first.
        in_flight: The one after them, of which nobody knows; None if there is none.
    """

    done: tuple[str, ...]
    in_flight: str | None


def where_it_stands(history: History, record: int) -> Stands | None:
    """Read a record's journal; None if it has none."""
    parts = history.journal_of(record)
    if not parts:
        return None
    lines = [line for part in parts for line in part.splitlines()]
    entries = read_entries(lines[1:])
    end = max((at for at, one in enumerate(entries, 1) if one.effect), default=0)
    done = [
        one.sql
        for one in entries[:end]
        if not (one.reads or one.error or first_word(one.sql) in CONTROL)
    ]
    open_ = entries[-1].sql if entries and entries[-1].is_open else None
    return Stands(tuple(done), open_)
