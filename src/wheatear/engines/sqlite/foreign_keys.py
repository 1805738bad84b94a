"""The foreign keys that a migration broke: violations after it that were not there before.

https://www.sqlite.org/pragma.html#pragma_foreign_key_check
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from wheatear.errors import MigrationFailedError


class Violations(Counter[tuple[Any, ...]]):
    """Rows that point at nothing, counted: table, rowid, and the table they point at."""


def violations(db: Any) -> Violations:
    """Read all rows that point at nothing, told by table, rowid and the table they point at."""
    rows = db.execute_sql("PRAGMA main.foreign_key_check").fetchall()
    return Violations((row[0].lower(), row[1], row[2].lower()) for row in rows)


def table_pages(db: Any) -> dict[int, str]:
    """Each table's root page: what a table keeps when it is renamed."""
    rows = db.execute_sql(
        "SELECT rootpage, lower(name) FROM main.sqlite_master WHERE type = 'table'"
    ).fetchall()
    return dict(rows)


def refuse_new(db: Any, before: Violations, pages: dict[int, str]) -> Violations:
    """Compare with what was there before a migration.

    Args:
        db: The database, still inside the migration's transaction.
        before: Its violations before the migration.
        pages: Its tables' root pages before the migration.

    Returns:
        The violations there are now.

    Raises:
        MigrationFailedError: There are new ones; the first few are named.
    """
    after = violations(db)
    new = after - before
    if new:
        new = after - _renamed(before, pages, table_pages(db))
    if new:
        shown = ", ".join(f"{table} row {rowid} -> {to}" for table, rowid, to in list(new)[:5])
        more = f" and {new.total() - 5} more" if new.total() > 5 else ""
        raise MigrationFailedError(
            f"The migration leaves {new.total()} row(s) whose foreign key points at nothing: "
            f"{shown}{more}.",
            next="delete or mend these rows in the migration, before it ends "
            "(`foreign_keys = True` at the top of the file keeps enforcement on while it runs).",
        )
    return after


def _renamed(before: Violations, old: dict[int, str], new: dict[int, str]) -> Violations:
    names = {name: new[page] for page, name in old.items() if page in new}
    return Violations(
        {
            (names.get(table, table), rowid, names.get(to, to)): count
            for (table, rowid, to), count in before.items()
        }
    )
