"""Rows that no transaction holds: of engines that have none, and what a procedure may commit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_TARGET = re.compile(
    r"\b(?:INTO|UPDATE|FROM|JOIN|REPLACE|TABLE)\s+(?:LOW_PRIORITY\s+|DELAYED\s+|IGNORE\s+)*"
    r"(?:`?(\w+)`?\s*\.\s*)?`?([\w$]+)`?",
    re.IGNORECASE,
)
_CALL = re.compile(r"\s*CALL\s+(?:`?(\w+)`?\s*\.\s*)?`?([\w$]+)`?", re.IGNORECASE)
# https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
_COMMITS = re.compile(
    r"\b(COMMIT|ROLLBACK|START|BEGIN\s+WORK|ALTER|CREATE|DROP|TRUNCATE|RENAME|GRANT|REVOKE|LOCK|"
    r"CALL|EXECUTE|ANALYZE|OPTIMIZE|FLUSH)\b",
    re.IGNORECASE,
)


class Unheld:
    """Looks at the tables that statements name, each once until something is altered.

    Args:
        rows: Sends a query; returns its rows.
        database: The connection's.
    """

    def __init__(self, rows: Callable[[str, Any], list[Any]], database: str) -> None:
        self._rows = rows
        self._database = database
        self._engines: dict[tuple[str, str], str] = {}

    def forget(self) -> None:
        """Something is altered: a table's engine may be."""
        self._engines.clear()

    def why(self, sql: str) -> str | None:
        """Why a transaction does not hold what this statement changes, or None if it does."""
        call = _CALL.match(sql)
        if call:
            return self._commits_inside(call.group(1) or self._database, call.group(2))
        for database, table in dict.fromkeys(_TARGET.findall(sql)):
            engine = self._engine(database or self._database, table)
            if engine and engine != "InnoDB":
                return f"the rows of {table} are {engine}'s, which has no transactions"
        return None

    def _engine(self, database: str, table: str) -> str:
        """https://mariadb.com/kb/en/information-schema-tables-table/"""
        key = (database, table)
        if key not in self._engines:
            found = self._rows(
                "SELECT COALESCE(engine, '') FROM information_schema.tables "
                "WHERE table_schema = %s AND table_name = %s",
                key,
            )
            self._engines[key] = str(found[0][0]) if found else ""
        return self._engines[key]

    def _commits_inside(self, database: str, routine: str) -> str | None:
        found = self._rows(
            "SELECT routine_definition FROM information_schema.routines "
            "WHERE routine_schema = %s AND routine_name = %s",
            (database, routine),
        )
        if found and found[0][0] is not None and not _COMMITS.search(found[0][0]):
            return None
        return f"the procedure {routine} may commit inside"
