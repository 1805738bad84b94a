"""Functions that answer for the statement before, which may be one of the journal's own."""

from __future__ import annotations

import re
from itertools import pairwise

from wheatear.engines.journaling import Refusal
from wheatear.engines.last_statement import asks

from .kinds import kind_of
from .tokens import tokens

_INSTEAD = {
    "row_count": "the rowcount of the cursor, which db.execute_sql() returns",
    "found_rows": "the number of the rows that were read, or SELECT COUNT(*)",
}
_MAY = re.compile("|".join(_INSTEAD), re.IGNORECASE)


def refusal_of_last_statement(sql: str) -> Refusal | None:
    """ROW_COUNT() and FOUND_ROWS(); a stored program may ask them of its own statements."""
    if not _MAY.search(sql) or kind_of(sql) == "alone":
        return None
    solid = [one for one in tokens(sql) if one.kind not in ("space", "comment")]
    for one, after in pairwise(solid):
        if one.kind == "word" and after.text == "(" and one.text.lower() in _INSTEAD:
            return asks(one.text.upper(), _INSTEAD[one.text.lower()])
    return None
