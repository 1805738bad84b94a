"""Finds the models that a project names, and refuses those that cannot be meant."""

from __future__ import annotations

import importlib
import os
import traceback
import types
from collections.abc import Iterable, Iterator
from typing import Any

import peewee

from wheatear.engines.models import is_model
from wheatear.errors import ConfigError, Terminated, WheatearError

_SAYING = 'write `models = "game.models"`: a module, `module:NAME`, or a list of models or modules.'
_OWN = ("peewee", "playhouse")


def find_models(said: Any, db: Any, where: str | None) -> list[Any]:
    """Return the models that `models` in the configuration means, of this database alone.

    Args:
        said: A module or its dotted name, `module:NAME`, a model, or a list of these.
        db: The project's database.
        where: The configuration's file, for messages.

    Raises:
        ConfigError: A module fails, has no models, or has those of other databases only; two
            models have the same table.
    """
    found: dict[Any, None] = {}
    for one in said if isinstance(said, (list, tuple, set, frozenset)) else [said]:
        found.update(dict.fromkeys(_models_of(one, db, where)))
    models = [model for model in _with_through(found) if not model._meta.temporary]
    _check_tables(models, where)
    return models


def _models_of(one: Any, db: Any, where: str | None) -> list[Any]:
    if isinstance(one, str):
        return _named(one, db, where)
    if isinstance(one, types.ModuleType):
        return _in_module(one, db, where)
    if is_model(one):
        _check_database(one, db, where)
        return [one]
    raise ConfigError(
        f"`models` names {one!r}, which is no model and no module.",
        where=where,
        state="nothing was changed.",
        next=_SAYING,
    )


def _named(name: str, db: Any, where: str | None) -> list[Any]:
    path, _, attribute = name.partition(":")
    module = _imported(path, where)
    if not attribute:
        return _in_module(module, db, where)
    if not hasattr(module, attribute):
        raise ConfigError(
            f"`models` names {name!r}, but the module {path} has no {attribute}.",
            where=where,
            state="nothing was changed.",
            next=_SAYING,
        )
    value = getattr(module, attribute)
    inside = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    return [model for one in inside for model in _models_of(one, db, where)]


def _imported(path: str, where: str | None) -> types.ModuleType:
    try:
        return importlib.import_module(path)
    except (WheatearError, Terminated):
        raise
    except (Exception, SystemExit) as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name in (
            path,
            path.partition(".")[0],
        )
        place = where if missing else _last_place(error) or where
        raise ConfigError(
            f"The models module {path!r} cannot be imported: {type(error).__name__}: {error}",
            where=place,
            state="nothing was changed.",
            next=_SAYING if missing else "mend it and run the command again.",
        ) from error


def _last_place(error: BaseException) -> str | None:
    """The last line of the user's own code that an import came to."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and frame.filename not in _NOT_THEIRS
    ]
    theirs = [one for one in frames if "site-packages" not in one.filename] or frames
    return f"{theirs[-1].filename}:{theirs[-1].lineno}" if theirs else None


_NOT_THEIRS = (__file__, importlib.__file__)


def _in_module(module: types.ModuleType, db: Any, where: str | None) -> list[Any]:
    """The models that a module holds, without those that others are only built on."""
    held = [
        value
        for value in vars(module).values()
        if is_model(value) and value.__module__.partition(".")[0] not in _OWN
    ]
    models = [model for model in dict.fromkeys(held) if not _is_base(model)]
    if not models:
        raise ConfigError(
            f"The module {module.__name__} has no models.",
            where=where,
            state="nothing was changed.",
            next=_SAYING,
        )
    ours = [model for model in models if _belongs(model, db)]
    if not ours:
        _check_database(models[0], db, where)
    return ours


def _is_base(model: Any) -> bool:
    """What others inherit from, and nothing points at, is no table, if it looks like it.

    It has no field of its own, or is called so. A class that is a table all the same can be named
    in a list.
    """
    if not model.__subclasses__() or model._meta.backrefs:
        return False
    name = model.__name__.lower()
    declared = [field for field in model._meta.sorted_fields if not _is_given(field)]
    called = any(word in name for word in ("base", "abstract", "mixin"))
    return called or name.endswith("model") or not declared


def _is_given(field: Any) -> bool:
    """The key that Peewee gives to whoever has none."""
    return type(field) is peewee.AutoField and field.name == "id"


def _with_through(models: Iterable[Any]) -> Iterator[Any]:
    """The models, and the tables between two of them that Peewee makes up."""
    seen: set[Any] = set()
    for model in models:
        between = [
            field.get_through_model()
            for field in model._meta.manytomany.values()
            if not field._is_backref
        ]
        for one in (model, *between):
            if is_model(one) and one not in seen:
                seen.add(one)
                yield one


def _check_tables(models: Iterable[Any], where: str | None) -> None:
    by_table: dict[tuple[str, str], Any] = {}
    for model in models:
        key = (model._meta.schema or "", model._meta.table_name)
        other = by_table.setdefault(key, model)
        if other is not model:
            raise ConfigError(
                f"Two models have the same table {key[1]}: {_called(other)} and {_called(model)}.",
                where=where,
                state="nothing was changed.",
                next="let `models` list the one that says what the table is.",
            )


def _check_database(model: Any, db: Any, where: str | None) -> None:
    if _belongs(model, db):
        return
    theirs = _database(model)
    raise ConfigError(
        f"The model {_called(model)} belongs to another database than `db`: "
        f"{type(theirs).__name__} {os.path.basename(str(theirs.database))!r}.",
        where=where,
        state="nothing was changed.",
        next="name the models of this database in `models`.",
    )


def _belongs(model: Any, db: Any) -> bool:
    """Whether a model is of this database: one that is not said yet may be."""
    theirs = _database(model)
    if theirs is None or theirs is db or getattr(theirs, "deferred", False):
        return True
    kinds = (peewee.SqliteDatabase, peewee.PostgresqlDatabase, peewee.MySQLDatabase)
    if any(isinstance(theirs, kind) is not isinstance(db, kind) for kind in kinds):
        return False
    return os.path.basename(str(theirs.database)) == os.path.basename(str(db.database))


def _database(model: Any) -> Any:
    theirs = model._meta.database
    return theirs.obj if isinstance(theirs, peewee.Proxy) else theirs


def _called(model: Any) -> str:
    return f"{model.__module__}.{model.__qualname__}"
