"""The models of a migration's own module: a default of theirs that is a function itself was taken
when the class was made, before anything was served.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import peewee

Held = list[tuple[Any, Callable[[], Any]]]
"""Fields, and what their defaults were."""


def serve_models(namespace: Mapping[str, Any], stand_in_of: Callable[[Any], Any]) -> Held:
    """Put in place of such defaults what stands for them; return what is to be put back.

    Args:
        namespace: The module's.
        stand_in_of: Tells what is served in place of a function, or None.
    """
    models = _models(namespace)
    if not models:
        return []
    fields = [field for model in models for field in model._meta.defaults]
    held = [(field, field.default) for field in fields if callable(field.default)]
    held = [(field, real) for field, real in held if stand_in_of(real) is not None]
    put_back([(field, stand_in_of(real)) for field, real in held])
    return held


def put_back(held: Held) -> None:
    """Give fields these defaults."""
    for field, default in held:
        _give(field, default)


def _models(namespace: Mapping[str, Any]) -> list[Any]:
    """Few migrations have any, and most names in one are imported."""
    name = namespace.get("__name__")
    return [
        one
        for one in namespace.values()
        if type(one) is peewee.ModelBase and one.__module__ == name
    ]


def _give(field: Any, default: Callable[[], Any]) -> None:
    """Where Peewee looks for it: in the field, and in lists of its model."""
    field.default = field.model._meta.defaults[field] = default
    calls = getattr(field.model._meta, "_default_callable_list", [])
    calls[:] = [(name, default if name == field.name else one) for name, one in calls]
