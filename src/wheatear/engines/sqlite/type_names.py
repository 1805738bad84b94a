"""Declared types that mean the same: SQLite looks at a type's name for its affinity alone."""

from __future__ import annotations

import re

from wheatear.schema.content import type_name

# What Peewee's fields write; between two of these a difference is meant, though SQLite ignores it.
_PEEWEE = {
    *("integer", "text", "varchar", "char", "real", "decimal", "blob", "date", "datetime"),
    *("time", "timestamp", "any", "bool", "uuid", "json"),
}
_CANONICAL = {"INTEGER": "integer", "REAL": "real"}
_ARGUMENTS = re.compile(r"\(.*\)")


def canonical(declared: str) -> str:
    """The type as Peewee would write one of the same affinity: INT, NVARCHAR(20), DOUBLE.

    https://www.sqlite.org/datatype3.html#determination_of_column_affinity
    """
    text = type_name(declared)
    arguments = _ARGUMENTS.search(text)
    word = _ARGUMENTS.sub("", text).strip()
    if word == "numeric":
        return text.replace("numeric", "decimal", 1)
    if word in _PEEWEE:
        return text
    from wheatear.engines.sqlite.changes.column_type import affinity  # noqa: PLC0415

    kind = affinity(word)
    if kind == "TEXT":
        return f"varchar{arguments[0]}" if arguments else "text"
    return _CANONICAL.get(kind, text)
