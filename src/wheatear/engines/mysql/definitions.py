"""What the server says of a table or another thing, the same whoever asks and whatever is set.

When a migration is done, its tables are asked for, for the way back; before the next one's first
statement the journal looks at what that touches. Often it is the same table, and nothing was sent
in between: then the answer is as good as a new one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from .plain import PlainSettings
from .raw_bytes import with_bytes_in_hex
from .server_errors import error_number
from .tokens import quoted

_COUNTER = re.compile(r"^(\) ENGINE=.*?) AUTO_INCREMENT=\d+", re.MULTILINE)
_NAME = re.compile(r"`(?:[^`]|``)*`")
# No such table, trigger, routine, event, database, sequence.
_ABSENT = frozenset({1146, 1360, 1305, 1539, 1049, 4091})
_RECENT, _MOMENT = 0.01, 0.0005
"""Seconds before a migration's beginning, and from there to its first statement. What it does past
its connection takes longer; whoever else changes a table could as well do so after a new look."""


class Definitions:
    """Of one connection.

    Args:
        rows: Sends a query on it; returns its rows.
        home: Returns the database that the connection was opened for.
    """

    def __init__(self, rows: Callable[..., list[Any]], home: Callable[[], str]) -> None:
        self._rows = rows
        self._home = home
        self._said: dict[str, tuple[float, str]] = {}
        self._begun = 0.0
        self.settings = PlainSettings(rows)

    # Names

    @property
    def database(self) -> str:
        """The current one; the other functions know what is not in it by its full name."""
        return self.settings.database

    def place(self, name: str) -> str:
        """A quoted name as it is the same everywhere: bare in the home database, else qualified."""
        *database, bare = _NAME.findall(name) or [name]
        where = database[0] if database else quoted(self.database)
        return bare if where == quoted(self._home()) else f"{where}.{bare}"

    # Asking

    def ask(self, kind: str, place: str) -> str | None:
        """What SHOW CREATE says of a thing: of a table its statement, without the counter that rows
        move; None if it is not there.

        Args:
            kind: As SHOW CREATE calls it.
            place: As `place` returns it; a database's name.
        """
        full = place
        if kind != "DATABASE" and len(_NAME.findall(place)) == 1 and self.database != self._home():
            full = f"{quoted(self._home())}.{place}"
        try:
            with self.settings.kept():
                rows = self._rows(f"SHOW CREATE {kind} {full}")
        except Exception as error:  # any driver's
            if error_number(error) in _ABSENT:
                return None
            raise
        if kind != "TABLE":
            return repr(rows)
        text = _plainly(str(rows[0][1]))
        self._said[place] = (time.monotonic(), text)
        return text

    def shown(self, name: str) -> str:
        """What is said of a table of the current database, wherever that is.

        Args:
            name: Quoted, and bare.
        """
        return _plainly(str(self._rows(f"SHOW CREATE TABLE {name}")[0][1]))

    def said(self, place: str) -> str | None:
        """What was said of a table just before the migration began, if that was a moment ago."""
        at, text = self._said.get(place, (0.0, None))
        known = at > self._begun - _RECENT and time.monotonic() < self._begun + _MOMENT
        return text if known else None

    def begin(self) -> None:
        """A migration begins."""
        self._begun = time.monotonic()

    def doubt(self, sql: str) -> None:
        """A statement is about to be sent."""
        self.settings.doubt(sql)

    def forget(self) -> None:
        """Something is sent, or about to be, that may change a table."""
        self._said.clear()


def _plainly(definition: str) -> str:
    """As it is compared: without the counter, and texts that are no letters in hexadecimal."""
    if " AUTO_INCREMENT=" in definition:
        definition = _COUNTER.sub(r"\1", definition)
    return with_bytes_in_hex(definition)
