"""The schema of models: what was read before is remembered, the rest is created and read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import peewee

from wheatear.engines.cache import Cache
from wheatear.engines.engine import first_line
from wheatear.engines.models import Definition, definitions, in_turn, named
from wheatear.errors import ConfigError
from wheatear.schema.model import Object, Schema, Table

if TYPE_CHECKING:
    from wheatear.engines.engine import Engine

_MOST = 5000  # models, of all of this user's projects


def schema_of_models(engine: Engine, models: Sequence[Any]) -> Schema:
    """Return the schema that these models describe; see `Engine.schema_of_models`."""
    if not models:
        return Schema()
    every = definitions(models, engine.stand_in())
    cache = Cache(f"models-{engine.name}", engine.version(), _MOST)
    keys = {definition.model: _key(definition) for definition in every}
    parts = {one.model: cache.get(keys[one.model]) for one in every}
    unknown = [one for one in every if parts[one.model] is None]
    if unknown:
        needed = _with_referenced(unknown, every)
        made, needed = _with_others(engine, needed, every)
        split = _split(made, needed)
        if split is None:  # something in it is no one model's own
            return made if len(needed) == len(every) else _created(engine, every)
        parts.update(split)
        cache.put({keys[model]: part for model, part in split.items()})
    return _joined([part for part in parts.values() if part is not None])


def _key(definition: Definition) -> str:
    text = repr((definition.table, definition.statements, definition.keys))
    return hashlib.sha256(text.encode()).hexdigest()


def _with_referenced(these: list[Definition], every: list[Definition]) -> list[Definition]:
    """Those and what they point at, in the order of all: that has to be there when they come."""
    by_model = {one.model: one for one in every}
    needed: set[Any] = set()
    waiting = [one.model for one in these]
    while waiting:
        model = waiting.pop()
        if model not in needed and model in by_model:
            needed.add(model)
            waiting += [field.rel_model for field in model._meta.refs]
    return [one for one in every if one.model in needed]


def _with_others(
    engine: Engine, needed: list[Definition], every: list[Definition]
) -> tuple[Schema, list[Definition]]:
    """Those that are needed; all, where one of them points at another by its SQL alone."""
    try:
        return _created(engine, needed), needed
    except ConfigError:
        if len(needed) == len(every):
            raise
        return _created(engine, every), every


def _created(engine: Engine, made: list[Definition]) -> Schema:
    try:
        return engine.created(list(in_turn(made)))
    except peewee.PeeweeException as error:
        statement = getattr(error, "statement", None)
        guilty = [one for one in made if statement in (*one.statements, *one.keys)]
        raise ConfigError(
            f"The models cannot be created in a scratch database: {first_line(error)}",
            where=named(guilty[0].model) if guilty else None,
            state="nothing was changed.",
            next=engine.remedy(error) or "mend the model: the database refuses its definition.",
        ) from error


def _split(schema: Schema, made: list[Definition]) -> dict[Any, Schema] | None:
    """What each model made, or None if that cannot be told."""
    tables: dict[str, Table] = {table.name: table for table in schema.tables}
    objects: dict[str, Object] = {one.name: one for one in schema.objects}
    parts = {}
    for one in made:
        names = {one.table} | one.sequences
        own = tuple(objects[name] for name in sorted(names & set(objects)))
        parts[one.model] = Schema((tables[one.table],) if one.table in tables else (), own)
    found = {table for part in parts.values() for table in part.tables}
    things = {thing for part in parts.values() for thing in part.objects}
    whole = found == set(schema.tables) and things == set(schema.objects)
    return parts if whole else None


def _joined(parts: list[Schema]) -> Schema:
    tables = {table.name: table for part in parts for table in part.tables}
    objects = {(one.kind, one.name, one.table): one for part in parts for one in part.objects}
    return Schema(
        tuple(tables[name] for name in sorted(tables)),
        tuple(sorted(objects.values(), key=lambda one: (one.name, one.kind, one.table or ""))),
    )
