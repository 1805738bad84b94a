"""Copies of a database that is one file: what a backup needs of an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheatear.engines.engine import Engine
    from wheatear.engines.waiting import Waiting


class ChangedMeanwhileError(Exception):
    """Somebody else has written to the database, so it was not replaced."""


class Copies(Protocol):
    """Makes copies of the database that a run works on, and puts them back.

    Attributes:
        file: The database's file.
    """

    file: str

    def version(self) -> int:
        """A number that changes when another connection than the run's has written."""

    def make(self, path: str, waiting: Waiting, *, checked: bool = True) -> None:
        """Copy the database as it is now, readable by its owner alone.

        Args:
            path: The copy's file, which must not be there; it is there when it is whole.
            waiting: Who is told, and for how long, if others keep the database from being read.
            checked: Refuse a copy that is damaged, as it is when the database itself is.

        Raises:
            BackupError: It could not be made or is not sound; no file is left.
        """

    def begin_anew(self) -> None:
        """Make an empty database where there is none, readable by its owner alone."""

    def check(self, path: str) -> None:
        """Look whether a copy is sound.

        Raises:
            BackupError: It is not.
        """

    def restore(
        self,
        path: str,
        waiting: Waiting,
        *,
        unchanged_since: int | None = None,
        first: Callable[[], None] | None = None,
    ) -> None:
        """Put a copy in the place of the database: all of it or, killed at any point, nothing.

        Args:
            path: The copy's file.
            waiting: How long to wait for others who read or write.
            unchanged_since: Only if `version` is still this; None whatever was written.
            first: Called when nobody else can write any more, before anything is changed.

        Raises:
            ChangedMeanwhileError: It is not.
            BackupError: It could not be put back; the database is as it was.
        """

    def engine_of(self, path: str) -> Engine:
        """An engine to read a copy with."""
