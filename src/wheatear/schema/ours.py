"""The names of the tables that Wheatear keeps in a database: no part of its schema."""

from __future__ import annotations

HISTORY = "wheatear_history"
JOURNAL = "wheatear_history_journal"
BACKFILL = "wheatear_backfill"
KEPT = "wheatear_kept"
"""The list of what is kept aside; what is kept begins with the same, and a number."""

_OWN = frozenset({HISTORY, JOURNAL, BACKFILL})


def is_ours(name: str | None) -> bool:
    """Whether a table of this name is Wheatear's own."""
    return name is not None and (name in _OWN or name.startswith(KEPT))
