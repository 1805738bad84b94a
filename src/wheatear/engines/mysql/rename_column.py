"""A column under another name, and what follows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wheatear.engines.warn import warn

from .change import Change, NamesError, RefusedError, Statement, Step, TableState, step
from .definition import Definition
from .dependents import Outside, outside
from .expressions import as_written, has_text_in_another_set
from .server_errors import HOLDS_NAME, NO_COPY
from .tokens import joined, quoted, renamed, same, tokens
from .views import following
from .warned import BrokenByRenameWarning


def rename(old: str, new: str) -> Step:
    """The column under another name, wherever this table mentions it."""

    @step(old, new)
    def plan(state: TableState) -> Change:
        name = state.column(old)
        taken = state.definition.find_column(new)
        if taken is not None and not same(name, new):
            raise NamesError(f"Table {state.name!r} has a column {taken!r} already.")
        views = _views_that_follow(state, name, new)
        if state.session.server.renames_columns:
            sql = f"RENAME COLUMN {quoted(name)} TO {quoted(new)}"
        else:
            clauses = state.restated(state.definition.column(name))
            sql = f"CHANGE COLUMN {quoted(name)} {quoted(new)} {clauses}"
        checks = _checks_that_follow(state, name, new)
        mysql = not state.session.server.mariadb
        return Change(
            (sql, *(clause for clauses in checks.values() for clause in clauses)),
            renamed_definition(state, name, new),
            explain=_depends(name, new),
            after=views,
            # MySQL does not do it by a copy, which what it shares its ALTER with may need.
            unchecked=mysql and state.definition.is_in_foreign_key(name),
        )

    return plan


def _checks_that_follow(state: TableState, name: str, new: str) -> dict[str, tuple[str, str]]:
    """The clauses that make each CHECK anew that mentions the column; MariaDB does it by itself.

    https://dev.mysql.com/doc/refman/8.4/en/create-table-check-constraints.html
    """
    if state.session.server.mariadb:
        return {}
    checks = [one for one in state.definition.checks() if state.definition.mentions(one[1], name)]
    told = _told(state) if checks else {}
    clauses = {}
    for check, sql in checks:
        if has_text_in_another_set(told[check]):
            raise RefusedError(
                f"{name!r} of {state.name!r} is used by the CHECK {check!r}, whose text in another"
                " character set cannot be said anew.",
                next=f"Drop that first, rename, and add it anew with {new!r}.",
            )
        end = " NOT ENFORCED" if _is_not_enforced(sql) else ""
        condition = state.restated(renamed(as_written(told[check]), name, new))
        added = f"ADD CONSTRAINT {quoted(check)} CHECK ({condition}){end}"
        clauses[check] = (f"DROP CHECK {quoted(check)}", added)
    return clauses


def _told(state: TableState) -> dict[str, str]:
    """The conditions by name, as the catalogue has them: SHOW CREATE TABLE prints `?` for letters
    outside of the character set that it has read them in.
    """
    rows = state.session.rows(
        "SELECT constraint_name, check_clause FROM information_schema.check_constraints"
        " WHERE constraint_schema = %s",
        (state.schema,),
    )
    return dict(rows)


def _is_not_enforced(sql: str) -> bool:
    """What stands behind the condition, in a comment for servers that know it."""
    found = list(tokens(sql))
    end = max(at for at, token in enumerate(found) if token.text == ")")
    return "NOT ENFORCED" in joined(found[end:])


def _depends(name: str, new: str) -> Any:
    """Explain MySQL's refusal of another name for what an expression rests on."""

    def explain(number: int, state: TableState) -> RefusedError | None:
        what = HOLDS_NAME.get(number)
        if number == NO_COPY:
            what = "a foreign key, while the table is copied for what changes with it"
        if what is None:
            return None
        return RefusedError(
            f"{name!r} of {state.name!r} is used by {what}: then MySQL takes no other name for it.",
            next=f"Drop the one or the other first, rename, and add it anew with {new!r}.",
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
