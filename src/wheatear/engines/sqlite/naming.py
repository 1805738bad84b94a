"""What names a table without being its own: views, other tables' triggers, full-text tables."""

from __future__ import annotations

from .photograph import ObjectKey, Photograph
from .tokens import fold


def naming(photo: Photograph) -> list[ObjectKey]:
    """Return the views, triggers and virtual tables whose text names the table, or such a view.

    The name may be a part of a word: who asks compiles them, and one too many does no harm.
    """
    waiting = {key: fold(sql or "") for key, (_, sql) in photo.others.items() if _said(key, sql)}
    found: list[ObjectKey] = []
    said = [fold(photo.table)]
    while waiting and said:
        new = [key for key, text in waiting.items() if any(name in text for name in said)]
        said = [fold(name) for _, kind, name in new if kind == "view"]
        found += new
        for key in new:
            del waiting[key]
    return found


def is_virtual(key: ObjectKey, sql: str | None) -> bool:
    """Whether it is a virtual table."""
    return key[1] == "table" and (sql or "")[:21].upper() == "CREATE VIRTUAL TABLE "


def _said(key: ObjectKey, sql: str | None) -> bool:
    return bool(sql) and (key[1] in {"view", "trigger"} or is_virtual(key, sql))
