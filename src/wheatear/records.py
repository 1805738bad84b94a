"""One record of the history: what it says, and the columns that hold it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

# Name and type of each column after `id`; only ever added to, and what is added may be null.
COLUMNS = (
    ("name", "VARCHAR(255)"),
    ("direction", "VARCHAR(16)"),
    ("outcome", "VARCHAR(16)"),
    ("checksum", "VARCHAR(64)"),
    ("started_at", "VARCHAR(32)"),
    ("seconds", "DOUBLE PRECISION"),
    ("run_by", "VARCHAR(255)"),
    ("tool", "VARCHAR(64)"),
    ("run", "VARCHAR(32)"),
    ("error", "TEXT"),
    ("statements", "TEXT"),
)
NAMES = tuple(name for name, _ in COLUMNS)
# While a migration runs whose statements commit by themselves: see `wheatear.journal`.
UNDER_WAY = (("journal", "TEXT"),)
# Written once a run, beside its last record.
LEFT_BEHIND = (("fingerprint", "VARCHAR(80)"), ("left_behind", "TEXT"))
# What the migration touched, as `recording.py` keeps it: read only for the way back.
TOUCHED = "touched"
ONLY_ROWS = '{"form":1,"unchanged":true,"wrote":true}'
"""What is kept of one that changed rows and no schema: no way back can be derived from that."""
# What is known only when a migration has ended.
ENDS = ("outcome", "checksum", "seconds", "error", "statements", TOUCHED)


class Record(NamedTuple):
    """One entry of the log.

    Attributes:
        id: Grows with each record.
        name: The migration.
        direction: `forward` or `backward`.
        outcome: See `wheatear.plan.Outcome`.
        checksum: Of the file's text; None if the file was not there.
        started_at: UTC, ISO 8601 with `Z`.
        seconds: How long it took; None if it did not end.
        run_by: user@host.
        tool: The program and its version.
        run: One value for all records of one run.
        error: What it failed with.
        statements: Where each statement commits by itself: those that were sent, oldest first.
    """

    name: str
    direction: str
    outcome: str
    checksum: str | None = None
    started_at: str | None = None
    seconds: float | None = None
    run_by: str | None = None
    tool: str | None = None
    run: str | None = None
    error: str | None = None
    statements: tuple[str, ...] = ()
    id: int = 0


class Entry(NamedTuple):
    """What planning needs of a record: a thousand of them are read whenever nothing is pending."""

    id: int
    name: str
    direction: str
    outcome: str
    checksum: str | None


class LeftBehind(NamedTuple):
    """What the newest record says of the schema that its run left behind.

    Attributes:
        name: The migration that was run last.
        fingerprint: Of the schema; None if it was not recorded.
        text: The schema itself, as it was kept.
    """

    name: str
    fingerprint: str | None
    text: str | None


def record_of(row: tuple[Any, ...]) -> Record:
    *values, statements, id_ = row
    return Record(**dict(zip(NAMES, values, strict=False)), statements=_lines(statements), id=id_)


def ended(record: Record, outcome: str, seconds: float, error: str | None = None) -> Record:
    """Return a record as it ended."""
    return record._replace(outcome=outcome, seconds=round(seconds, 6), error=error)


def values_of(record: Record, touched: str | None) -> list[Any]:
    """Of `NAMES` and `TOUCHED`."""
    *values, statements, _ = record
    return [*values, _text(statements), touched]


def _text(lines: Sequence[str]) -> str | None:
    return "\n".join([*lines, ""]) or None


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(text.splitlines()) if text else ()
