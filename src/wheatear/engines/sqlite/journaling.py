"""Journaling on SQLite: nearly everything can be in a transaction, and no dead run works on."""

from __future__ import annotations

from collections.abc import Sequence

from wheatear.engines.engine import Engine
from wheatear.engines.journaling import Journaling, Kind, Refusal, Seen, Settled
from wheatear.engines.last_statement import CHANGES, INSERTS, Asked, LastStatement
from wheatear.engines.operating import is_operating
from wheatear.engines.sqlite import lock
from wheatear.engines.sqlite.kinds import first_word, kind_of, pragma_of, refusal_of
from wheatear.engines.sqlite.savepoints import Savepoints
from wheatear.engines.sqlite.tokens import fold, tokens_of

_OF_TRANSACTIONS = frozenset({"begin", "commit", "rollback", "inside"})
# https://www.sqlite.org/lang_corefunc.html
_ASKED = {
    "LAST_INSERT_ROWID": Asked(
        "the lastrowid of the cursor, which db.execute_sql() returns, Model.create() or RETURNING; "
        "or insert and ask in one transaction: `with db.atomic():`",
        INSERTS,
    ),
    **dict.fromkeys(
        ("CHANGES", "TOTAL_CHANGES"),
        Asked(
            "the rowcount of the cursor, which db.execute_sql() returns; or change and ask in one "
            "transaction: `with db.atomic():`",
            CHANGES,
        ),
    ),
}


class SqliteJournaling(Journaling):
    """One file, and one process that writes."""

    begin_sql = "BEGIN IMMEDIATE"

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._last_statement = LastStatement(_ASKED, _spelled)
        self._savepoints = Savepoints()

    def kind(self, sql: str) -> Kind:
        """By its words; but what a savepoint is depends on whether a transaction is open."""
        kind = kind_of(sql)
        if kind not in _OF_TRANSACTIONS:
            return kind
        inside = None if self.replays() else self.in_transaction()
        return self._savepoints.kind(sql, kind, inside=inside)

    def refusal(self, sql: str, *, inside: bool) -> Refusal | None:
        """What lives in the connection dies with it; an operation only puts back what there was."""
        if is_operating():
            return None
        refusal = refusal_of(sql, in_memory=self._in_memory)
        return refusal or self._last_statement.refusal(sql, first_word(sql), inside=inside)

    def outlived(self, sql: str, rest: Sequence[str]) -> bool:
        """In a transaction the one does nothing, and the other ends with it.

        https://www.sqlite.org/pragma.html#pragma_foreign_keys
        """
        del rest
        return pragma_of(sql) not in {"foreign_keys", "defer_foreign_keys"}

    def _in_memory(self, schema: str) -> bool:
        """`temp` too: https://www.sqlite.org/pragma.html#pragma_database_list"""
        if schema == "temp":
            return True
        return any(
            fold(name) == schema and not file for _, name, file in self.rows("PRAGMA database_list")
        )

    def in_transaction(self, *, after_error: bool = False) -> bool:
        """The driver knows, after errors too."""
        del after_error
        return self.engine.in_transaction()

    def gave_way(self, error: BaseException) -> bool:
        """Readers and writers of the file shut each other out for a moment."""
        return lock.is_busy(error)

    def look(self, sql: str) -> Seen:
        """What cannot be in a transaction here may be done twice: VACUUM and a few pragmas."""
        del sql
        return {"again": True}

    def settle(self, sql: str, before: Seen, *, dead: bool = False) -> Settled:
        """It is done once more."""
        del sql, before, dead
        return Settled(done=False)


def _spelled(sql: str) -> list[str]:
    return ["" if token.kind == "string" else token.name.upper() for token in tokens_of(sql)]
