"""One entry of the journal: a statement, what was looked at before it, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from wheatear.journal.sameness import digest
from wheatear.one_line import one_line

as_line = json.JSONEncoder(separators=(",", ":")).encode
"""A value as JSON without spaces."""


@dataclass
class Entry:
    """A statement.

    Attributes:
        number: Its place in the migration, from 0.
        sql: Its text, shortened, for people.
        key: Of its whole text and parameters: the same for the same statement alone.
        effect: It took effect, with all since the effect before, and stays.
        reads: It only reads.
        intent: It is about to be sent, and commits by itself: what was seen before it.
        answer: What it answered, see `store_answer`.
        error: What it failed with, see `store_error`.
        seen: In place of an answer that was not kept: its digest.
        odd: The type in it that cannot be kept; None if it was too large.
        held: What the connection held after it, see `SessionValues`.
        given: The times and the chance that the function was given before it.
        change: Of a backfill, what becomes of its rows, and which file says so: see `Asked.entry`.
    """

    number: int
    sql: str
    key: str
    effect: bool = False
    reads: bool = False
    intent: Any = None
    answer: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    seen: str | None = None
    odd: str | None = None
    held: dict[str, Any] | None = None
    given: list[Any] = field(default_factory=list)
    change: list[str | None] | None = None

    @property
    def is_open(self) -> bool:
        """It was about to be sent, and nobody knows what came of it."""
        return self.answer is None and self.error is None and self.seen is None

    def to_json(self) -> str:
        """One line."""
        parts = {
            "n": self.number,
            "sql": self.sql,
            "key": self.key,
            "effect": int(self.effect),
            "reads": int(self.reads),
            "intent": self.intent,
            "answer": self.answer,
            "error": self.error,
            "seen": self.seen,
            "odd": self.odd,
            "held": self.held,
            "given": self.given,
            "change": self.change,
        }
        kept = {name: value for name, value in parts.items() if value not in (None, 0, [])}
        kept["n"] = self.number
        return as_line(kept)


def new_entry(number: int, sql: str, parameters: Any) -> Entry:
    """An entry of a statement that has not been sent yet."""
    return Entry(number, one_line(sql), digest((sql, parameters)))


def cut(number: int) -> str:
    """The line that takes back all entries from this number on."""
    return json.dumps({"cut": number})


def read_entries(lines: Iterable[str]) -> list[Entry]:
    """Return the entries that these lines leave, in order; a later line replaces an earlier one."""
    found: dict[int, Entry] = {}
    for line in lines:
        kept = json.loads(line)
        if "cut" in kept:
            found = {number: one for number, one in found.items() if number < kept["cut"]}
            continue
        found[kept["n"]] = Entry(
            kept["n"],
            kept["sql"],
            kept["key"],
            bool(kept.get("effect")),
            bool(kept.get("reads")),
            kept.get("intent"),
            kept.get("answer"),
            kept.get("error"),
            kept.get("seen"),
            kept.get("odd"),
            kept.get("held"),
            kept.get("given", []),
            kept.get("change"),
        )
    return [found[number] for number in sorted(found)]
