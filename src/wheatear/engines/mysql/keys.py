"""Changes of a table's keys and constraints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import peewee
from playhouse.migrate import make_index_name

from .change import Change, NamesError, RefusedError, Step, TableState, near, step
from .definition import PRIMARY, Definition
from .server_errors import NEEDED_BY_FOREIGN_KEY
from .tokens import quoted, same, tokens

_SPECIAL = ("FULLTEXT", "SPATIAL")


def add_index(
    name: str | None, columns: Sequence[str], *, unique: bool, using: str | None, where: Any
) -> Step:
    """An index on columns."""

    @step(*columns, *([name] if name else []))
    def plan(state: TableState) -> Change:
        if where is not None:
            raise RefusedError("MySQL and MariaDB have no partial indexes (`where`).")
        found = tuple(state.column(column) for column in columns)
        key = name or make_index_name(state.name, tuple(columns))
        if _find(key, state.definition.keys):
            raise NamesError(f"Table {state.name!r} has an index {key!r} already.")
        clause = index_clause(key, found, unique=unique, using=using)
        expected = state.definition.with_key(key)
        return Change((clause,), expected, optional_keys=_covered(state.definition, found))

    return plan


def index_clause(name: str, columns: Sequence[str], *, unique: bool, using: str | None) -> str:
    """The ALTER's clause for an index."""
    listed = ", ".join(quoted(column) for column in columns)
    special = using.upper() if using and using.upper() in _SPECIAL else None
    if special:
        return f"ADD {special} INDEX {quoted(name)} ({listed})"
    method = f" USING {using}" if using else ""
    return f"ADD {'UNIQUE ' if unique else ''}INDEX {quoted(name)}{method} ({listed})"


def drop_index(name: str) -> Step:
    """An index, by its name."""

    @step(name)
    def plan(state: TableState) -> Change:
        key = _existing(name, state.definition.keys, "index", state)
        clause = "DROP PRIMARY KEY" if key == PRIMARY else f"DROP INDEX {quoted(key)}"
        return Change((clause,), state.definition.without(key=key), explain=_needed(key))

    return plan


def _needed(key: str) -> Any:
    def explain(number: int, state: TableState) -> RefusedError | None:
        if number != NEEDED_BY_FOREIGN_KEY:
            return None
        columns = set(state.definition.key_columns(key))
        users = [name for name, own, _ in state.definition.foreign_keys() if columns & set(own)]
        named = ", ".join(users) or "another table's foreign key"
        return RefusedError(
            f"The index {key!r} is needed by {named}.",
            next="Add another index that begins with the same columns first, or drop the foreign"
            " key: migrator.drop_foreign_key_constraint(table, column)",
        )

    return explain


def add_constraint(name: str, constraint: Any) -> Step:
    """A CHECK, UNIQUE or FOREIGN KEY constraint as the node says."""

    # What it mentions is found in its clause when it is planned.
    @step(name)
    def plan(state: TableState) -> Change:
        return constraint_change(state, name, state.sql(constraint))

    return plan


def constraint_change(
    state: TableState, name: str, sql: str, columns: tuple[str, ...] = ()
) -> Change:
    """ADD CONSTRAINT, by the kind that its first word says; `columns` are a foreign key's."""
    kind = next(token.text.upper() for token in tokens(sql) if token.kind != "space")
    definition = state.definition
    # A foreign key and an index may share a name: the server's own do.
    taken = () if kind == "FOREIGN" else definition.keys
    if _find(name, definition.constraints) or _find(name, taken):
        raise NamesError(f"Table {state.name!r} has a constraint or index {name!r} already.")
    if kind == "UNIQUE":
        expected = definition.with_key(name)
    elif kind == "PRIMARY":
        expected = definition.with_key(PRIMARY)
    else:
        expected = definition.with_constraint(name)
    # A foreign key without an index on its columns gets one from the server, also in the place of
    # one that the server made for another.
    same = {key for key in definition.keys if definition.key_columns(key) == columns}
    optional = frozenset({name, *same}) if kind == "FOREIGN" else frozenset[str]()
    return Change(
        (f"ADD CONSTRAINT {quoted(name)} {sql}",),
        expected,
        optional_keys=optional,
        rebuilds=kind in {"CHECK", "FOREIGN", "PRIMARY"},
    )


def drop_constraint(name: str) -> Step:
    """A constraint, whatever its kind: each kind has its own clause."""

    @step(name)
    def plan(state: TableState) -> Change:
        definition = state.definition
        constraint = _find(name, definition.constraints)
        if constraint is not None:
            text = definition.constraints[constraint] or ""
            clause = f"DROP {_kind(state, text)} {quoted(constraint)}"
            return Change((clause,), definition.without(constraint=constraint))
        if _find(name, definition.keys):
            return drop_index(name).plan(state)
        if change := _drop_inline_check(state, name):
            return change
        raise NamesError(
            f"Table {state.name!r} has no constraint {name!r}"
            + near(name, [*definition.constraints, *definition.keys])
        )

    return plan


def _kind(state: TableState, text: str) -> str:
    if text.startswith("FOREIGN KEY"):
        return "FOREIGN KEY"
    return "CONSTRAINT" if state.session.server.mariadb else "CHECK"


def _drop_inline_check(state: TableState, name: str) -> Change | None:
    """MariaDB calls a CHECK that stands at a column by the column's name."""
    column = state.definition.find_column(name)
    if column is None or not state.definition.column(column).get("check"):
        return None
    clauses = state.definition.column(column).without("check")
    sql = f"MODIFY COLUMN {quoted(column)} {state.restated(clauses)}"
    return Change((sql,), state.definition.with_column(column, str(clauses)))


def add_unique(columns: Sequence[str]) -> Step:
    """A UNIQUE constraint with playhouse's name."""
    name = f"uniq_{'_'.join(columns)}"

    @step(name, *columns)
    def plan(state: TableState) -> Change:
        listed = ", ".join(quoted(state.column(column)) for column in columns)
        change = constraint_change(state, name, f"UNIQUE ({listed})")
        covered = _covered(state.definition, tuple(columns))
        return Change(change.clauses, change.expected, optional_keys=covered)

    return plan


@dataclass(frozen=True)
class Target:
    """What a foreign key points at; `sql_name` is the table quoted, with its schema if said."""

    table: str
    column: str
    schema: str | None
    sql_name: str


def require(state: TableState, target: Target) -> None:
    """Refuse a target that is not there: with foreign_key_checks off the server would take it."""
    schema = target.schema or state.schema
    columns = [
        name
        for (name,) in state.session.rows(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s",
            (schema, target.table),
        )
    ]
    if not columns:
        known = state.session.tables(schema)
        raise NamesError(f"There is no table {target.table!r}{near(target.table, known)}")
    if not _find(target.column, columns):
        raise NamesError(
            f"Table {target.table!r} has no column {target.column!r}{near(target.column, columns)}"
        )


def foreign_key_sql(
    column: str, target: Target, on_delete: str | None, on_update: str | None
) -> str:
    """FOREIGN KEY and what follows."""
    sql = f"FOREIGN KEY ({quoted(column)}) REFERENCES {target.sql_name} ({quoted(target.column)})"
    for event, action in (("DELETE", on_delete), ("UPDATE", on_update)):
        if action is not None:
            sql += f" ON {event} {action}"
    return sql


def add_foreign_key(name: str, column: str, target: Target, sql: str) -> Step:
    """A foreign key of one column; its index is the one there is, or the server's."""

    @step(name, column)
    def plan(state: TableState) -> Change:
        state.column(column)
        require(state, target)
        return constraint_change(state, name, sql, (state.column(column),))

    return plan


def drop_foreign_key(column: str) -> Step:
    """The foreign key of a column; its index stays."""

    @step(column)
    def plan(state: TableState) -> Change:
        name = state.column(column)
        found = [key for key, own, _ in state.definition.foreign_keys() if own == (name,)]
        found = found or [key for key, own, _ in state.definition.foreign_keys() if name in own]
        if not found:
            having = {own[0] for _, own, _ in state.definition.foreign_keys()}
            raise NamesError(f"{name!r} of {state.name!r} has no foreign key{near(name, having)}")
        expected = state.definition.without(constraint=found[0])
        return Change((f"DROP FOREIGN KEY {quoted(found[0])}",), expected)

    return plan


def _covered(definition: Definition, columns: Sequence[str]) -> frozenset[str]:
    """Keys that the server made for a foreign key and drops once a new index serves it."""
    foreign = {own for _, own, _ in definition.foreign_keys()}
    return frozenset(
        key
        for key in definition.keys
        if (own := definition.key_columns(key)) in foreign and own == tuple(columns[: len(own)])
    )


def _find(name: str, names: Any) -> str | None:
    return next((known for known in names if same(known, name)), None)


def _existing(name: str, names: Any, kind: str, state: TableState) -> str:
    found = _find(name, names)
    if found is None:
        raise NamesError(f"Table {state.name!r} has no {kind} {name!r}{near(name, names)}")
    return found


def referenced(field: peewee.ForeignKeyField) -> Any:
    """The field that a foreign key points at, also before it is bound to a model."""
    target, model = field.rel_field, field.rel_model
    if isinstance(model, str) or model is None:
        raise RefusedError("A foreign key has to name its model; 'self' has none here.")
    if target is None:
        return model._meta.primary_key
    return model._meta.fields[target] if isinstance(target, str) else target
