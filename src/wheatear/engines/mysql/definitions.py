"""What SHOW CREATE TABLE said a moment ago, where two ask the same.

When a migration is done, its tables are asked for, for the way back; before the next one's first
statement the journal looks at what that touches. Often it is the same table, and nothing was sent
in between: then the answer is as good as a new one.
"""

from __future__ import annotations

import time

_MOMENT = 0.01
"""Seconds. Whoever changes a table past the run could as well do so just after a new look."""


class Definitions:
    """The latest answers on one connection, as long as they are new."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[float, str]] = {}

    def keep(self, name: str, text: str) -> None:
        """Keep an answer.

        Args:
            name: The table, quoted.
            text: Its statement, without the counter.
        """
        self._said[name] = (time.monotonic(), text)

    def take(self, name: str) -> str | None:
        """Return what was said of a table a moment ago, if anything was."""
        at, text = self._said.get(name, (0.0, None))
        return text if time.monotonic() - at < _MOMENT else None

    def forget(self) -> None:
        """Something is sent, or about to be, that may change a table."""
        self._said.clear()
