"""Models against the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import peewee

from wheatear.engines.engine import Engine, first_line
from wheatear.engines.models import named, python_defaults, with_referenced
from wheatear.engines.waiting import Waiting
from wheatear.errors import ConfigError, DatabaseUnavailableError
from wheatear.project import Project
from wheatear.schema.changes import Change
from wheatear.schema.diff import Policy, compare
from wheatear.schema.model import Schema
from wheatear.schema.renames import Rename, renamed
from wheatear.schema.words import MODELS, Difference, in_words


class Comparison(NamedTuple):
    """What models and database differ in.

    Attributes:
        database: Its URL, the password masked.
        changes: What would make the database what the models say, in an order that works.
        apart: What only the database has, and models do not speak of: left alone.
        before: The database's schema.
        after: The models' schema.
    """

    database: str
    changes: tuple[Change, ...]
    apart: tuple[Change, ...]
    before: Schema
    after: Schema

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The changes in words."""
        return in_words(self.changes, MODELS)

    @property
    def only_in_database(self) -> tuple[Difference, ...]:
        """What is set apart, in words."""
        return in_words(self.apart, MODELS)

    def to_dict(self) -> dict[str, Any]:
        """Return what `diff --json` prints."""
        return {
            "database": self.database,
            "differences": [one.to_dict() for one in self.differences],
            "only_in_database": [one.to_dict() for one in self.only_in_database],
        }


class Both(NamedTuple):
    """Database and models, read.

    Attributes:
        engine: The database.
        policy: What of a difference counts.
        before: The database's schema.
        after: The models' schema.
    """

    engine: Engine
    policy: Policy
    before: Schema
    after: Schema

    def compared(self, renames: Sequence[Rename] = (), dropped: Sequence[str] = ()) -> Comparison:
        """What they differ in; the engine is still `opened`.

        Args:
            renames: What was renamed, tables first.
            dropped: Tables that no model speaks of, and that are to go.
        """
        before = self.before
        for rename in renames:
            before = renamed(before, rename)
        before, after = self.engine.settled(before, self.after)
        policy = replace(self.policy, dropped=tuple(dropped))
        found = compare(before, after, policy=policy)
        changes = (*renames, *found.changes)
        return Comparison(self.engine.url, changes, found.apart, self.before, after)


def compare_models(
    project: Project, waiting: Waiting, renames: Sequence[Rename] = ()
) -> Comparison:
    """Compare the project's models with its database; see `Migrations.diff`.

    Args:
        project: The project.
        waiting: How long to wait if others keep the database from being read.
        renames: What was renamed, tables first.
    """
    engine = project.engine
    ignored = project.ignore_tables
    models = project.models()
    if not engine.exists():
        raise DatabaseUnavailableError(
            f"There is no database {engine.url} yet.",
            state="nothing was changed.",
            next="make it by running `migrate`.",
        )
    with engine.opened(waiting):
        return read_both(engine, models, ignored, waiting).compared(renames)


def read_both(
    engine: Engine, models: list[Any], ignored: tuple[str, ...], waiting: Waiting
) -> Both:
    """Read a database and what models say.

    Args:
        engine: The database, `opened`.
        models: The models.
        ignored: Tables that are no business of ours.
        waiting: How long to wait if others keep the database from being read.
    """
    before = _read(engine, waiting)
    _check_schemas(with_referenced(models), engine)
    after = engine.schema_of_models(models)
    return Both(engine, policy_for(engine, models, ignored), before, after)


def policy_for(engine: Engine, models: list[Any], ignored: tuple[str, ...]) -> Policy:
    """What counts when a database is compared with models."""
    return replace(
        engine.policy(), stated=True, ignore_tables=ignored, defaults=python_defaults(models)
    )


def _read(engine: Engine, waiting: Waiting) -> Schema:
    try:
        return engine.patiently(engine.read_schema, waiting)
    except peewee.PeeweeException as error:
        raise DatabaseUnavailableError(
            f"The schema of {engine.url} cannot be read: {first_line(error)}",
            state="nothing was changed.",
            next=engine.remedy(error) or "see that this user may read the database's catalogue.",
        ) from error


def _check_schemas(models: list[Any], engine: Engine) -> None:
    """One schema is compared: a table elsewhere is neither in it nor to be made in it."""
    home = engine.home()
    for model in models:
        elsewhere = model._meta.schema
        if elsewhere and elsewhere != home:
            raise ConfigError(
                f"The model {named(model)} is in the schema {elsewhere}, and the database is read "
                f"in the schema {home}.",
                state="nothing was changed.",
                next=f"let `models` name those of one schema, and connect with {elsewhere} as the "
                "current one to compare its own.",
            )
