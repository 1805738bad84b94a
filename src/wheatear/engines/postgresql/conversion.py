"""How the values of a column become those of another type, where the server needs to be told.

https://www.postgresql.org/docs/current/sql-createcast.html: without USING only casts for
assignments are made.
"""

from __future__ import annotations

import re

from wheatear.engines.postgresql.spelling import quoted
from wheatear.schema.model import Column

_NUMBERS = {"smallint", "integer", "bigint", "numeric", "real", "double precision"}
_TEXTS = {"text", "character varying", "character"}
_TIMES = {"date", "timestamp without time zone", "timestamp with time zone"}
_FAMILIES = (_NUMBERS, _TEXTS, _TIMES)


def conversion(before: Column, after: Column) -> str | None:
    """The expression of USING, or None where the server converts by itself."""
    old, new, name = _base(before.type), _base(after.type), quoted(after.name)
    if after.type == f"{before.type}[]":
        return f"ARRAY[{name}]"
    if before.type == f"{after.type}[]":
        return f"{name}[1]"
    if new in _TEXTS or any({old, new} <= family for family in _FAMILIES):
        return None
    if new == "boolean" and old in _NUMBERS:
        return f"{name} <> 0"
    if old == "boolean" and new in _NUMBERS:
        return f"{name}::integer::{after.type}"
    return f"{name}::text::{after.type}"


def is_collatable(type_: str) -> bool:
    """Whether a type has a collation."""
    return _base(type_.removesuffix("[]")) in _TEXTS


def _base(type_: str) -> str:
    """The type without its length."""
    return re.sub(r"\(.*?\)", "", type_).strip()
