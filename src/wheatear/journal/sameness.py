"""What tells a statement, or what it read, from another one: the same for the same values, whatever
objects hold them. A value that was read and is written back is one object the first time, and
another when it comes from the journal.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import re
from typing import Any

_PLAIN = frozenset({bool, int, float, str, type(None)})
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
# What drivers wrap parameters in: psycopg2's adapters and Inet, psycopg's Json and Jsonb.
_HOLDS = ("adapted", "addr", "obj")


def digest(value: Any) -> str:
    """A short text that is the same for the same values, and for no others."""
    text = repr(_bare(value))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _bare(value: Any) -> Any:
    """The value as something whose repr says it all, and nothing of where it lies in memory."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple or kind is list:
        return kind([_bare(one) for one in value])
    if kind is dict:
        return [(_bare(key), _bare(one)) for key, one in value.items()], "dict"
    return _bare_of_others(value, f"{kind.__module__}.{kind.__qualname__}")


def _bare_of_others(value: Any, name: str) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return _instant(value)
    if isinstance(value, (set, frozenset)):
        return ("set", sorted(repr(_bare(one)) for one in value))
    if isinstance(value, enum.Enum):
        return (name, value.name)
    return _inside(value, name)


def _instant(value: dt.datetime) -> tuple[str, str]:
    """A zone the first time is an offset from the journal: it is the same moment."""
    try:
        moment = value.astimezone(dt.timezone.utc)
    except OverflowError:  # of the first or the last day
        moment = value
    return ("instant", moment.isoformat())


def _inside(value: Any, name: str) -> Any:
    if hasattr(value, "isempty"):  # a range
        ends = (_bare(value.lower), _bare(value.upper), value.lower_inc, value.upper_inc)
        return (name, value.isempty, ends)
    for attribute in _HOLDS:
        if hasattr(value, attribute):
            return (name, _bare(getattr(value, attribute)))
    text = repr(value)
    if not _ADDRESS.search(text):
        return (name, text)
    held = {each: getattr(value, each, None) for each in sorted(_names_of(value))}
    return (name, sorted((each, _ADDRESS.sub("", repr(one))) for each, one in held.items()))


def _names_of(value: Any) -> set[str]:
    """Of its attributes, methods aside."""
    names = set(getattr(value, "__dict__", ()))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        names.update((slots,) if isinstance(slots, str) else slots)
    return names
