"""MySQL's and MariaDB's variables of a session.

https://mariadb.com/kb/en/show-variables/, https://dev.mysql.com/doc/refman/8.4/en/show-variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wheatear.engines.settings import Settings

from .kinds import words_of
from .variables import also_sets

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# They change by themselves, or with USE, or stop the clock once they are set.
_OF_THEMSELVES = frozenset(
    """
    timestamp insert_id last_insert_id identity rand_seed1 rand_seed2 error_count warning_count
    in_transaction last_gtid pseudo_thread_id statement_id character_set_database collation_database
    """.split()
)


class MysqlSettings(Settings):
    """`SET sql_mode = ''`, `SET NAMES`; a user's own variables (`@a`) are none."""

    def _sets(self, sql: str) -> bool:
        return words_of(sql)[0] == "SET" and also_sets(sql)

    def _all(self) -> Mapping[str, Any]:
        rows = self._rows("SHOW SESSION VARIABLES")
        return {name: value for name, value in rows if name not in _OF_THEMSELVES}

    def _give(self, name: str, value: Any) -> None:
        """Numbers are not taken as texts; those of the server as a whole are not ours to set."""
        number = _NUMBER.fullmatch(str(value))
        if number:
            self._rows(f"SET SESSION {name} = {number.group()}")
        else:
            self._rows(f"SET SESSION {name} = %s", (value,))
