"""Rows that no transaction holds: of engines that have none, and what a procedure may commit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from .targets import Targets, tables_of_view, targets, targets_inside

# https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
_COMMITS = re.compile(
    r"\b(COMMIT|ROLLBACK|START|BEGIN\s+WORK|ALTER|CREATE|DROP|TRUNCATE|RENAME|GRANT|REVOKE|LOCK|"
    r"CALL|EXECUTE|ANALYZE|OPTIMIZE|FLUSH)\b",
    re.IGNORECASE,
)
# https://mariadb.com/kb/en/information-schema-tables-table/
_TABLE = """
    SELECT COALESCE(engine, ''), table_type, EXISTS (
        SELECT 1 FROM information_schema.triggers
        WHERE event_object_schema = %s AND event_object_table = %s)
    FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"""
_VIEW = (
    "SELECT view_definition FROM information_schema.views"
    " WHERE table_schema = %s AND table_name = %s"
)
_TRIGGERS = (
    "SELECT trigger_name, event_manipulation, action_statement FROM information_schema.triggers"
    " WHERE event_object_schema = %s AND event_object_table = %s"
)
_PROCEDURE = (
    "SELECT routine_definition FROM information_schema.routines"
    " WHERE routine_schema = %s AND routine_name = %s AND routine_type = 'PROCEDURE'"
)


class _Text(NamedTuple):
    """Statements, and where they are looked at.

    Attributes:
        sql: Their text.
        database: Says in which one a bare name is looked up.
        above: The tables and procedures that they are done for.
    """

    sql: str
    database: Callable[[], str]
    above: frozenset[tuple[str, str]] = frozenset()

    def inside(self, key: tuple[str, str], sql: str) -> _Text:
        """What is done for a table or by a procedure; names are those of its database."""
        return _Text(sql, lambda: key[0], self.above | {key})


class Unheld:
    """Looks at the tables that statements change, each once until something is altered.

    Args:
        rows: Sends a query; returns its rows.
        database: Says in which one the connection looks a bare name up.
    """

    def __init__(self, rows: Callable[[str, Any], list[Any]], database: Callable[[], str]) -> None:
        self._rows = rows
        self._database = database
        self._known: dict[tuple[str, tuple[str, ...]], list[Any]] = {}

    def forget(self) -> None:
        """Something is altered: a table's engine may be."""
        self._known.clear()

    def why(self, sql: str) -> str | None:
        """Why a transaction does not hold what this statement changes, or None if it does."""
        return self._of_statement(targets(sql), _Text(sql, self._database))

    def _of_statement(self, found: Targets | None, text: _Text) -> str | None:
        if found is None:
            return "what it changes cannot be read from its text"
        for name in found.names:
            key = (name.database or text.database(), name.name)
            if key in text.above:
                continue
            if found.verb == "CALL":
                why = self._of_procedure(key, text)
            else:
                why = self._of_table(key, found.events(text.sql), text)
            if why:
                return why
        return None

    def _of_table(self, key: tuple[str, str], events: frozenset[str], text: _Text) -> str | None:
        for engine, kind, has_triggers in self._ask(_TABLE, (*key, *key)):
            if kind == "VIEW":
                return self._of_view(key, events, text)
            if engine and engine != "InnoDB":
                return f"the rows of {key[1]} are {engine}'s, which has no transactions"
            if has_triggers:
                return self._of_triggers(key, events, text)
        return None

    def _of_view(self, key: tuple[str, str], events: frozenset[str], text: _Text) -> str | None:
        shown = [sql for (sql,) in self._ask(_VIEW, key) if sql]
        tables = tables_of_view(shown[0]) if shown else None
        if tables is None:
            return f"the tables of the view {key[1]} cannot be seen"
        inside = text.inside(key, text.sql)
        for table in tables:
            table_key = (table.database or key[0], table.name)
            if table_key not in inside.above and (why := self._of_table(table_key, events, inside)):
                return why
        return None

    def _of_triggers(self, key: tuple[str, str], events: frozenset[str], text: _Text) -> str | None:
        for name, event, body in self._ask(_TRIGGERS, key):
            if event in events and (why := self._of_body(text.inside(key, body))):
                return f"it fires the trigger {name}, and {why}"
        return None

    def _of_procedure(self, key: tuple[str, str], text: _Text) -> str | None:
        for (body,) in self._ask(_PROCEDURE, key):
            if body is not None and not _COMMITS.search(body):
                return self._of_body(text.inside(key, body))
        return f"the procedure {key[1]} may commit inside"

    def _of_body(self, text: _Text) -> str | None:
        found = (self._of_statement(one, text) for one in targets_inside(text.sql))
        return next((why for why in found if why), None)

    def _ask(self, sql: str, values: tuple[str, ...]) -> list[Any]:
        if (sql, values) not in self._known:
            self._known[sql, values] = self._rows(sql, values)
        return self._known[sql, values]
