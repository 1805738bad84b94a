"""Functions that answer for the connection's last statement, between which and the question the
journal may have sent its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from wheatear.engines.journaling import Refusal

NEXT = frozenset({"NEXTVAL", "NEXT"})
INSERTS = frozenset({"INSERT", "REPLACE", "MERGE", "COPY"})
CHANGES = frozenset({*INSERTS, "UPDATE", "DELETE"})
_MAY_ASK = frozenset({*CHANGES, "WITH", "SELECT", "VALUES", "CALL", "TABLE", "SET", "DO"})


class Asked(NamedTuple):
    """Such a function.

    Attributes:
        instead: What to use in its place.
        behind: The words of a statement that it answers for: behind such a one, in the same
            transaction, it may be asked.
    """

    instead: str
    behind: frozenset[str] = frozenset()


class LastStatement:
    """Refuses such functions, but in a transaction of the migration's own, behind a statement that
    they answer for: there the journal sends nothing, and all of it is done or nothing.

    Args:
        asked: The functions, in capitals, or two words that stand for one.
        words_of: Cuts a statement into words and marks, in capitals; texts are others.
    """

    def __init__(
        self, asked: Mapping[str, Asked], words_of: Callable[[str], Sequence[str]]
    ) -> None:
        self._asked = asked
        self._words_of = words_of
        self._names = {name.partition(" ")[0] for name in asked}
        self._said: set[str] = set()
        """The words of the statements of the transaction that is open."""

    def refusal(self, sql: str, first: str, *, inside: bool) -> Refusal | None:
        """To be asked before each statement.

        Args:
            sql: The statement.
            first: Its first word, in capitals.
            inside: It is sent in a transaction of the migration's own.
        """
        if not inside:
            self._said.clear()
        refusal = self._of(sql) if first in _MAY_ASK and self._may_ask(sql) else None
        if inside and refusal is None:
            self._note(sql, first)
        return refusal

    def _may_ask(self, sql: str) -> bool:
        """A statement may be as long as a server takes it: it is not cut into words for nothing."""
        capitals = sql.upper()
        return any(name in capitals for name in self._names)

    def _of(self, sql: str) -> Refusal | None:
        before: set[str] = set()
        """In this text: what gives a sequence's next value, and all of the statements before."""
        words = self._words_of(sql)
        for at, (word, after) in enumerate(pairwise(words)):
            if word == ";":
                before.update(words[:at])
            elif word in NEXT:
                before.add(word)
            said = f"{word}()" if after == "(" else f"{word} {after}"
            function = self._asked.get(said.removesuffix("()"))
            if function and not function.behind & (self._said | before):
                return Refusal(
                    f"asks {said} about a statement before it, and the journal sends its own in "
                    "between.",
                    f"use {function.instead}.",
                )
        return None

    def _note(self, sql: str, first: str) -> None:
        self._said.add(first)
        if first not in CHANGES:
            self._said.update(self._words_of(sql))
