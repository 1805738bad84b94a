"""Adding a column: its default in the same statement, its rows filled only where they differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import peewee
from playhouse.migrate import make_index_name

from wheatear.engines.warn import warn

from .change import Change, NamesError, RefusedError, Step, TableState, step
from .columns import nulls_are_named
from .defaults import default_of, literal_default
from .definition import Definition
from .fill import fill_rows, update_triggers
from .keys import Target, foreign_key_sql, index_clause, require
from .tokens import quoted, tokens
from .warned import TriggersFireWarning


@dataclass(frozen=True)
class ForeignKey:
    """The foreign key of a new column."""

    name: str
    target: Target
    on_delete: str | None
    on_update: str | None


@dataclass(frozen=True)
class NewColumn:
    """A column to be added, as its field says.

    Attributes:
        name: Its name.
        field: The field, a copy of the user's.
        foreign_key: Where it points, if it does.
        implicit: Whether NOT NULL without a default is meant: the server's own zero or ''.
    """

    name: str
    field: Any
    foreign_key: ForeignKey | None
    implicit: bool

    @property
    def index(self) -> bool:
        """Whether an index belongs to it."""
        return bool(self.field.index or self.field.unique)

    @property
    def each_its_own(self) -> bool:
        """Whether every row gets a value of its own, from a callable default."""
        return bool(peewee.callable_(self.field.default)) and not self.field.null


def add_column(column: NewColumn) -> Step:
    """A column at the end of the table, with its index and foreign key, in one ALTER."""

    @step(column.name, make_index_name("", (column.name,)))
    def plan(state: TableState) -> Change:
        field = column.field
        taken = state.definition.find_column(column.name)
        if taken is not None:
            raise NamesError(f"Table {state.name!r} has a column {taken!r} already.")
        given = field.null or field.default is not None or _says_default(state, field)
        if not (given or column.implicit):
            raise RefusedError(
                f"{column.name!r} is not null but has no default for the rows that are there.",
                next="Give the field a default (it stays in the database), or null=True.",
            )
        if column.foreign_key is not None:
            require(state, column.foreign_key.target)
        if column.each_its_own:
            return _filled(state, column)
        return _with_default(state, column)

    return plan


def _says_default(state: TableState, field: Any) -> bool:
    return any(text.upper().startswith("DEFAULT") for text in _constraints(state, field)[0])


def _with_default(state: TableState, column: NewColumn) -> Change:
    clauses, expected = _column(state, column, null=column.field.null, default=True)
    index, expected = _index(state, column, expected)
    foreign, expected = _foreign_key(column, expected)
    # NULL in every row breaks no foreign key.
    empty = column.field.null and column.field.default is None
    return Change(
        (*clauses, *index, *foreign),
        expected,
        unchecked=bool(foreign and empty),
        # What can still fail on the rows (a duplicate, no such parent) fails as a whole.
        in_pieces=empty or not (foreign or column.field.unique),
        half=f"The column {column.name!r} is there, without its index or foreign key.",
        new_checks=bool(column.field.constraints),
    )


def _filled(state: TableState, column: NewColumn) -> Change:
    """NULL at first, for nothing; then the rows; NOT NULL and the index at the end."""
    if triggers := update_triggers(state):
        warn(
            f"add_column({state.name!r}, {column.name!r}) updates each row to fill it, which runs"
            f" the trigger {', '.join(triggers)}.",
            TriggersFireWarning,
        )
    clauses, expected = _column(state, column, null=True, default=False)
    foreign: list[str] = []
    index: list[str] = []
    if column.foreign_key is not None and not column.field.unique:
        index, expected = _index(state, column, expected)
    if column.foreign_key is not None:
        foreign, expected = _foreign_key(column, expected)
    rest = replace(column, field=_without_index(column.field) if index else column.field)

    def then(after: TableState) -> Iterable[Step]:
        fill_rows(after, column.name, column.field)
        yield _finished(rest)

    return Change(
        (*clauses, *index, *foreign),
        expected,
        then=then,
        half=f"The column {column.name!r} is there and takes NULL; its rows are filled in part.",
        unchecked=bool(foreign),
        new_checks=bool(column.field.constraints),
        optional_keys=frozenset({column.foreign_key.name} if column.foreign_key else ()),
    )


def _finished(column: NewColumn) -> Step:
    @step(column.name, alone=True)
    def plan(state: TableState) -> Change:
        clauses = state.definition.column(column.name).not_null()
        sql = f"MODIFY COLUMN {quoted(column.name)} {state.restated(clauses)}"
        expected = state.definition.with_column(column.name, str(clauses))
        index, expected = _index(state, column, expected)
        names = frozenset({column.foreign_key.name} if column.foreign_key else ())
        return Change(
            (sql, *index),
            expected,
            optional_keys=names,
            explain=nulls_are_named(column.name),
            refill=lambda after: fill_rows(after, column.name, column.field),
        )

    return plan


def _column(
    state: TableState, column: NewColumn, *, null: bool, default: bool
) -> tuple[list[str], Definition]:
    field, context = column.field, state.new_context()
    kind = state.sql(field.ddl_datatype(context))
    words, checks, named = _constraints(state, field)
    parts = [quoted(column.name), kind]
    if field.collation:
        parts.append(f"COLLATE {field.collation}")
    parts.append("NULL" if null else "NOT NULL")
    if default and field.default is not None and not peewee.callable_(field.default):
        own = not any(text.upper().startswith("DEFAULT") for text in words)
        if own:
            parts.append(f"DEFAULT {_default(state, field, kind)}")
    if field.primary_key:
        parts.append("PRIMARY KEY")
    # MariaDB takes one CHECK at a column, without a name, after all else.
    check = [f"CHECK ({' AND '.join(checks)})"] if checks else []
    clauses = [f"ADD COLUMN {' '.join([*parts, *words, *check])}", *(f"ADD {x}" for x in named)]
    expected = state.definition.with_column(column.name, None)
    if field.primary_key:
        expected = expected.with_key("PRIMARY")
    return clauses, expected


def _default(state: TableState, field: Any, kind: str) -> str:
    value = field.default
    if isinstance(field, peewee.JSONField) and not isinstance(value, peewee.Node):
        # db_value wraps JSON in a function; a default can be the text itself.
        return literal_default(state, vars(field)["_dumps"](value), kind)
    if not isinstance(value, peewee.Node):
        value = field.db_value(value)
    if isinstance(value, peewee.Node):
        return default_of(state, value, kind)
    return literal_default(state, value, kind)


def _constraints(state: TableState, field: Any) -> tuple[list[str], list[str], list[str]]:
    words: list[str] = []
    checks: list[str] = []
    named: list[str] = []
    for node in field.constraints or ():
        text = state.sql(node).strip()
        first = next((token.text.upper() for token in tokens(text)), "")
        if first == "CHECK":
            checks.append(text[len(first) :].strip())
        else:
            (named if first == "CONSTRAINT" else words).append(text)
    return words, checks, named


def _index(
    state: TableState, column: NewColumn, expected: Definition
) -> tuple[list[str], Definition]:
    field = column.field
    if not column.index:
        return [], expected
    name = make_index_name(state.name, (column.name,))
    using = getattr(field, "index_type", None)
    clause = index_clause(name, (column.name,), unique=field.unique, using=using)
    return [clause], expected.with_key(name)


def _foreign_key(column: NewColumn, expected: Definition) -> tuple[list[str], Definition]:
    key = column.foreign_key
    if key is None:
        return [], expected
    sql = foreign_key_sql(column.name, key.target, key.on_delete, key.on_update)
    return [f"ADD CONSTRAINT {quoted(key.name)} {sql}"], expected.with_constraint(key.name)


def _without_index(field: Any) -> Any:
    field = field.clone()
    field.index = field.unique = False
    return field
