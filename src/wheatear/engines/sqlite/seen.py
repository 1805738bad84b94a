"""What shows a table to others under its names: views, and full-text tables with its content.

SQLite renames in their texts, but not what a view calls its own columns, and nothing in the text of
a virtual table.
"""

from __future__ import annotations

from typing import Any

from .breaking import broken_by, compiling
from .draft import RefusedError
from .naming import naming
from .photograph import ObjectKey, Photograph, rows


class Seen:
    """What the views and virtual tables that name a table are like before a rename.

    Args:
        db: The database.
        before: The table, photographed before it.
    """

    def __init__(self, db: Any, before: Photograph) -> None:
        self._db = db
        self._before = before
        among = [key for key in naming(before) if key[1] != "trigger"]
        self._compiled = compiling(db, before, among)
        self._columns = {key: self._columns_of(key) for key in self._compiled if key[1] == "view"}

    def notes(self) -> list[str]:
        """Look again, afterwards.

        Returns:
            What to say to the user.

        Raises:
            RefusedError: A full-text table cannot be read any more.
        """
        broken = broken_by(self._db, self._before, self._compiled)
        if broken:
            names = " and ".join(f"{kind} {name}" for _, kind, name in broken)
            raise RefusedError(
                f"{names} could not be read any more: the old name is a part of its definition",
                f"drop {names} before, and make it again afterwards",
            )
        notes = []
        for key, columns in self._columns.items():
            pairs = zip(columns, self._columns_of(key), strict=False)
            changed = [f"{old} is {new} now" for old, new in pairs if old != new]
            if changed:
                notes.append(
                    f"in view {key[2]} column {', '.join(changed)}: make it anew with `AS`, if it "
                    "is read by the old name"
                )
        return notes

    def _columns_of(self, key: ObjectKey) -> list[str]:
        schema, _, name = key
        query = "SELECT name FROM pragma_table_info(?, ?)"
        return [row[0] for row in rows(self._db, query, name, schema)]
