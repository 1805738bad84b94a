"""Which savepoints are open: where none but savepoints are, the outermost is the transaction.

https://www.sqlite.org/lang_savepoint.html
"""

from __future__ import annotations

from wheatear.engines.journaling import Kind
from wheatear.engines.sqlite.kinds import beginning
from wheatear.engines.sqlite.tokens import fold

_BEGIN = None
"""A transaction that a BEGIN has begun: no RELEASE ends it."""


class Savepoints:
    """Those of one connection, as its statements come."""

    def __init__(self) -> None:
        self._open: list[str | None] = []
        """Outermost first."""

    def kind(self, sql: str, kind: Kind, *, inside: bool | None) -> Kind:
        """What a statement that begins or ends something is to the transaction.

        Args:
            sql: The statement.
            kind: What it is by its words.
            inside: Whether a transaction is open; None where it is not sent, so that only the
                statements before it tell. What is sent may fail, and is believed when it shows.
        """
        was_open = bool(self._open) if inside is None else inside
        self._open = (self._open or [_BEGIN]) if was_open else []
        if kind == "inside":
            kind = self._of_savepoint(sql, was_open=was_open)
        if kind == "begin" and not self._open:
            self._open = [_BEGIN]
        elif kind in ("commit", "rollback") and inside is None:
            self._open = []
        return kind

    def _of_savepoint(self, sql: str, *, was_open: bool) -> Kind:
        """Of several with one name the newest is meant, and those in it end with it."""
        first, *rest = [token for token in beginning(sql) if token.text != ";"]
        name = fold(rest[-1].name) if rest else ""
        if first.is_word("SAVEPOINT"):
            self._open.append(name)
            return "inside" if was_open else "begin"
        if name not in self._open:
            return "inside"
        at = max(at for at, one in enumerate(self._open) if one == name)
        if first.is_word("ROLLBACK"):
            at += 1  # it stays itself
        elif at == 0:
            return "commit"
        del self._open[at:]
        return "inside"
