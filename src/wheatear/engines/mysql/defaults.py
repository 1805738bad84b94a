"""A column's DEFAULT, as each of the two servers takes it."""

from __future__ import annotations

import re
from typing import Any

import peewee

from wheatear.engines.called import called

from .change import Change, RefusedError, Restated, Step, TableState, modified, nothing, step
from .clauses import ColumnClauses, type_word
from .definition import SOME_DEFAULT
from .literals import is_sql
from .tokens import quoted

_WITHOUT_LITERAL_DEFAULT = (
    *("text", "blob", "json", "vector"),
    *("geometry", "point", "polygon", "linestring", "collection"),
)
_TIMES = ("timestamp", "datetime")
_NOW = re.compile(
    r"(CURRENT_TIMESTAMP|NOW|LOCALTIME|LOCALTIMESTAMP)\s*(\(\s*\d*\s*\))?", re.IGNORECASE
)
_LITERAL = re.compile(
    r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?|[bxn]?'([^'\\]|''|\\.)*'|true|false|null",
    re.IGNORECASE | re.DOTALL,
)


def add_default(column: str, default: Any) -> Step:
    """The column's DEFAULT, for rows inserted from now on."""

    @step(column)
    def plan(state: TableState) -> Change:
        name = state.column(column)
        clauses = state.definition.column(name)
        value = called(default) if peewee.callable_(default) else default
        if value is None:
            raise RefusedError(
                "`default` must be a value, not None.",
                next=f"migrator.drop_column_default({state.name!r}, {name!r})",
            )
        for kind, word in (("auto", "AUTO_INCREMENT"), ("generated", "generated")):
            if clauses.get(kind):
                # MariaDB takes the first without a word, and sets no default.
                raise RefusedError(f"The {word} column {name!r} cannot have a default.")
        default_sql = state.as_printed(default_of(state, value, clauses.get("type") or ""))
        return _default_change(state, name, clauses.having("default", f"DEFAULT {default_sql}"))

    return plan


def drop_default(column: str) -> Step:
    """The column without its DEFAULT; where it takes NULL, the default is NULL again."""

    @step(column)
    def plan(state: TableState) -> Change:
        name = state.column(column)
        clauses = state.definition.column(name)
        if clauses.default is None:
            return nothing(state)
        timestamp = type_word(clauses.get("type") or "") == "timestamp"
        if timestamp and clauses.get("update") and not clauses.null:
            raise RefusedError(
                f"{name!r} is a TIMESTAMP with ON UPDATE: without its default the server would give"
                " it '0000-00-00 00:00:00'.",
                next=f"migrator.drop_not_null({state.name!r}, {name!r}) first.",
            )
        return _default_change(state, name, clauses.without("default"))

    return plan


def _default_change(state: TableState, name: str, clauses: ColumnClauses) -> Change:
    """SET DEFAULT or DROP DEFAULT, which touch the catalogue alone.

    MariaDB forgets ON UPDATE with them: such a column is restated as a whole. DROP DEFAULT of a
    column that takes NULL would, on MySQL, make it one that an INSERT has to name.
    """
    new = clauses.get("default")
    whole = clauses if new or not clauses.null else clauses.nullable()
    if clauses.get("update") or not _takes_set_default(state, clauses):
        return modified(state, name, whole, expected=_expected_default(whole))
    action = (
        f"SET {state.restated(new)}"
        if new
        else "SET DEFAULT NULL"
        if clauses.null
        else "DROP DEFAULT"
    )
    expected = state.definition.with_column(name, _expected_default(clauses))
    sql = f"ALTER COLUMN {quoted(name)} {action}"
    return Change((sql,), expected, restated=Restated(name, whole))


def _takes_set_default(state: TableState, clauses: ColumnClauses) -> bool:
    """MySQL's takes a literal or an expression: not CURRENT_TIMESTAMP, and of types that have no
    literal default neither NULL nor a literal in parentheses.

    https://dev.mysql.com/doc/refman/8.4/en/alter-table.html
    """
    if state.session.server.mariadb:
        return True
    has_literal = not type_word(clauses.get("type") or "").endswith(_WITHOUT_LITERAL_DEFAULT)
    return has_literal and not _is_now(clauses.default or "")


def _expected_default(clauses: ColumnClauses) -> str:
    return str(clauses.having("default", SOME_DEFAULT) if clauses.default else clauses)


def default_of(state: TableState, value: Any, type_sql: str) -> str:
    """A default's SQL for a column of this type."""
    if isinstance(value, peewee.Node):
        return _sql_default(state, state.sql(value), type_sql)
    if is_sql(value):
        return _sql_default(state, str(value), type_sql)
    return literal_default(state, value, type_sql)


def of_type(state: TableState, clauses: ColumnClauses, type_sql: str) -> ColumnClauses:
    """The column as another type, with its default as that type takes it."""
    changed = clauses.of_type(type_sql)
    default = changed.default or ""
    if state.session.server.mariadb or not (_LITERAL.fullmatch(default) or _is_now(default)):
        return changed
    return changed.having("default", f"DEFAULT {_sql_default(state, default, type_sql)}")


def _sql_default(state: TableState, text: str, type_sql: str) -> str:
    """An expression in parentheses; but MySQL keeps them around what could do without.

    https://dev.mysql.com/doc/refman/8.4/en/data-type-defaults.html
    """
    if _is_now(text) and not state.session.server.mariadb:
        bare = type_word(type_sql) in _TIMES and _digits(text) == _digits(type_sql)
        return text if bare else _in_parentheses(text)
    if _LITERAL.fullmatch(text):
        return _literal(state, text, type_sql)
    return _in_parentheses(text)


def _is_now(text: str) -> bool:
    """The one function that MySQL takes as a default without parentheses."""
    return bool(_NOW.fullmatch(text))


def _digits(sql: str) -> int:
    """Of the fraction of a second: a time and its default have to have the same."""
    return int(sql.partition("(")[2].rstrip(") ") or 0)


def literal_default(state: TableState, value: Any, type_sql: str) -> str:
    """A plain value as the default of a column of this type."""
    return _literal(state, state.literal(value), type_sql)


def _literal(state: TableState, text: str, type_sql: str) -> str:
    # MySQL takes a default of these types as an expression only; MariaDB as it is.
    if not state.session.server.mariadb and type_word(type_sql).endswith(_WITHOUT_LITERAL_DEFAULT):
        return _in_parentheses(text)
    return text


def _in_parentheses(text: str) -> str:
    return f"({text})"
