"""What a step made under the name of something that was there before it, and what rests on that.

Two things of one name are not one that was altered: to be undone, the new one goes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wheatear.schema.around import BY_THEMSELVES, computed_from
from wheatear.schema.changes import (
    Change,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropObject,
    DropTable,
    RenameColumn,
    RenameTable,
)
from wheatear.schema.content import mentions, targets_of
from wheatear.schema.model import Constraint, Object, Schema
from wheatear.schema.order import ordered
from wheatear.schema.policy import Policy
from wheatear.schema.renames import Rename


class Gone(NamedTuple):
    """A table, or with `column` one of its columns, that a step dropped.

    Attributes:
        table: The table, by its name before the step.
        column: The column, by its name before the step.
        copied: The table's rows may be in the one that has its name now.
    """

    table: str
    column: str | None = None
    copied: bool = False


class Taken(NamedTuple):
    """Tables and columns (with their tables) that took another one's name, by the names of now."""

    tables: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()


def names_taken(
    after: Schema,
    before: Schema,
    renames: Sequence[Rename],
    dropped: Sequence[Gone],
    policy: Policy,
) -> Taken:
    """Return what of `after` has a name that something else had before the step.

    Args:
        after: What the step touched, after it.
        before: The same before it.
        renames: What it renamed: a column's table under its name before the step.
        dropped: What it dropped.
        policy: Which names are the same.
    """
    here = [table.name for table in after.tables]
    there = [table.name for table in before.tables]
    renamed = [one for one in renames if isinstance(one, RenameTable)]
    left = [one.old for one in renamed]
    left += [one.table for one in dropped if one.column is None and not one.copied]
    moved = [one.new for one in renamed]
    tables = tuple(_taken(here, there, left, moved, fold=policy.fold_tables))
    columns: list[tuple[str, str]] = []
    for table in before.tables:
        name = next((one.new for one in renamed if one.old == table.name), table.name)
        now = after.table(name)
        if now is None or name in tables:
            continue
        here = [column.name for column in now.columns]
        there = [column.name for column in table.columns]
        own = [one for one in renames if isinstance(one, RenameColumn)]
        pairs = [(one.old, one.new) for one in own if one.table == table.name and one.new in here]
        left = [old for old, _ in pairs]
        left += [one.column for one in dropped if one.column and one.table == table.name]
        moved = [new for _, new in pairs]
        taken = _taken(here, there, left, moved, fold=policy.fold_columns)
        columns += [(name, column) for column in taken]
    return Taken(tables, tuple(columns))


def _taken(
    here: Sequence[str],
    there: Sequence[str],
    left: Sequence[str],
    moved: Sequence[str],
    *,
    fold: bool,
) -> list[str]:
    """Of the names of now those that something else had, which has left them.

    Names that differ in letter case are one where `fold` says so and no other is spelled like it:
    beyond ASCII letter case counts on SQLite, too.
    """
    gone = {_spelled(name, there, fold=fold) for name in left} & {*there}
    return [name for name in here if name not in moved and _spelled(name, there, fold=fold) in gone]


def _spelled(name: str, names: Sequence[str], *, fold: bool) -> str:
    if name in names or not fold:
        return name
    return next((one for one in names if one.casefold() == name.casefold()), name)


def making_room(now: Schema, taken: Taken, policy: Policy) -> list[Change]:
    """Return what drops these tables and columns, and before them all that rests on them.

    Args:
        now: The whole schema.
        taken: What is to go.
        policy: Whether a table may point at one that is not there.
    """
    if not (taken.tables or taken.columns):
        return []
    columns = list(_with_computed(now, taken))
    taken = Taken(taken.tables, tuple((one.table, one.column.name) for one in columns))
    changes: list[Change] = [*columns, *map(DropObject, _holding(now, taken))]
    for table in now.tables:
        if table.name in taken.tables:
            changes.append(DropTable(table))
            continue
        names = [name for own, name in taken.columns if own == table.name]
        changes += [
            DropConstraint(table.name, one)
            for one in table.constraints
            if _is_of(one, names) or _points_at(one, now, taken, policy)
        ]
        changes += [
            DropIndex(table.name, one)
            for one in table.indexes
            if any(mentions(text, name) for name in names for text in (*one.parts, one.where or ""))
        ]
    return ordered(changes, forward_references=policy.forward_references)


def _is_of(constraint: Constraint, names: Sequence[str]) -> bool:
    return any(name in constraint.columns or mentions(constraint.sql or "", name) for name in names)


def _points_at(constraint: Constraint, now: Schema, taken: Taken, policy: Policy) -> bool:
    if constraint.kind != "foreign key":
        return False
    if constraint.table in taken.tables:
        return not policy.forward_references
    targets = targets_of(constraint, now)
    return any((constraint.table or "", name) in taken.columns for name in targets)


def _with_computed(now: Schema, taken: Taken) -> Iterator[DropColumn]:
    """The columns, and those that are computed from them."""
    for table in now.tables:
        names = [name for own, name in taken.columns if own == table.name]
        for column in table.columns:
            computed = any(mentions(computed_from(column), name) for name in names)
            if computed or column.name in names:
                yield DropColumn(table.name, column)


def _holding(now: Schema, taken: Taken) -> list[Object]:
    """Views and triggers that say one of the names, and those that say one of these."""
    things = [
        one
        for one in now.objects
        if one.kind not in BY_THEMSELVES and one.table not in taken.tables
    ]
    found = [one for one in things if _says(one, taken)]
    for one in found:  # it grows as it goes: a view of a view
        found += [it for it in things if it not in found and mentions(it.sql, one.name)]
    return found


def _says(thing: Object, taken: Taken) -> bool:
    return any(mentions(thing.sql, table) for table in taken.tables) or any(
        mentions(thing.sql, table) and mentions(thing.sql, column)
        for table, column in taken.columns
    )
