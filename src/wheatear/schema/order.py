"""The order in which changes can be made: what depends on another is dropped first, added last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from wheatear.schema import changes as kinds
from wheatear.schema.content import mentions
from wheatear.schema.model import Constraint, Object, Table

# What columns are made of, so that it comes before tables; all else comes after them.
_BENEATH = {"type", "sequence"}


def ordered(changes: Sequence[kinds.Change], *, forward_references: bool) -> list[kinds.Change]:
    """The changes in an order in which each can be made; its reverse serves the inverses.

    Args:
        changes: The changes, without any order.
        forward_references: Whether a table may point at one that is made after it.
    """
    added = [change.table for change in changes if isinstance(change, kinds.AddTable)]
    dropped = [change.table for change in changes if isinstance(change, kinds.DropTable)]
    others = [one for one in changes if not isinstance(one, (kinds.AddTable, kinds.DropTable))]
    made = _made(added, forward_references=forward_references)
    gone = [one.inverse for one in reversed(_made(dropped, forward_references=forward_references))]
    return sorted([*_objects(others), *gone, *made], key=_phase)


def _objects(changes: Sequence[kinds.Change]) -> list[kinds.Change]:
    """The changes with those of views and the like in order: what is named by another is there."""
    added = [one.object for one in changes if isinstance(one, kinds.AddObject)]
    dropped = [one.object for one in changes if isinstance(one, kinds.DropObject)]
    others = [one for one in changes if not isinstance(one, (kinds.AddObject, kinds.DropObject))]
    gone = [kinds.DropObject(one) for one in reversed(_by_name(dropped))]
    return [*others, *gone, *(kinds.AddObject(one) for one in _by_name(added))]


def _by_name(objects: Sequence[Object]) -> list[Object]:
    """Objects, each after those that its statement names."""
    named = {
        one: [other for other in objects if other != one and mentions(one.sql, other.name)]
        for one in objects
    }
    done: dict[Object, None] = {}
    under_way: set[Object] = set()

    def visit(one: Object) -> None:
        if one in done or one in under_way:
            return
        under_way.add(one)
        for other in named[one]:
            visit(other)
        done[one] = None

    for one in objects:
        visit(one)
    return list(done)


def _phase(change: kinds.Change) -> float:
    """When a kind of change has its turn; within a phase the given order stays.

    The phases mirror each other around the middle: reversed, they are right for the inverses.
    """
    if isinstance(change, (kinds.AddObject, kinds.DropObject)):
        return _phase_of_object(change)
    if isinstance(change, (kinds.AddConstraint, kinds.DropConstraint)):
        return _phase_of_constraint(change)
    if isinstance(change, (kinds.AddColumn, kinds.DropColumn)):
        return _phase_of_column(change)
    if isinstance(change, kinds.AlterTable):
        return _phase_of_options(change)
    return _PHASES[type(change)]


_PHASES: dict[type[kinds.Change], int] = {
    kinds.RenameTable: 0,
    kinds.RenameColumn: 1,
    # 2: views and triggers go · 3: foreign keys go · 4: types and sequences come
    kinds.DropTable: 5,
    kinds.DropIndex: 6,
    # 7: other constraints go · 8: generated columns go · 9: columns come
    # 9.9: options go
    kinds.AlterColumn: 10,
    # 10.1: options come
    # 11: columns go · 12: generated columns come · 13: other constraints come
    kinds.AddIndex: 14,
    kinds.AddTable: 15,
    # 16: types and sequences go · 17: foreign keys come · 18: views and triggers come
}


def _phase_of_object(change: kinds.AddObject | kinds.DropObject) -> int:
    beneath = change.object.kind in _BENEATH
    if isinstance(change, kinds.AddObject):
        return 4 if beneath else 18
    return 16 if beneath else 2


def _phase_of_constraint(change: kinds.AddConstraint | kinds.DropConstraint) -> int:
    key = change.constraint.kind == "foreign key"
    if isinstance(change, kinds.AddConstraint):
        return 17 if key else 13
    return 3 if key else 7


def _phase_of_column(change: kinds.AddColumn | kinds.DropColumn) -> int:
    generated = change.column.generated or ""
    computed = generated.startswith("GENERATED") and "IDENTITY" not in generated
    if isinstance(change, kinds.AddColumn):
        return 12 if computed else 9
    return 8 if computed else 11


def _phase_of_options(change: kinds.AlterTable) -> float:
    """An option such as STRICT may not let a column be what it was before, or is to be after."""
    return 9.9 if len(change.after.options) < len(change.before.options) else 10.1


def _made(tables: Sequence[Table], *, forward_references: bool) -> list[kinds.Change]:
    """The tables, those that others point at first; foreign keys of cycles are added at the end."""
    in_order = _by_reference(tables)
    if forward_references:
        return [kinds.AddTable(table) for table in in_order]
    waiting = {table.name for table in in_order}
    changes: list[kinds.Change] = []
    late: list[kinds.Change] = []
    for table in in_order:
        postponed = [one for one in table.constraints if _waits(one, table, waiting)]
        kept = tuple(one for one in table.constraints if one not in postponed)
        changes.append(kinds.AddTable(replace(table, constraints=kept)))
        late += [kinds.AddConstraint(table.name, one) for one in postponed]
        waiting.discard(table.name)
    return [*changes, *late]


def _waits(constraint: Constraint, table: Table, waiting: set[str]) -> bool:
    return constraint.table in waiting and constraint.table != table.name


def _by_reference(tables: Sequence[Table]) -> list[Table]:
    by_name = {table.name: table for table in tables}
    done: dict[str, Table] = {}
    for table in tables:
        _visit(table, by_name, done, set())
    return list(done.values())


def _visit(
    table: Table, by_name: dict[str, Table], done: dict[str, Table], under_way: set[str]
) -> None:
    """Depth first, without recursion: chains of tables may be long."""
    stack = [(table, iter(_references(table)))]
    under_way.add(table.name)
    while stack:
        current, references = stack[-1]
        following = next((by_name[name] for name in references if name in by_name), None)
        if following is None:
            done.setdefault(current.name, current)
            stack.pop()
        elif following.name not in done and following.name not in under_way:
            under_way.add(following.name)
            stack.append((following, iter(_references(following))))


def _references(table: Table) -> list[str]:
    found = {one.table for one in table.constraints if one.table and one.table != table.name}
    return sorted(found | set(_parents(table)))


# PostgreSQL's tables that are a part of another, as the reader prints it.
_PARENTS = re.compile(r"\b(?:PARTITION OF |INHERITS \()((?:\"[^\"]*\"|[^\s,)]+)(?:, [^\s,)]+)*)")


def _parents(table: Table) -> list[str]:
    match = _PARENTS.search(table.options)
    return [name.strip('"') for name in match[1].split(", ")] if match else []
