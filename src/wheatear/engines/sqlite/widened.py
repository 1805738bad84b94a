"""What takes a table's columns for all there are, and fails where there is one more.

`INSERT INTO player VALUES (…)` in a trigger, `SELECT *` in a view that names its columns or is
joined by UNION.
"""

from __future__ import annotations

from .breaking import Compiled, broken_by, compiling
from .draft import Draft, RefusedError
from .naming import naming


def unwidened(draft: Draft) -> Compiled:
    """Return what compiles before columns are added, if any are."""
    if not (draft.new_columns or draft.fresh):
        return {}
    among = [key for key in naming(draft.before) if key[1] != "table"]
    return compiling(draft.db, draft.before, among)


def check_widened(draft: Draft, compiled: Compiled) -> None:
    """Refuse where something no longer compiles with the new columns."""
    broken = broken_by(draft.db, draft.expected, compiled)
    if broken:
        lines = "\n".join(f"- {kind} {name}" for _, kind, name in broken)
        raise RefusedError(
            f"with one more column in table {draft.table} these would fail\n{lines}",
            "drop them before, and make them again afterwards with the table's columns named",
        )
