"""Schemas as JSON and back: how one is kept between two runs.

Fields that have their default are left out, which is most of them.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any

from wheatear.schema.model import Column, Constraint, Index, Object, Schema, Table

_INSIDE: dict[str, type] = {
    "columns": Column,
    "constraints": Constraint,
    "indexes": Index,
}


def as_json(schema: Schema) -> dict[str, Any]:
    """The schema as what JSON knows."""
    return {
        "tables": [_record(table) for table in schema.tables],
        "objects": [_record(thing) for thing in schema.objects],
    }


def from_json(value: Any) -> Schema:
    """The reverse of `as_json`.

    Raises:
        ValueError: It is nothing that `as_json` makes.
    """
    try:
        return Schema(
            tuple(_value(Table, record) for record in value["tables"]),
            tuple(_value(Object, record) for record in value["objects"]),
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"this is no schema: {error!r}") from error


def packed(schema: Schema) -> list[list[str]]:
    """The schema as texts, a table each: equal tables are equal texts, and read only once."""
    return [[_dumped(one) for one in part] for part in (schema.tables, schema.objects)]


def unpacked(value: Any) -> Schema:
    """The reverse of `packed`.

    Raises:
        ValueError: It is nothing that `packed` makes.
    """
    try:
        tables, objects = value
        return Schema(tuple(map(_table, tables)), tuple(map(_object, objects)))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"this is no schema: {error!r}") from error


def _dumped(value: Any) -> str:
    return json.dumps(_record(value), ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=4096)
def _table(text: str) -> Any:
    return _value(Table, json.loads(text))


@lru_cache(maxsize=4096)
def _object(text: str) -> Any:
    return _value(Object, json.loads(text))


def _record(value: Any) -> dict[str, Any]:
    """What differs from the field's default."""
    record = {}
    for field in fields(value):
        one = getattr(value, field.name)
        if field.default is MISSING or one != field.default:
            record[field.name] = [_plain(part) for part in one] if isinstance(one, tuple) else one
    return record


def _plain(part: Any) -> Any:
    return part if isinstance(part, str) else _record(part)


def _value(kind: type, record: dict[str, Any]) -> Any:
    """The value of a record, set as a whole: a large schema has ten thousand."""
    inside = _INSIDE if kind is Table else {}
    given = {
        name: tuple(_value(inside[name], part) if name in inside else part for part in one)
        if isinstance(one, list)
        else one
        for name, one in record.items()
    }
    required, defaults = _FIELDS[kind]
    if not required <= given.keys() or not given.keys() <= required | defaults.keys():
        raise ValueError(f"this is no {kind.__name__}: {sorted(given)}")
    value: Any = object.__new__(kind)
    vars(value).update(defaults, **given)
    return value


def _fields(kind: Any) -> tuple[frozenset[str], dict[str, Any]]:
    """The names without a default, and the others with theirs."""
    defaults = {one.name: one.default for one in fields(kind) if one.default is not MISSING}
    return frozenset(one.name for one in fields(kind)) - defaults.keys(), defaults


_FIELDS: dict[type, tuple[frozenset[str], dict[str, Any]]] = {
    kind: _fields(kind) for kind in (Table, Object, Column, Constraint, Index)
}
