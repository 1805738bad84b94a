"""Which statements call a function that is stored in the database, and so may change rows.

What a function declares (READS SQL DATA, DETERMINISTIC) is not looked at: the server does not hold
it to that. It cannot commit, so a transaction holds what it does.
https://mariadb.com/kb/en/stored-function-limitations/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from .tokens import solid

_CALLED = re.compile(r"(?<![\w$])([\w$]+)`?\s*\(")
_COLUMNS_OF = re.compile(r"\b(?:INTO|INSERT|REPLACE|IGNORE)\s+[\w$`.]+\s*\(", re.IGNORECASE)
_QUALIFIED = re.compile(r"\.\s*`?[\w$]+`?\s*\(")
# Words that stand before a parenthesis, and functions of the server's own: a stored one of the same
# name would have to be called by its database's name too.
_OF_SERVER = frozenset(
    """
    all and any as between by case distinct else except exists from having if ifnull in intersect
    into is join lateral like limit match nullif not on or order over partition recursive regexp
    returning select set some table then union using values when where window with xor
    abs avg bit_and bit_or bit_xor cast ceil ceiling char char_length character_length coalesce
    concat concat_ws connection_id convert count curdate current_date current_time
    current_timestamp current_user curtime database date date_add date_format date_sub datediff day
    decimal elt export_set extract field find_in_set floor format found_rows from_unixtime
    get_lock greatest group_concat hex hour inet_aton inet_ntoa insert instr int interval
    is_used_lock json_array json_arrayagg json_extract json_object json_objectagg json_unquote
    json_value last_insert_id lcase least left length locate lower lpad ltrim max md5 mid min minute
    mod month now pow power quote rand release_lock repeat replace reverse right round row_count
    row_number rpad rtrim schema second session_user sha1 sha2 sign sleep space sqrt std stddev
    str_to_date substr substring substring_index sum sysdate system_user time timediff timestamp
    timestampdiff trim truncate ucase unhex unix_timestamp upper user utc_timestamp uuid varchar
    version week year
    """.split()
)
_ASKED = (
    "SELECT routine_name FROM information_schema.routines "
    "WHERE routine_type = 'FUNCTION' AND routine_schema <> 'sys'"
)


class Functions:
    """Those of the server, asked for once until something is made.

    Args:
        rows: Sends a query; returns its rows.
    """

    def __init__(self, rows: Callable[[str], list[Any]]) -> None:
        self._rows = rows
        self._names: frozenset[str] | None = None

    def forget(self) -> None:
        """Something is made, or may be."""
        self._names = None

    def are_called(self, sql: str) -> bool:
        """Whether a statement calls one."""
        if "(" not in sql:
            return False
        text = _COLUMNS_OF.sub("", sql)
        called = {name.lower() for name in _CALLED.findall(text)}
        if not (called - _OF_SERVER) and not _QUALIFIED.search(text):
            return False
        if self._names is None:
            found = self._rows(_ASKED)
            self._names = frozenset(str(name).lower() for (name,) in found)
        return bool(called & self._names) and bool(_called_in(sql) & self._names)


def _called_in(sql: str) -> set[str]:
    """The names before a parenthesis, not in texts and comments; without their database's."""
    return {
        one.name.lower().rpartition(".")[2]
        for one, after in pairwise(solid(sql))
        if after.text == "(" and one.name is not None
    }
