"""What stays, but has to be away while something else changes that it rests on."""

from __future__ import annotations

from wheatear.schema.changes import (
    AddConstraint,
    AddObject,
    AlterColumn,
    Change,
    DropConstraint,
    DropIndex,
    DropObject,
    DropTable,
)
from wheatear.schema.content import mentions, same_type, targets_of
from wheatear.schema.model import Schema


def _retyped(changes: list[Change]) -> set[tuple[str, str]]:
    return {
        (change.table, change.after.name)
        for change in changes
        if isinstance(change, AlterColumn)
        if not same_type(change.before, change.after)
        or change.before.collation != change.after.collation
    }


def views_around(changes: list[Change], before: Schema) -> list[Change]:
    """Views and triggers that stay, but have to be away while a type changes that they hold."""
    retyped = _retyped(changes)
    holding = [one for one in before.objects if one.kind not in _BY_THEMSELVES]
    away = [
        one
        for one in holding
        if any(mentions(one.sql, table) and mentions(one.sql, column) for table, column in retyped)
    ]
    for one in away:  # it grows as it goes: a view of a view
        away += [it for it in holding if it not in away and mentions(it.sql, one.name)]
    going = {one.object for one in changes if isinstance(one, DropObject)}
    gone = {one.table.name for one in changes if isinstance(one, DropTable)}
    staying = [one for one in away if one not in going and one.table not in gone]
    return [change for one in staying for change in (DropObject(one), AddObject(one))]


_BY_THEMSELVES = {"sequence", "type", "virtual table"}


def _keys_lost(changes: list[Change], before: Schema) -> set[tuple[str, tuple[str, ...]]]:
    """Tables and columns that a key was on and is no more, for a moment at least."""
    dropped = [one for one in changes if isinstance(one, (DropConstraint, DropIndex))]
    lost = set()
    for change in dropped:
        table = before.table(change.table)
        columns = _unique_columns(change)
        if table is None or columns is None:
            continue
        going = [_unique_columns(one) for one in dropped if one.table == change.table]
        there = [
            *(_unique_columns(DropConstraint(table.name, one)) for one in table.constraints),
            *(_unique_columns(DropIndex(table.name, one)) for one in table.indexes),
        ]
        if going.count(columns) == there.count(columns):
            lost.add((table.name, columns))
    return lost


def _unique_columns(change: DropConstraint | DropIndex) -> tuple[str, ...] | None:
    if isinstance(change, DropIndex):
        index = change.index
        parts = tuple(part.strip('"`') for part in index.parts)
        return parts if index.unique and not index.where else None
    one = change.constraint
    return one.columns if one.kind in {"primary key", "unique"} else None


def keys_around(
    changes: list[Change], before: Schema, after: Schema, *, types: bool
) -> list[Change]:
    """Foreign keys that stay, but have to be away while what they rest on changes.

    That is the key of the other table, and where `types` says so the types on either side.
    """
    retyped = _retyped(changes) if types else set()
    lost = _keys_lost(changes, before)
    going = {(one.table, one.constraint) for one in changes if isinstance(one, DropConstraint)}
    around: list[Change] = []
    for table in before.tables if retyped or lost else ():
        if after.table(table.name) is None:
            continue
        for one in table.constraints:
            held = {(table.name, name) for name in one.columns}
            held |= {(one.table or "", name) for name in targets_of(one, before)}
            rests = (one.table or "", targets_of(one, before)) in lost or held & retyped
            if one.kind == "foreign key" and rests and (table.name, one) not in going:
                around += [DropConstraint(table.name, one), AddConstraint(table.name, one)]
    return around
