"""What the connection holds from one statement for the next ones, kept with the entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wheatear.engines.session_values import SessionValues
from wheatear.errors import MigrationFailedError
from wheatear.journal.answers import Answer
from wheatear.journal.entries import Entry
from wheatear.journal.values import decode, encode


class Holding:
    """One migration's.

    Args:
        values: The engine's, of the connection.
    """

    def __init__(self, values: SessionValues) -> None:
        self._values = values
        self.resumed = False
        """A run that died has been taken up: this connection is another than it had."""

    def check(self, sql: str) -> None:
        """Refuse a statement that asks for what was lost with the connection.

        Raises:
            MigrationFailedError: It does.
        """
        lost = self._values.lost(sql) if self.resumed else None
        if lost is not None:
            raise MigrationFailedError(
                f"The migration uses {lost}, which lost its value with the run that died: no "
                "statement of this migration had given it one.",
                next=f"give it one in the migration, just before: SET {lost} = ….",
            )

    def noting(
        self, entry: Entry, sql: str, run: Callable[[], Answer], *, inside: bool
    ) -> Callable[[], Answer]:
        """Return the call that notes in the entry what is held after it; it may be tried again."""
        tried = False

        def noting() -> Answer:
            nonlocal tried
            if tried:
                self._values.again(sql)
            tried = True
            answer = run()
            _note(entry, self._values.after(sql, answer.lastrowid, inside=inside))
            return answer

        return noting

    def setting(self, sql: str) -> None:
        """A setting was sent, which has no entry."""
        self._values.after(sql, None, inside=True)

    def before(self, sql: str, *, rows: bool) -> None:
        """A statement is about to be sent."""
        self._values.before(sql, rows=rows)

    def at_commit(self, entry: Entry) -> None:
        """Note in the entry that ends a transaction what is still to be noted."""
        _note(entry, self._values.at_commit())

    def replayed(self, found: Entry, sql: str, run: Callable[[], Any]) -> None:
        """Let the connection hold what it held after this entry.

        Args:
            found: The entry.
            sql: Its statement.
            run: Sends it.
        """
        if not found.held:
            return
        if self._values.also_sets(sql):
            run()
        self._values.give({name: decode(one) for name, one in found.held.items()})


def _note(entry: Entry, held: dict[str, Any]) -> None:
    if held:
        entry.held = {**(entry.held or {}), **{name: encode(one) for name, one in held.items()}}
