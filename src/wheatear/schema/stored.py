"""Schemas as JSON and back: how one is kept between two runs.

Fields that have their default are left out, which is most of them.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import Any

from wheatear.schema.model import Column, Constraint, Index, Object, Schema, Table

_INSIDE: dict[str, type] = {
    "columns": Column,
    "constraints": Constraint,
    "indexes": Index,
}


def dumped(schema: Schema) -> str:
    """The schema as one line of JSON; equal schemas give equal text."""
    return json.dumps(as_json(schema), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def loaded(text: str) -> Schema:
    """The schema of such a line.

    Raises:
        ValueError: It is no such line.
    """
    return from_json(json.loads(text))


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
    given = {
        name: tuple(_part(kind, name, part) for part in one) if isinstance(one, list) else one
        for name, one in record.items()
    }
    return kind(**given)


def _part(kind: type, name: str, part: Any) -> Any:
    return _value(_INSIDE[name], part) if kind is Table else part
