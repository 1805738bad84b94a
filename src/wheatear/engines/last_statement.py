"""Functions that answer for the connection's last statement, between which and the question the
journal may have sent its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from wheatear.engines.journaling import Refusal

_INSERTS = frozenset({"INSERT", "REPLACE", "MERGE", "COPY"})
_CHANGES = frozenset({*_INSERTS, "UPDATE", "DELETE"})
_MAY_CHANGE = frozenset({"WITH", "SELECT"})  # SELECT nextval(…)
_NEXT = "NEXTVAL"
_MAY_ASK = frozenset({*_CHANGES, *_MAY_CHANGE, "VALUES", "CALL", "TABLE"})


class Asked(NamedTuple):
    """Such a function.

    Attributes:
        instead: What to use in its place.
        of_insert: It answers for the last row that was inserted, not for any that were changed.
    """

    instead: str
    of_insert: bool


class LastStatement:
    """Refuses such functions, but in a transaction of the migration's own, behind a statement that
    they answer for: there the journal sends nothing, and all of it is done or nothing.

    Args:
        asked: The functions, in capitals.
        words_of: Cuts a statement into words and marks, in capitals; texts are others.
    """

    def __init__(
        self, asked: Mapping[str, Asked], words_of: Callable[[str], Sequence[str]]
    ) -> None:
        self._asked = asked
        self._words_of = words_of
        self._may = re.compile("|".join(asked), re.IGNORECASE)
        self._inserted = self._changed = False

    def refusal(self, sql: str, first: str, *, inside: bool) -> Refusal | None:
        """To be asked before each statement.

        Args:
            sql: The statement.
            first: Its first word, in capitals.
            inside: It is sent in a transaction of the migration's own.
        """
        if not inside:
            self._inserted = self._changed = False
        refusal = self._of(sql) if first in _MAY_ASK and self._may.search(sql) else None
        if inside and refusal is None:
            self._note(sql, first)
        return refusal

    def _of(self, sql: str) -> Refusal | None:
        for word, after in pairwise(self._words_of(sql)):
            function = self._asked.get(word) if after == "(" else None
            if function and not (self._inserted if function.of_insert else self._changed):
                return asks(word.lower(), function.instead)
        return None

    def _note(self, sql: str, first: str) -> None:
        said = {first}
        if first in _MAY_CHANGE:
            said = set(self._words_of(sql))
        self._inserted = self._inserted or bool(said & {*_INSERTS, _NEXT})
        self._changed = self._changed or bool(said & _CHANGES)


def asks(name: str, instead: str) -> Refusal:
    """The refusal of such a function.

    Args:
        name: The function.
        instead: What to use in its place.
    """
    return Refusal(
        f"asks {name}() about the statement before it, and the journal sends its own in between.",
        f"use {instead}.",
    )
