"""PostgreSQL's parameters of a session.

https://www.postgresql.org/docs/current/view-pg-settings.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wheatear.engines.settings import Settings

_OF_TRANSACTION = re.compile(r"[\s;]*SET\s+(?:LOCAL|TRANSACTION|CONSTRAINTS)\b", re.IGNORECASE)
# The view says nothing of the last two.
_ALL = """
    SELECT name, setting FROM pg_settings WHERE source = 'session' AND name !~ '^transaction_'
    UNION ALL SELECT name, current_setting(name)
    FROM (VALUES ('role'), ('session_authorization')) AS beside (name)"""
# The transaction of a migration has its own, see `engine.py`.
_OURS = frozenset({"lock_timeout", "application_name"})


class PostgresqlSettings(Settings):
    """`SET search_path`, `SET ROLE`; what is LOCAL ends with its transaction."""

    def _sets(self, sql: str) -> bool:
        return not _OF_TRANSACTION.match(sql)

    def _all(self) -> Mapping[str, Any]:
        return dict(self._rows(_ALL))

    def _give(self, name: str, value: Any) -> None:
        ours = name in _OURS and self._engine.in_transaction()
        if value is None or ours:
            self._rows(f"RESET {name}")
        if value is not None:
            self._rows(f"SELECT set_config(%s, %s, {'true' if ours else 'false'})", (name, value))
