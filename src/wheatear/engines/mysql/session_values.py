"""What a connection holds for the statements that come: user variables, and LAST_INSERT_ID().

It dies with the connection, and the journal's own statements change it. So it is read when a
statement may have changed it, and given to the connection again: after the journal's own, and by a
run that takes up one that died.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from wheatear.engines.session_values import SessionValues

from .kinds import inner, words_of
from .tokens import quoted
from .variables import also_sets, variables_in

INSERT_ID = "last_insert_id"
MAY_USE_VALUES = frozenset(
    "SELECT WITH VALUES SET DO INSERT REPLACE UPDATE DELETE LOAD EXECUTE".split()
)
"""CALL is apart: it may be the procedure that gives a variable its value."""
_SAYS_INSERT_ID = re.compile(r"\blast_insert_id\b|@@(?:\w+\.)?identity\b", re.IGNORECASE)
_GIVES_INSERT_ID = re.compile(r"\blast_insert_id\s*(?:\(\s*[^\s)]|:?=)", re.IGNORECASE)
# MariaDB's, which is built in, and MySQL's from 8.0.16 on:
# https://mariadb.com/kb/en/information-schema-user_variables-table/
# https://dev.mysql.com/doc/refman/8.4/en/performance-schema-user-variable-tables.html
_ALL = (
    "SELECT variable_name FROM information_schema.user_variables",
    """SELECT variable_name FROM performance_schema.user_variables_by_thread
    WHERE thread_id = PS_CURRENT_THREAD_ID()""",
)


class MysqlSessionValues(SessionValues):
    """User variables, and what LAST_INSERT_ID() answers.

    Args:
        rows: Sends a query; returns its rows.
        send: Sends a statement.
        calls: Tells whether a statement runs a program that is stored in the database.
    """

    def __init__(
        self,
        rows: Callable[[str], list[Any]],
        send: Callable[[str, Any], Any],
        calls: Callable[[str], bool],
    ) -> None:
        self._rows = rows
        self._send = send
        self._calls = calls
        self._known: dict[str, Any] = {}
        """The variables that a statement has said, and what they hold."""
        self._insert_id = 0
        self._moved = False
        """LAST_INSERT_ID() may be another one than it was."""
        self._is_ours = False
        """LAST_INSERT_ID() is the record's, for the migration itself has inserted nothing."""

    def before(self, sql: str, *, rows: bool) -> None:
        """Most migrations that only change the schema need not ask."""
        if self._is_ours and (rows or _SAYS_INSERT_ID.search(sql)):
            self.give({INSERT_ID: 0})

    def after(self, sql: str, insert_id: Any, *, inside: bool) -> dict[str, Any]:
        """What a stored program has set is asked for by all names that there are."""
        names = {variable.name for variable in variables_in(sql)}
        calls = self._calls(sql)
        if calls:
            names |= self._all()
        self._moved = self._moved or calls or bool(insert_id) or _gives_insert_id(sql)
        return self._read(sorted(names), moved=self._moved and not inside)

    def again(self, sql: str) -> None:
        """Variables are in no transaction: what counts with them has counted in vain."""
        names = {variable.name for variable in variables_in(sql)} & self._known.keys()
        self.give({name: self._known[name] for name in sorted(names)})

    def at_commit(self) -> dict[str, Any]:
        """LAST_INSERT_ID(), once for all of a transaction."""
        return self._read([], moved=self._moved)

    def _read(self, names: list[str], *, moved: bool) -> dict[str, Any]:
        asked = [*names, *(["LAST_INSERT_ID()"] if moved else [])]
        if not asked:
            return {}
        (row,) = self._rows(f"SELECT {', '.join(asked)}")
        found = dict(zip([*names, INSERT_ID], row, strict=False))
        self._known.update({name: found[name] for name in names})
        if moved:
            self._insert_id, self._moved = int(found[INSERT_ID]), False
        return found

    def _all(self) -> set[str]:
        for query in _ALL:
            try:
                found = self._rows(query)
            except Exception:  # noqa: BLE001, S112 - any driver's: it is the other server's
                continue
            return {f"@{quoted(name.lower())}" for (name,) in found}
        return set(self._known)

    def give(self, values: Mapping[str, Any]) -> None:
        """In one statement."""
        if not values:
            return
        self._known.update({name: one for name, one in values.items() if name != INSERT_ID})
        if INSERT_ID in values:
            self._insert_id, self._is_ours = int(values[INSERT_ID]), False
        sets = ", ".join(
            f"{'SESSION ' if name == INSERT_ID else ''}{name.replace('%', '%%')} = %s"
            for name in values
        )
        self._send(f"SET {sets}", tuple(values.values())).close()

    def after_own_insertion(self) -> None:
        """What came before it is what a migration asks for."""
        if self._insert_id:
            self.give({INSERT_ID: self._insert_id})
        else:
            self._is_ours = True

    def also_sets(self, sql: str) -> bool:
        """`SET @old = @@sql_mode, sql_mode = ''`."""
        return also_sets(inner(sql))

    def lost(self, sql: str) -> str | None:
        """A variable that holds nothing, and that the journal knows nothing of."""
        said = variables_in(sql)
        given = {one.name for one in said if one.is_given} | self._known.keys()
        if words_of(inner(sql))[0] not in MAY_USE_VALUES:
            return None
        for name in sorted({one.name for one in said} - given):
            if self._rows(f"SELECT {name}")[0][0] is None:
                return name.replace("`", "")
        return None


def _gives_insert_id(sql: str) -> bool:
    """LAST_INSERT_ID(expression), or SET of the variable."""
    return INSERT_ID in sql.lower() and bool(_GIVES_INSERT_ID.search(sql))
