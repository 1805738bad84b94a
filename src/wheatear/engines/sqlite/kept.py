"""A schema kept as SQLite itself keeps it: the statements, which cost nothing to copy.

Only where they are no longer the same are they executed, in memory, to say what differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from wheatear.schema.ours import BACKFILL, JOURNAL, KEPT

if TYPE_CHECKING:
    from wheatear.engines.models import Statement
    from wheatear.schema.model import Schema

_ORDER = ("table", "index", "view", "trigger")


def statements(db: Any, without: str) -> list[list[str]]:
    """Kind, name and statement of everything in the main database, but for one table's."""
    cursor = db.execute_sql(
        "SELECT type, name, sql FROM main.sqlite_master WHERE sql IS NOT NULL "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT IN (?, ?, ?) "
        f"AND tbl_name NOT LIKE '{KEPT}%' ORDER BY type, name",
        (without, JOURNAL, BACKFILL),
    )
    return [list(row) for row in cursor.fetchall()]


def schema_of(db: Any, kept: Sequence[Sequence[str]]) -> Schema:
    """What these statements make.

    Raises:
        peewee.PeeweeException: One of them needs what the connection no longer has.
    """
    from wheatear.engines.sqlite import scratch  # noqa: PLC0415 - seldom anything differs

    return scratch.created(db, list(in_order(kept)))


def in_order(kept: Sequence[Sequence[str]]) -> Iterable[Statement]:
    """The statements in an order in which they can be executed.

    A virtual table makes the tables that it keeps its data in: those are not made twice.
    """
    from wheatear.engines.sqlite.reader import SHADOWS  # noqa: PLC0415

    virtual = [name for _, name, sql in kept if _is_virtual(sql)]
    shadows = {f"{name}_{suffix}" for name in virtual for suffix in SHADOWS}
    for kind in _ORDER:
        for its, name, sql in kept:
            if its == kind and not (kind == "table" and name in shadows):
                yield sql, ()


def _is_virtual(sql: str) -> bool:
    return sql[:20].upper() == "CREATE VIRTUAL TABLE"
