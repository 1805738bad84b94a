"""What a running migration has done so far, written before each statement is sent.

Where each statement commits by itself, a run that dies leaves its statements behind; its record
then says which. The last one of the list may or may not have taken effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wheatear.capture import Statement
    from wheatear.engines.engine import Engine

_LONGEST = 2_000


class Journal:
    """The list of statements of one record that is running.

    Args:
        connection: The driver's own connection: what the journal sends is no part of the log.
        engine: Its engine.
        id_: The record.
    """

    def __init__(self, connection: Any, engine: Engine, id_: int) -> None:
        self._connection = connection
        self._sql = (
            f"UPDATE {engine.history_table()} SET statements = {engine.appended('statements')} "
            f"WHERE id = {engine.db.param}"
        )
        self._id = id_

    def before(self, statement: Statement) -> None:
        """Note a statement that is about to be sent; what only reads needs no note.

        Inside a transaction of the migration's own, the note is part of it and goes with it.
        """
        if statement.reads:
            return
        cursor = self._connection.cursor()
        try:
            cursor.execute(self._sql, (one_line(statement.sql) + "\n", self._id))
        finally:
            cursor.close()


def one_line(sql: str) -> str:
    """A statement without its line breaks, and not longer than a reader wants it."""
    text = " ".join(sql.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
