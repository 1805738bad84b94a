"""Entries that wait to be written."""

from __future__ import annotations

from unittest.mock import Mock

from wheatear.journal.answers import Answer
from wheatear.journal.entries import new_entry
from wheatear.journal.pending import LARGEST, Pending


def test_what_was_rolled_back_gives_its_room_back() -> None:
    """One large answer, of a statement that is tried again and again."""
    pending, entry = Pending(Mock(), 0), new_entry(0, "x", ())
    answer = Answer([("z" * (LARGEST // 2),)], (("a",),), 1)
    for _ in range(3):
        before = pending.mark()
        pending.keep(entry, answer)
        assert entry.answer is not None
        pending.unwrite(entry, before)
