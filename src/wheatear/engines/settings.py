"""What a migration sets of its connection, set back when it has ended.

The next one in the same run begins as it would in a run of its own: one that follows a run that
died does, and so does each on a machine where they are applied one by one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wheatear.engines.engine import put_back

if TYPE_CHECKING:
    from wheatear.engines.engine import Engine


class Settings(ABC):
    """Those of one migration's connection, which are asked for only where it sets any.

    Args:
        engine: The database, opened.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._before: Mapping[str, Any] | None = None

    def about_to_send(self, sql: str) -> None:
        """Before a statement that may set some, see `wheatear.capture.SETS`."""
        if self._before is None and self._sets(sql):
            with suppress(Exception):  # in a transaction that has failed nothing can be set
                self._before = self._all()

    def set_back(self) -> None:
        """The migration has ended; what fails of this keeps nobody from hearing how."""
        before, self._before = self._before, None
        if before is None:
            return
        now: Mapping[str, Any] = {}
        with suppress(Exception):  # in such a transaction, or the connection is gone
            now = self._all()
        for name, value in now.items():
            if before.get(name) != value:
                self._set_one_back(name, before.get(name))

    def _set_one_back(self, name: str, value: Any) -> None:
        put_back(lambda: self._give(name, value))

    def _rows(self, sql: str, values: Any = None) -> list[Any]:
        """Past Peewee, whose connection is watched."""
        cursor = self._engine.connection.cursor()
        cursor.execute(sql, values) if values else cursor.execute(sql)
        found = list(cursor.fetchall()) if cursor.description else []
        cursor.close()
        return found

    @abstractmethod
    def _sets(self, sql: str) -> bool:
        """Whether a statement sets something of the connection."""

    @abstractmethod
    def _all(self) -> Mapping[str, Any]:
        """What is set, by name."""

    @abstractmethod
    def _give(self, name: str, value: Any) -> None:
        """Set one.

        Args:
            name: Of the setting.
            value: As `_all` returned it; None where it was not among them.
        """
