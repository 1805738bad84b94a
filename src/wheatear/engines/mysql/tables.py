"""Changes of a table as a whole: its name, its end."""

from __future__ import annotations

import re
from dataclasses import replace

from wheatear.engines.warn import warn

from .change import Change, RefusedError, Step, TableState, step
from .definition import Definition
from .dependents import Outside, outside
from .server_errors import IS_REFERENCED
from .tokens import quoted
from .warned import BrokenByRenameWarning


def rename_table(new: str, new_sql: str) -> Step:
    """Another name. Foreign keys of other tables follow, views and triggers' bodies do not."""

    @step(new, alone=True)
    def plan(state: TableState) -> Change:
        others = outside(state)
        named = Outside(views=others.views, triggers=others.perhaps).named()
        if named:
            warn(
                f"rename_table({state.name!r}, {new!r}): {', '.join(named)} still say"
                f" {state.name!r} and fail until they are made anew.",
                BrokenByRenameWarning,
            )
        return Change(
            (),
            _renamed(state.definition, state.name, new),
            statement=f"RENAME TABLE {state.sql_name} TO {new_sql}",
            renamed_to=new,
        )

    return plan


def _renamed(definition: Definition, old: str, new: str) -> Definition:
    """The server renames the constraints it named itself, and the table's references to itself."""
    own = re.compile(rf"^{re.escape(old)}(_ibfk_\d+|_chk_\d+)$")
    constraints: dict[str, str | None] = {}
    for name, text in definition.constraints.items():
        head, references, target = (text or "").partition(" REFERENCES ")
        if target.startswith(quoted(old) + " "):
            target = quoted(new) + target[len(quoted(old)) :]
        constraints[own.sub(rf"{new}\1", name)] = head + references + target
    return replace(definition, constraints=constraints, table=new)


def drop_table(*, safe: bool, cascade: bool) -> Step:
    """The table goes; with cascade the foreign keys and views that point at it too."""

    @step(alone=True, may_be_missing=safe)
    def plan(state: TableState) -> Change:
        # To look costs as much as the server has tables, and where it checks it looks by itself:
        # no rows are kept aside then for a DROP that it refuses.
        looks = cascade or not state.session.checks_foreign_keys or _has_rows(state)
        others = outside(state) if looks else Outside()
        if others.foreign_keys and not cascade:
            raise _referenced(state, others)
        exists = "IF EXISTS " if safe else ""
        return Change(
            (),
            state.definition,
            statement=f"DROP TABLE {exists}{state.sql_name}",
            first=others.drops(state.schema) if cascade else (),
            renamed_to="",
            explain=_explained,
        )

    return plan


def _has_rows(state: TableState) -> bool:
    cursor = state.session.execute(f"SELECT 1 FROM {state.sql_name} LIMIT 1")
    return cursor.fetchone() is not None


def _explained(number: int, state: TableState) -> RefusedError | None:
    others = outside(state) if number in IS_REFERENCED else Outside()
    return _referenced(state, others) if others.foreign_keys else None


def _referenced(state: TableState, others: Outside) -> RefusedError:
    named = ", ".join(Outside(others.foreign_keys).named())
    return RefusedError(
        f"Table {state.name!r} is referenced by {named}.",
        next=f"Drop these first, or: migrator.drop_table({state.name!r}, cascade=True)",
    )
