"""Changes of a column that is there: NOT NULL and type."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import peewee

from wheatear.engines.warn import warn

from .change import (
    Change,
    RefusedError,
    Restated,
    RowsError,
    Statement,
    Step,
    TableState,
    legible,
    modified,
    nothing,
    step,
)
from .clauses import ColumnClauses, type_word
from .defaults import default_of, of_type
from .definition import PRIMARY, SOME_TYPE, Definition
from .server_errors import NULL_IN_NOT_NULL
from .tokens import quoted
from .warned import NotAppliedWarning


def add_not_null(column: str) -> Step:
    """The column as it is, NOT NULL."""

    @step(column)
    def plan(state: TableState) -> Change:
        name = state.column(column)
        clauses = state.definition.column(name)
        if not clauses.null:
            return nothing(state)
        if clauses.get("generated") and state.session.server.mariadb:
            raise RefusedError(f"MariaDB takes no NOT NULL on the generated column {name!r}.")
        change = modified(state, name, clauses.not_null(), explain=nulls_are_named(name))
        if not state.session.server.mariadb and state.definition.is_in_foreign_key(name):
            change = replace(change, unchecked=True)  # MySQL refuses it where the table is copied
        if "COMPRESSED" in (clauses.get("comment!") or "") and clauses.default is None:
            # MariaDB gives a compressed column that is NOT NULL the default '', unasked.
            drop = f"ALTER TABLE {state.sql_name} ALTER COLUMN {quoted(name)} DROP DEFAULT"
            return replace(change, after=(Statement(drop),))
        return change

    return plan


def drop_not_null(column: str) -> Step:
    """The column as it is, taking NULL."""

    @step(column)
    def plan(state: TableState) -> Change:
        name = state.column(column)
        clauses = state.definition.column(name)
        if clauses.null:
            return nothing(state)
        if PRIMARY in state.definition.keys and name in state.definition.key_columns(PRIMARY):
            raise RefusedError(f"{name!r} belongs to the primary key, which cannot be NULL.")
        return modified(state, name, clauses.nullable())

    return plan


def alter_type(column: str, field: Any, cast: Any) -> Step:
    """The column as another type, everything else as it is."""

    @step(column)
    def plan(state: TableState) -> Change:
        if cast is not None:
            raise RefusedError(
                "MySQL and MariaDB have no `cast` (PostgreSQL's USING).",
                next="Add a column of the new type, fill it with an UPDATE, drop the old one and"
                " rename the new one.",
            )
        name = state.column(column)
        clauses = state.definition.column(name)
        new = state.sql(field.ddl_datatype(state.new_context()))
        _refuse_to_shorten_keys(state, name, new)
        _say_what_is_not_applied(state, name, clauses, field)
        changed = of_type(state, clauses, new)
        legible(state, name, changed)
        sql = f"MODIFY COLUMN {quoted(name)} {state.restated(changed)}"
        expected = str(changed.having("type", SOME_TYPE))
        return Change(
            (sql,),
            _without_idle_lengths(state.definition, name, new).with_column(name, expected),
            rebuilds=True,
            restated=Restated(name, changed),
        )

    return plan


def _refuse_to_shorten_keys(state: TableState, name: str, type_sql: str) -> None:
    """A TEXT or BLOB in a key needs a length: MariaDB makes one up without a word."""
    if not type_word(type_sql).endswith(("text", "blob")):
        return
    whole = [
        key
        for key, text in state.definition.keys.items()
        if text
        and not text.startswith(("FULLTEXT", "SPATIAL"))
        and name in state.definition.key_columns(key)
        and f"{quoted(name)}(" not in text
    ]
    if whole:
        raise RefusedError(
            f"{name!r} is in the index {', '.join(map(repr, whole))}, which would need a length for"
            f" {type_sql}.",
            next=f"migrator.drop_index({state.name!r}, {whole[0]!r}) first.",
        )


def _without_idle_lengths(definition: Definition, name: str, type_sql: str) -> Definition:
    """A key's length of a column that becomes no longer than it is dropped by the server."""
    digits = type_sql.partition("(")[2].partition(")")[0]
    length = re.compile(re.escape(quoted(name)) + r"\((\d+)\)")
    for key, text in definition.keys.items():
        found = length.search(text or "")
        if found and digits.isdigit() and int(found[1]) >= int(digits):
            definition = definition.with_key(key)
    return definition


def nulls_are_named(column: str) -> Any:
    """Explain the server's refusal of NOT NULL by the rows that hold NULL."""

    def explain(number: int, state: TableState) -> RefusedError | None:
        if number not in NULL_IN_NOT_NULL:
            return None
        count = state.session.rows(
            f"SELECT COUNT(*) FROM {state.sql_name} WHERE {quoted(column)} IS NULL"
        )[0][0]
        if not count:
            return None
        return RowsError(
            f"{count} row{'s' if count > 1 else ''} of {state.name!r} hold NULL in {column!r}.",
            next=f"Fill them first: UPDATE {state.sql_name} SET {quoted(column)} = … "
            f"WHERE {quoted(column)} IS NULL",
        )

    return explain


def _say_what_is_not_applied(
    state: TableState, name: str, clauses: ColumnClauses, field: Any
) -> None:
    place = f"alter_column_type({state.name!r}, {name!r}) changes the type only: "
    if bool(field.null) != clauses.null:
        method = "drop_not_null" if field.null else "add_not_null"
        warn(
            f"{place}the column {'takes' if clauses.null else 'does not take'} NULL, the field"
            f" says null={bool(field.null)}. Use migrator.{method}({state.name!r}, {name!r}).",
            NotAppliedWarning,
        )
    value = field.default
    if value is None or peewee.callable_(value):
        return
    wanted = default_of(state, field.db_value(value), clauses.get("type") or "")
    if _bare(wanted) != _bare(clauses.default or ""):
        warn(
            f"{place}the column's default is {clauses.default or 'NULL'}, the field's is {wanted}."
            f" Use migrator.add_column_default({state.name!r}, {name!r}, {value!r}).",
            NotAppliedWarning,
        )


def _bare(default: str) -> str:
    return default.strip("()'").lower()
