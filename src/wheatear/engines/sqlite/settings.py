"""SQLite's pragmas of a connection. https://www.sqlite.org/pragma.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wheatear.engines.settings import Settings

from .kinds import OF_CONNECTION, kind_of, pragma_of

# Of foreign keys the run takes care itself, see `engine.py`; others are the whole process's, or say
# nothing when they are asked.
_NOT_HERE = frozenset({"foreign_keys", "case_sensitive_like", "hard_heap_limit", "soft_heap_limit"})
_NAMES = sorted(OF_CONNECTION - _NOT_HERE)


class SqliteSettings(Settings):
    """`PRAGMA recursive_triggers = 1`."""

    def _sets(self, sql: str) -> bool:
        return kind_of(sql) == "setting" and pragma_of(sql) in _NAMES

    def _all(self) -> Mapping[str, Any]:
        return {name: value for name in _NAMES for (value,) in self._rows(f"PRAGMA {name}")}

    def _give(self, name: str, value: Any) -> None:
        self._rows(f"PRAGMA {name} = {value}")

    def _rows(self, sql: str, values: Any = None) -> list[Any]:
        """APSW's cursor has no description of what answers nothing."""
        del values
        return [tuple(row) for row in self._engine.connection.cursor().execute(sql)]
