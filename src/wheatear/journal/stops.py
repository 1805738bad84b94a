"""What is told where the journal cannot go on by itself."""

from __future__ import annotations

from wheatear.errors import HistoryError

WAYS_OUT = (
    "look at the database; then finish the migration by hand and say `migrate --mark-applied`, or "
    "undo what it did and say `migrate --mark-pending`, or let `migrate --backward` run its "
    "migrate_backward() from where it stands."
)
_STANDS = "it stands where it stood: nothing was changed by this run."


def another_path(name: str, expected: str, sent: str | None) -> HistoryError:
    """The function does something else than the first time."""
    now = f"now it sends:\n{sent}" if sent else "now it ends before that."
    if sent == expected:
        now = "now it sends that with other values."
    return HistoryError(
        f"{name} was interrupted, and takes another path now than it did then.",
        where=f"then it sent:\n{expected}\n{now}",
        state=_STANDS,
        next="let it do again what it did (put the file back as it was; ask for the time with "
        f"datetime.now() in the migration itself), and run the command again. Or {WAYS_OUT}",
    )


def other_rows(name: str, expected: str, now: str) -> HistoryError:
    """A backfill walks other rows than it began with."""
    return HistoryError(
        f"{name} was interrupted, and names other rows for a backfill now than it did then.",
        where=f"then: {expected}\nnow:  {'that with other values' if now == expected else now}",
        state=_STANDS,
        next="put the query back as it was, and the values in it (ask for the time with "
        "datetime.now() in the migration itself); what `change` does may be mended. Then run the "
        f"command again. Or {WAYS_OUT}",
    )


def other_change(name: str, rows: str) -> HistoryError:
    """A backfill would set something else than it began with."""
    return HistoryError(
        f"{name} was interrupted in or after a backfill, which sets something else now than it did "
        "then.",
        where=rows,
        state=_STANDS,
        next="let it set what it did (ask for the time with datetime.now() in the migration itself)"
        " and run the command again: only the expressions of a backfill that failed may be mended, "
        f"not their values alone. Or {WAYS_OUT}",
    )


def position_lost(name: str, rows: str) -> HistoryError:
    """A backfill has begun, and nothing says how far it has come."""
    return HistoryError(
        f"{name} was interrupted, and how far a backfill had come is not in the table "
        "wheatear_backfill any more.",
        where=rows,
        state=_STANDS,
        next=WAYS_OUT,
    )


def file_changed(name: str) -> HistoryError:
    """A run died, and the file is another now."""
    return HistoryError(
        f"{name} was interrupted, and its file has been changed since.",
        state=_STANDS,
        next=f"put the file back as it was and run the command again. Or {WAYS_OUT}",
    )


def answer_not_kept(name: str, sql: str, odd: str | None) -> HistoryError:
    """What a statement answered, beside its effect, was too large or of an odd type."""
    return HistoryError(
        f"{name} was interrupted, and what this statement answered was not kept: {_why(odd)}.",
        where=sql,
        state=_STANDS,
        next=WAYS_OUT,
    )


def reads_otherwise(name: str, sql: str, odd: str | None) -> HistoryError:
    """What was read could not be kept, and is not what it was."""
    instead = (
        "A new migration should read that as text: CAST(… AS TEXT)."
        if odd
        else ("To change many rows, use backfill(): it goes on by itself after a kill.")
    )
    return HistoryError(
        f"{name} was interrupted; what it read was not kept, and reads otherwise now: {_why(odd)}.",
        where=sql,
        state=_STANDS,
        next=f"{WAYS_OUT} {instead}",
    )


def _why(odd: str | None) -> str:
    return f"it holds a {odd}, which the journal does not know" if odd else "it was too large"


def cannot_settle(name: str, sql: str, why: str) -> HistoryError:
    """Looking does not tell whether the statement in flight took effect."""
    return HistoryError(
        f"{name} was interrupted, and looking does not tell whether its last statement took "
        f"effect: {why}.",
        where=sql,
        state="what came before it has been done; nothing was changed by this run.",
        next=WAYS_OUT,
    )


def named_before(sql: str, reason: str) -> str:
    """A warning, before a statement that could not be settled."""
    return (
        f"warning: if this run dies in the next statement, nobody can tell whether it took effect "
        f"({reason}): {sql}"
    )
