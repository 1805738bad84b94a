"""Changes of a column that is there: NOT NULL, DEFAULT, type, name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import peewee

from .change import Change, RefusedError, Restated, Statement, Step, TableState, nothing, step
from .clauses import ColumnClauses, type_word
from .definition import PRIMARY, SOME_DEFAULT, SOME_TYPE, Definition
from .dependents import Outside, outside
from .literals import is_sql
from .server_errors import HOLDS_NAME, NULL_IN_NOT_NULL
from .tokens import quoted, renamed, same
from .views import following
from .warn import BrokenByRenameWarning, NotAppliedWarning, warn

_WITHOUT_LITERAL_DEFAULT = ("text", "blob", "json", "geometry", "point", "polygon", "linestring")
_TIMES = ("timestamp", "datetime")
_NOW = re.compile(
    r"(CURRENT_TIMESTAMP|NOW|LOCALTIME|LOCALTIMESTAMP)\s*(\(\s*\d*\s*\))?", re.IGNORECASE
)
_LITERAL = re.compile(
    r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?|[bxn]?'([^'\\]|''|\\.)*'|true|false|null",
    re.IGNORECASE | re.DOTALL,
)


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
        change = _modify(state, name, clauses.not_null(), explain=nulls_are_named(name))
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
        return _modify(state, name, clauses.nullable())

    return plan


def add_default(column: str, default: Any) -> Step:
    """The column's DEFAULT, for rows inserted from now on."""

    @step(column)
    def plan(state: TableState) -> Change:
        name = state.column(column)
        clauses = state.definition.column(name)
        value = default() if peewee.callable_(default) else default
        if value is None:
            raise RefusedError(
                "`default` must be a value, not None.",
                next=f"migrator.drop_column_default({state.name!r}, {name!r})",
            )
        for kind, word in (("auto", "AUTO_INCREMENT"), ("generated", "generated")):
            if clauses.get(kind):
                # MariaDB takes the first without a word, and sets no default.
                raise RefusedError(f"The {word} column {name!r} cannot have a default.")
        default_sql = default_of(state, value, clauses.get("type") or "")
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
        return _modify(state, name, whole, expected=_expected_default(whole))
    action = f"SET {new}" if new else "SET DEFAULT NULL" if clauses.null else "DROP DEFAULT"
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
        changed = clauses.of_type(new)
        if _LITERAL.fullmatch(changed.default or ""):
            default = _literal(state, changed.default or "", new)
            changed = changed.having("default", f"DEFAULT {default}")
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


def rename(old: str, new: str) -> Step:
    """The column under another name, wherever this table mentions it."""

    @step(old, new)
    def plan(state: TableState) -> Change:
        name = state.column(old)
        taken = state.definition.find_column(new)
        if taken is not None and not same(name, new):
            raise RefusedError(f"Table {state.name!r} has a column {taken!r} already.")
        views = _views_that_follow(state, name, new)
        if state.session.server.renames_columns:
            sql = f"RENAME COLUMN {quoted(name)} TO {quoted(new)}"
        else:
            clauses = state.restated(state.definition.column(name))
            sql = f"CHANGE COLUMN {quoted(name)} {quoted(new)} {clauses}"
        return Change(
            (sql, *_checks_that_follow(state, name, new)),
            renamed_definition(state, name, new),
            explain=_depends(name, new),
            after=views,
        )

    return plan


def _checks_that_follow(state: TableState, name: str, new: str) -> tuple[str, ...]:
    """The clauses that make the CHECKs anew that mention the column; MariaDB does it by itself.

    https://dev.mysql.com/doc/refman/8.4/en/create-table-check-constraints.html
    """
    if state.session.server.mariadb:
        return ()
    checks = [one for one in state.definition.checks() if state.definition.mentions(one[1], name)]
    return tuple(
        clause
        for check, sql in checks
        for clause in (
            f"DROP CHECK {quoted(check)}",
            f"ADD CONSTRAINT {quoted(check)} {renamed(sql, name, new)}",
        )
    )


def _depends(name: str, new: str) -> Any:
    """Explain MySQL's refusal of another name for what an expression rests on."""

    def explain(number: int, state: TableState) -> RefusedError | None:
        what = HOLDS_NAME.get(number)
        if what is None:
            return None
        return RefusedError(
            f"{name!r} of {state.name!r} is used by {what}, and MySQL then takes no other name for"
            " it.",
            next=f"Drop that first, rename, and add it anew with {new!r}.",
        )

    return explain


def _views_that_follow(state: TableState, name: str, new: str) -> tuple[Statement, ...]:
    """The statements that make views follow; a trigger that says the old name is refused."""
    others = outside(state, name)
    views = {view: following(state, view, name, new) for view in others.views}
    stuck = tuple(view for view, one in views.items() if one is None)
    objects = Outside(views=stuck, triggers=others.triggers).named()
    if objects:
        raise RefusedError(
            f"{name!r} of {state.name!r} is used by {', '.join(objects)}, which would go on saying"
            f" {name!r} and fail.",
            next="Drop these first (migrator.sql('DROP TRIGGER …')), rename, and make them anew"
            f" with {new!r}.",
        )
    if others.perhaps:
        warn(
            f"rename_column({state.name!r}, {name!r}, {new!r}): these triggers mention both names"
            f" and may fail from now on: {', '.join(others.perhaps)}.",
            BrokenByRenameWarning,
        )
    return tuple(one for one in views.values() if one is not None)


def renamed_definition(state: TableState, old: str, new: str) -> Definition:
    """The definition after the server renamed a column: keys, keys of others, expressions."""
    definition = state.definition
    columns = {
        new if column == old else column: sql and renamed(sql, old, new)
        for column, sql in definition.columns.items()
    }
    keys = {name: sql and _renamed_in_key(sql, old, new) for name, sql in definition.keys.items()}
    constraints = {
        name: sql and _renamed_in_constraint(sql, old, new, state.name)
        for name, sql in definition.constraints.items()
    }
    return replace(definition, columns=columns, keys=keys, constraints=constraints)


def _renamed_in_key(sql: str, old: str, new: str) -> str:
    head, parenthesis, rest = sql.partition(" (")
    return head + parenthesis + renamed(rest, old, new)


def _renamed_in_constraint(sql: str, old: str, new: str, table: str) -> str:
    own, references, target = sql.partition(" REFERENCES ")
    if references and target.startswith(quoted(table) + " "):
        head, parenthesis, rest = target.partition(" (")
        target = head + parenthesis + renamed(rest, old, new)
    return renamed(own, old, new) + references + target


def default_of(state: TableState, value: Any, type_sql: str) -> str:
    """A default's SQL for a column of this type."""
    if isinstance(value, peewee.Node):
        return _sql_default(state, state.sql(value), type_sql)
    if is_sql(value):
        return _sql_default(state, str(value), type_sql)
    return literal_default(state, value, type_sql)


def _sql_default(state: TableState, text: str, type_sql: str) -> str:
    """An expression in parentheses; but MySQL keeps them around what could do without.

    https://dev.mysql.com/doc/refman/8.4/en/data-type-defaults.html
    """
    if _is_now(text) and not state.session.server.mariadb:
        return text if type_word(type_sql) in _TIMES else _in_parentheses(text)
    if _LITERAL.fullmatch(text):
        return _literal(state, text, type_sql)
    return _in_parentheses(text)


def _is_now(text: str) -> bool:
    """The one function that MySQL takes as a default without parentheses."""
    return bool(_NOW.fullmatch(text))


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


def _modify(
    state: TableState,
    name: str,
    clauses: ColumnClauses,
    *,
    expected: str | None = None,
    explain: Any = None,
) -> Change:
    return Change(
        (f"MODIFY COLUMN {quoted(name)} {state.restated(clauses)}",),
        state.definition.with_column(name, expected or str(clauses)),
        explain=explain,
        rebuilds=True,
        restated=Restated(name, clauses),
    )


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
        return RefusedError(
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
