"""The values of a result or an error as JSON that keeps their types. Never pickle: what a database
holds may have been written by others.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
from collections.abc import Callable
from importlib import import_module
from typing import Any

_DATETIME = dt.datetime  # the real one: while a migration runs, the module's is served


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
    if kind in (list, tuple, dict):
        return _encoded_items(value)
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind is _DATETIME and (zone := getattr(value.tzinfo, "key", None)):
        return {"zoned": [value.replace(tzinfo=None).isoformat(), zone, value.fold]}
    if kind in _WRITERS:
        name, write = _WRITERS[kind]
        return {name: write(value)}
    return _encoded_by_name(value, f"{kind.__module__}:{kind.__qualname__}")


def _encoded_items(value: Any) -> Any:
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(one)] for key, one in value.items()]}
    items = [encode(one) for one in value]
    return {"tuple": items} if isinstance(value, tuple) else items


def _encoded_by_name(value: Any, name: str) -> Any:
    """Of classes that are imported by those who use them."""
    if name in _RANGES:
        return {"range": _parts_of_range(value)}
    if name in _IPS:
        return {"ip": [name, str(value)]}
    raise NotStorableError(name.replace(":", "."))


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


def _parts_of_range(value: Any) -> list[Any]:
    """Psycopg's and psycopg2's ranges have the same attributes; a multirange holds some."""
    kind = f"{type(value).__module__}:{type(value).__qualname__}"
    if kind.endswith("Multirange"):
        return [kind, [_parts_of_range(one) for one in value]]
    if value.isempty:
        return [kind]
    bounds = ("[" if value.lower_inc else "(") + ("]" if value.upper_inc else ")")
    return [kind, encode(value.lower), encode(value.upper), bounds]


def _range(parts: list[Any]) -> Any:
    kind, *rest = parts
    make = _class(kind, _RANGES)
    if kind.endswith("Multirange"):
        return make([_range(one) for one in rest[0]])
    if not rest:
        return make(empty=True)
    lower, upper, bounds = rest
    return make(decode(lower), decode(upper), bounds)


def _class(name: str, known: frozenset[str]) -> Any:
    """A class by its name, imported only now: most answers hold none of it."""
    if name not in known:  # nothing else is imported on a database's word
        raise ValueError(f"the journal holds an unknown type: {name}")
    module, _, kind = name.partition(":")
    return getattr(import_module(module), kind)


def _zoned(parts: list[Any]) -> dt.datetime:
    text, key, fold = parts
    zone = _class("zoneinfo:ZoneInfo", frozenset({"zoneinfo:ZoneInfo"}))(key)
    return _DATETIME.fromisoformat(text).replace(tzinfo=zone, fold=fold)


# https://www.psycopg.org/psycopg3/docs/basic/pgtypes.html#range-adaptation and
# https://www.psycopg.org/docs/extras.html#range-data-types
_RANGES = frozenset(
    {
        "psycopg.types.range:Range",
        "psycopg.types.multirange:Multirange",
        "psycopg2._range:NumericRange",
        "psycopg2._range:DateRange",
        "psycopg2._range:DateTimeRange",
        "psycopg2._range:DateTimeTZRange",
    }
)
_PLAIN = (bool, int, str)
_IPS = frozenset(
    f"ipaddress:IPv{version}{kind}"
    for version in (4, 6)
    for kind in ("Address", "Interface", "Network")
)
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
    "ip": lambda parts: _class(parts[0], _IPS)(parts[1]),
    "zoned": _zoned,
    "range": _range,
    "set": lambda items: {decode(one) for one in items},
}
