"""MySQL's and MariaDB's functions that answer for the statement before."""

from __future__ import annotations

from wheatear.engines.last_statement import INSERTS, NEXT, Asked, LastStatement

from .tokens import solid

_OF_SEQUENCE = Asked(
    "what NEXTVAL() has answered; or insert and ask in one transaction: `with db.atomic():`",
    INSERTS | NEXT,
)
# Our own questions come between too (`unheld.py`), so no transaction makes the first two right.
_ASKED = {
    "ROW_COUNT": Asked("the rowcount of the cursor, which db.execute_sql() returns"),
    "FOUND_ROWS": Asked("the number of the rows that were read, or SELECT COUNT(*)"),
    "LASTVAL": _OF_SEQUENCE,
    "PREVIOUS VALUE": _OF_SEQUENCE,
}


def last_statement() -> LastStatement:
    """What refuses them; LAST_INSERT_ID() is no such function, see `session_values.py`."""
    return LastStatement(_ASKED, capitals)


def capitals(sql: str) -> list[str]:
    """A statement's words and marks, in capitals; empty ones for names and texts in quotes."""
    return [one.text.upper() if one.kind in ("word", "mark") else "" for one in solid(sql)]
