"""The values of a result or an error as JSON that keeps their types. Never pickle: what a database
holds may have been written by others.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
from collections.abc import Callable
from typing import Any


class NotStorableError(TypeError):
    """A value of a type that is not known here."""


def encode(value: Any) -> Any:
    """Return a value as what JSON knows; what JSON does not know becomes `{type: text}`.

    Raises:
        NotStorableError: The type is not known.
    """
    if value is None or (isinstance(value, (bool, int, str)) and type(value) in _PLAIN):
        return value
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind is list:
        return [encode(one) for one in value]
    if kind is tuple:
        return {"tuple": [encode(one) for one in value]}
    if kind is dict:
        return {"dict": [[encode(key), encode(one)] for key, one in value.items()]}
    return _named(value)


def _named(value: Any) -> dict[str, Any]:
    """A value under its type's name."""
    kind = type(value)
    if kind in _WRITERS:
        name, write = _WRITERS[kind]
        return {name: write(value)}
    if kind.__module__ == "ipaddress":  # psycopg's, of inet and cidr
        return {"ipaddress": [kind.__name__, str(value)]}
    raise NotStorableError(f"{kind.__module__}.{kind.__qualname__}")


def decode(value: Any) -> Any:
    """Return the value that was encoded."""
    if isinstance(value, list):
        return [decode(one) for one in value]
    if not isinstance(value, dict):
        return value
    ((name, inner),) = value.items()
    if name == "tuple":
        return tuple(decode(one) for one in inner)
    if name == "dict":
        return {decode(key): decode(one) for key, one in inner}
    return _READERS[name](inner)


def _address(parts: Any) -> Any:
    import ipaddress  # noqa: PLC0415 - hardly anybody has one

    kind, text = parts
    if kind.startswith("IPv"):
        return vars(ipaddress)[kind](text)
    raise ValueError(kind)


_PLAIN = (bool, int, str)
_WRITERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    bytes: ("bytes", bytes.hex),
    bytearray: ("bytearray", bytearray.hex),
    memoryview: ("memoryview", lambda value: value.tobytes().hex()),
    decimal.Decimal: ("decimal", str),
    dt.datetime: ("datetime", dt.datetime.isoformat),
    dt.date: ("date", dt.date.isoformat),
    dt.time: ("time", dt.time.isoformat),
    dt.timedelta: (
        "timedelta",
        lambda value: [value.days, value.seconds, value.microseconds],
    ),
    uuid.UUID: ("uuid", str),
    set: ("set", lambda value: [encode(one) for one in sorted(value, key=repr)]),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "memoryview": lambda text: memoryview(bytes.fromhex(text)),
    "decimal": decimal.Decimal,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "timedelta": lambda parts: dt.timedelta(*parts),
    "uuid": uuid.UUID,
    "ipaddress": _address,
    "set": lambda items: {decode(one) for one in items},
}
