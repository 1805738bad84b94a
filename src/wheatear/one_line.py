"""A statement as messages and records show it."""

from __future__ import annotations

_LONGEST = 2_000  # letters


def one_line(sql: str) -> str:
    """A statement without its line breaks, and not longer than a reader wants it."""
    text = " ".join(sql.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
