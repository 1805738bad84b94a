"""Whether every value of one type fits in another, by the types' names in all three engines."""

from __future__ import annotations

import re

from wheatear.schema.content import type_name

# Each holds all values of those before it in its row.
_WIDER = (
    ("tinyint", "smallint", "mediumint", "int", "bigint"),
    ("float", "double"),
    ("char", "varchar", "text"),
    ("tinytext", "text", "mediumtext", "longtext"),
    ("varchar", "longtext"),
    ("tinyblob", "blob", "mediumblob", "longblob"),
    ("date", "datetime"),
    ("date", "timestamp"),
)
_SAME = {
    "integer": "int",
    "int2": "smallint",
    "int4": "int",
    "int8": "bigint",
    "real": "float",
    "double precision": "double",
    "character varying": "varchar",
    "character": "char",
    "numeric": "decimal",
    "timestamp without time zone": "timestamp",
}
_TYPE = re.compile(r"([a-z][a-z0-9 ]*?)(?:\((\d+)(?:,(\d+))?\))? ?(unsigned)?")
# What its number says is how it is shown, not what it holds.
_SHOWN = {"tinyint", "smallint", "mediumint", "int", "bigint"}


def is_wider(old: str, new: str) -> bool:
    """Whether a value of the old type can always be kept in the new one; False where in doubt."""
    was, is_ = _TYPE.fullmatch(type_name(old)), _TYPE.fullmatch(type_name(new))
    if was is None or is_ is None or was[4] != is_[4]:
        return False
    name, other = (_SAME.get(match[1], match[1]) for match in (was, is_))
    if name == other:
        return name in _SHOWN or _fits(name, was, is_)
    in_a_row = any(
        name in row and other in row and row.index(name) < row.index(other) for row in _WIDER
    )
    return in_a_row and (is_[2] is None or other in _SHOWN or _fits(name, was, is_))


def _fits(name: str, was: re.Match[str], is_: re.Match[str]) -> bool:
    """By length, or by the digits before and behind the point."""
    if is_[2] is None:
        return name != "decimal" or was[2] is None
    if was[2] is None:
        return False
    behind = int(is_[3] or 0) - int(was[3] or 0)
    before = int(is_[2]) - int(was[2]) - behind
    return before >= 0 and behind >= 0
