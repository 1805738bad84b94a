"""Peewee models as the statements that create them, without touching a model or a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import peewee

from wheatear.errors import ConfigError

Statement = tuple[str, tuple[Any, ...]]
"""SQL and its parameters."""


class Definition(NamedTuple):
    """What creates one model's table.

    Attributes:
        model: The model.
        statements: Sequences, the table, its indexes.
        keys: Foreign keys that wait for all tables to be there.
    """

    model: Any
    statements: tuple[Statement, ...]
    keys: tuple[Statement, ...] = ()

    @property
    def table(self) -> str:
        """The name of its table."""
        return str(self.model._meta.table_name)

    @property
    def sequences(self) -> set[str]:
        """The names of the sequences it states."""
        fields = self.model._meta.sorted_fields
        return {str(field._sequence_parts()[1]) for field in fields if field.sequence}


_SPELLING = ("_field_types", "_operations", "param", "quote", "server_version", "_adapter")


def stand_in(db: Any, plain: type[Any], *arguments: Any) -> Any:
    """A database that spells SQL as `db` does and has nothing else of it: no pool, no connection.

    Args:
        db: The database.
        plain: Peewee's own class for it.
        *arguments: What to make it of.
    """
    stand = spelling_as(db, plain(*arguments))
    stand.index_schema_prefix = False
    stand.sequence_exists = lambda *_: False
    return stand


def spelling_as(db: Any, other: Any) -> Any:
    """The other database, which spells SQL as `db` does from now on."""
    for name in _SPELLING:
        if hasattr(db, name):
            setattr(other, name, getattr(db, name))
    return other


class _Unqualified(peewee.Context):
    """Leaves out a table's schema: in the scratch it has another."""

    __slots__ = ()

    def sql(self, obj: Any) -> Any:
        """Write a table's name alone."""
        thing: Any = obj._meta.table if is_model(obj) else obj
        if isinstance(thing, peewee.Table) and len(vars(thing)["_path"]) > 1:
            thing = peewee.Entity(vars(thing)["_path"][-1])
        return super().sql(thing)  # type: ignore[no-untyped-call]

    def as_new(self) -> Any:
        """A context of the same kind."""
        return type(self)(**self.state.settings)


def definitions(models: Iterable[Any], stand: Any) -> list[Definition]:
    """What creates each model and each that one of them points at, in an order that works.

    Args:
        models: The models.
        stand: What `stand_in` made; nothing is sent to it.

    Raises:
        ConfigError: A model cannot be said as SQL.
    """
    in_order = vars(peewee)["sort_models"](with_referenced(models))
    if any(model._meta.schema for model in in_order):
        stand.context_class = _Unqualified
    return [_definition(model, stand) for model in in_order]


def with_referenced(models: Iterable[Any]) -> list[Any]:
    """The models and all that their foreign keys lead to."""
    found: dict[Any, None] = {}
    waiting = list(models)
    while waiting:
        model = waiting.pop(0)
        if model not in found:
            found[model] = None
            waiting += [field.rel_model for field in model._meta.refs]
    return list(found)


def _definition(model: Any, stand: Any) -> Definition:
    sent: list[Statement] = []
    stand.execute = lambda query, *_, **__: sent.append(_statement(query))
    stand.execute_sql = lambda sql, params=None, *_: sent.append((sql, tuple(params or ())))
    try:
        manager = type(model._schema)(model, stand)
        manager.create_all(safe=False)
        own = tuple(sent)
        sent.clear()
        for field in _deferred(model, stand):
            manager.create_foreign_key(field)
    except Exception as error:
        raise ConfigError(
            f"The model {named(model)} cannot be written as SQL: {type(error).__name__}: {error}",
            state="nothing was changed.",
            next="mend the model.",
        ) from error
    finally:
        del stand.execute, stand.execute_sql
    return Definition(model, own, tuple(sent))


def _statement(query: Any) -> Statement:
    sql, params = query.query()
    return sql, tuple(params)


def _deferred(model: Any, stand: Any) -> Iterator[Any]:
    """SQLite has no way to add a foreign key to a table that is there."""
    if not isinstance(stand, peewee.SqliteDatabase):
        for field in model._meta.sorted_fields:
            if isinstance(field, peewee.ForeignKeyField) and field.deferred:
                yield field


def in_turn(made: Sequence[Definition]) -> Iterator[Statement]:
    """All statements, each once: two models may state the same sequence."""
    seen: set[str] = set()
    for definition in made:
        for sql, params in definition.statements:
            if sql not in seen:
                seen.add(sql)
                yield sql, params
    for definition in made:
        yield from definition.keys


def is_model(value: Any) -> bool:
    """Whether it is a model: a class, not an alias or a row."""
    return isinstance(value, type) and issubclass(value, peewee.Model)


def send(db: Any, statements: Iterable[Statement]) -> None:
    """Send statements; an error says of which it is in `statement`."""
    for statement in statements:
        try:
            db.execute_sql(*statement)
        except Exception as error:
            error.statement = statement  # type: ignore[attr-defined]
            raise


def send_in_any_order(db: Any, statements: Iterable[Statement]) -> None:
    """Send statements that may need one another: those that fail come again after the others."""
    waiting = list(statements)
    while waiting:
        left = []
        for statement in waiting:
            try:
                with db.atomic():
                    db.execute_sql(*statement)
            except peewee.PeeweeException as error:
                error.statement = statement  # type: ignore[attr-defined]
                left.append((statement, error))
        if len(left) == len(waiting):
            raise left[0][1]
        waiting = [statement for statement, _ in left]


def named(model: Any) -> str:
    """What to call a model in a message."""
    return f"{model.__module__}.{model.__qualname__}"


def python_defaults(models: Iterable[Any]) -> dict[tuple[str, str], frozenset[str]]:
    """By table and column, how SQL may spell the default that a model has in Python."""
    found = {}
    for model in models:
        for field in model._meta.sorted_fields:
            if field.default is not None and not callable(field.default):
                place = (model._meta.table_name, field.column_name)
                found[place] = frozenset(_spellings(field))
    return found


def _spellings(field: Any) -> Iterator[str]:
    for value in (field.default, _database_value(field)):
        if isinstance(value, bool):
            yield from (("true", "1") if value else ("false", "0"))
        elif isinstance(value, (int, float)):
            yield from {str(value), f"{value:g}"}
        elif value is not None:
            yield str(value)


def _database_value(field: Any) -> Any:
    try:
        return field.db_value(field.default)
    except Exception:  # noqa: BLE001 - a field of the user's own, and only a comparison
        return None
