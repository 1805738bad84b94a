"""What stays, but has to be away while something else changes that it rests on."""

from __future__ import annotations

from wheatear.schema.changes import (
    AddColumn,
    AddConstraint,
    AddObject,
    AlterColumn,
    Change,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropObject,
    DropTable,
)
from wheatear.schema.content import mentions, same_type, targets_of
from wheatear.schema.model import Column, Schema, Table


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
    holding = [one for one in before.objects if one.kind not in BY_THEMSELVES]
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


BY_THEMSELVES = {"sequence", "type", "virtual table"}


def computed_around(
    changes: list[Change], before: Schema, after: Schema, *, staying: bool
) -> list[Change]:
    """The changes, with columns away that are computed from one whose type changes.

    With them go their indexes and keys, to come again as far as they stay. Where a column is
    computed otherwise, no order of two alterations would be right both there and back: what it was
    computed from may not be so any more, what it is to be computed from may not be so yet.

    Args:
        changes: What changes.
        before: The schema before.
        after: The schema after.
        staying: Columns that are computed as before have to be away too.
    """
    retyped = _retyped(changes)
    found = list(changes)
    for table in before.tables if retyped else ():
        to_be = after.table(table.name)
        names = [name for own, name in retyped if own == table.name]
        for column in table.columns if to_be else ():
            new = to_be.column(column.name) if to_be else None
            if new is None or column.name in names:
                continue
            was, is_ = computed_from(column), computed_from(new)
            held = any(mentions(sql, name) for sql in (was, is_) for name in names)
            if held and (was != is_ or staying):
                found = _without_alteration(found, table, column.name)
                found += [DropColumn(table.name, column), AddColumn(table.name, new)]
                found += _of_column(found, table, column.name)
    return found


def computed_from(column: Column) -> str:
    """What a column is computed from; empty if it is not."""
    generated = column.generated or ""
    return generated if generated.startswith("GENERATED") and "IDENTITY" not in generated else ""


def _without_alteration(changes: list[Change], table: Table, name: str) -> list[Change]:
    return [
        one
        for one in changes
        if not (isinstance(one, AlterColumn) and (one.table, one.after.name) == (table.name, name))
    ]


def _of_column(changes: list[Change], table: Table, name: str) -> list[Change]:
    """What of a table is about a column, dropped and added again, unless it goes anyway."""
    found: list[Change] = []
    for index in table.indexes:
        gone = DropIndex(table.name, index)
        if any(mentions(sql, name) for sql in (*index.parts, index.where or "")):
            found += [gone, gone.inverse] if gone not in changes else []
    for one in table.constraints:
        lost = DropConstraint(table.name, one)
        if name in one.columns or mentions(one.sql or "", name):
            found += [lost, lost.inverse] if lost not in changes else []
    return found


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
