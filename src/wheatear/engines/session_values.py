"""What a connection holds from one statement for the next ones, beside its settings.

It dies with the connection, and the journal's own statements may change it. Where an engine has
such values, they are read when a statement may have changed them, kept with its entry, and given to
the connection again by a run that takes up one that died.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SessionValues:
    """Of one connection, while one migration runs; here of an engine that has none."""

    def before(self, sql: str, *, rows: bool) -> None:
        """A statement is about to be sent.

        Args:
            sql: The statement.
            rows: It changes rows.
        """

    def after(self, sql: str, insert_id: Any, *, inside: bool) -> dict[str, Any]:
        """Return what a statement that was sent may have changed, as it is now.

        Args:
            sql: The statement.
            insert_id: The driver's lastrowid.
            inside: A transaction of the migration's own is open, before whose end `at_commit` asks.
        """
        del sql, insert_id, inside
        return {}

    def again(self, sql: str) -> None:
        """A statement is about to be sent once more, and what it did was rolled back."""

    def at_commit(self) -> dict[str, Any]:
        """Return what is still to be kept before a transaction ends, or the journal inserts."""
        return {}

    def give(self, values: Mapping[str, Any]) -> None:
        """Let the connection hold these again."""

    def after_own_insertion(self) -> None:
        """The journal has inserted a record of its own."""

    def also_sets(self, sql: str) -> bool:
        """Whether a statement that is kept for its values is a setting too, to be sent again."""
        del sql
        return False

    def lost(self, sql: str) -> str | None:
        """The name of what a statement asks for, where it is known no longer.

        To be asked only in a run that has taken up one that died.
        """
        del sql
        return None
