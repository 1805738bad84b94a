"""Settings that change how the server says a definition, kept as they are by default.

A migration may set them, and then the next look would find another text for the same table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from wheatear.engines.engine import put_back

from .kinds import words_of

# https://mariadb.com/kb/en/sql-mode/, https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html
MODES_THAT_PRINT_OTHERWISE = frozenset(
    {"ANSI", "ANSI_QUOTES", "DB2", "MAXDB", "MSSQL", "MYSQL323", "MYSQL40", "ORACLE"}
    | {"NO_FIELD_OPTIONS", "NO_KEY_OPTIONS", "NO_TABLE_OPTIONS", "POSTGRESQL"}
)
# By these a text in a definition is escaped otherwise.
_ODD_MODES = MODES_THAT_PRINT_OTHERWISE | {"NO_BACKSLASH_ESCAPES"}
# Quotes; a TIMESTAMP's default; letters.
_NAMES = ("sql_mode", "sql_quote_show_create", "time_zone", "character_set_results")
_ASK = f"SELECT DATABASE(), {', '.join(f'@@SESSION.{name}' for name in _NAMES)}"
_MATTERS = re.compile(
    r"sql_mode|sql_quote_show_create|time_zone|character_set|\bNAMES\b|\bCHARSET\b", re.IGNORECASE
)
_CHANGE_NONE = frozenset({"CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "INSERT", "UPDATE"})

Rows = Callable[..., list[Any]]


class PlainSettings:
    """Those of one connection, asked for again only where something may have changed them.

    Args:
        rows: Sends a query; returns its rows.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._odd: Mapping[str, Any] | None = None
        self._letters: Any = None
        self._database = ""

    def doubt(self, sql: str) -> None:
        """A statement is about to be sent, which may change them, or the current database."""
        first = words_of(sql)[0]
        if first not in _CHANGE_NONE and (first != "SET" or _MATTERS.search(sql)):
            self._odd = None

    @property
    def database(self) -> str:
        """The current one, where a bare name is looked for."""
        self._differing()
        return self._database

    @contextmanager
    def kept(self) -> Iterator[None]:
        """For the block they are as they are by default, then as they were."""
        odd = self._differing()
        if not odd:
            yield
            return
        plain = {"sql_mode": "", "sql_quote_show_create": 1, "time_zone": "SYSTEM"}
        self._set({name: plain.get(name, self._letters) for name in odd})
        try:
            yield
        finally:
            put_back(lambda: self._set(odd))

    def _differing(self) -> Mapping[str, Any]:
        """Those that are not as by default, as they are."""
        if self._odd is None:
            ((database, mode, quotes, zone, letters),) = self._rows(_ASK)
            self._database = database or ""
            self._letters = self._letters or letters  # the driver's own, before any migration
            odd: dict[str, Any] = {}
            if _ODD_MODES & set(str(mode).upper().split(",")):
                odd["sql_mode"] = mode
            if not int(quotes):
                odd["sql_quote_show_create"] = 0
            if zone != "SYSTEM":
                odd["time_zone"] = zone
            if letters != self._letters:
                odd["character_set_results"] = letters
            self._odd = odd
        return self._odd

    def _set(self, settings: Mapping[str, Any]) -> None:
        text = ", ".join(f"SESSION {name} = %s" for name in settings)
        self._rows(f"SET {text}", tuple(settings.values()))
