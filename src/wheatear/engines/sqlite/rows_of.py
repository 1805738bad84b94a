"""How a table's rows are told apart: by rowid, or by the primary key."""

from __future__ import annotations

from .definition import Definition
from .tokens import fold, quote

_ROWID_NAMES = ("rowid", "_rowid_", "oid")


def rowid_name(*definitions: Definition) -> str | None:
    """Return a name of the rowid that no column of these tables hides, or None."""
    hidden = {fold(column.name) for known in definitions for column in known.columns}
    if any("WITHOUT ROWID" in known.options for known in definitions):
        return None
    return next((name for name in _ROWID_NAMES if name not in hidden), None)


def row_key(definition: Definition) -> tuple[str, ...]:
    """Return SQL for what finds one row; empty where nothing does."""
    rowid = rowid_name(definition)
    if rowid:
        return (rowid,)
    return tuple(quote(name) for name in definition.primary_key())
