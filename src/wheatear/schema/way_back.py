"""What undoes a step, from the schema before it and the one after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from wheatear.schema.changes import (
    AddColumn,
    AddTable,
    Change,
    RenameColumn,
    RenameTable,
)
from wheatear.schema.diff import compare
from wheatear.schema.made import made
from wheatear.schema.model import Column, Object, Schema, Table
from wheatear.schema.policy import Policy
from wheatear.schema.renames import Rename
from wheatear.schema.taken import Gone, making_room, names_taken

_BETWEEN = "_wheatear"
"""What the name of a table or a column ends in while two of them change names."""


class Returning(NamedTuple):
    """A table, or with `column` a column, that comes back.

    Attributes:
        table: The table.
        column: The column.
        how: With what in it, in words.
    """

    table: str
    column: str | None
    how: str

    @property
    def what(self) -> str:
        """What it is, in words."""
        return (
            f"column {self.column} of table {self.table}"
            if self.column
            else (f"table {self.table}")
        )


class WayBack(NamedTuple):
    """What undoes a step.

    Attributes:
        changes: In an order in which they can be made.
        before: The schema before the changes: after the step.
        after: The schema after them: before the step.
    """

    changes: tuple[Change, ...]
    before: Schema
    after: Schema

    @property
    def lost(self) -> list[str]:
        """What data the way back destroys."""
        return [text for change in self.changes if (text := change.destroys)]

    @property
    def returning(self) -> list[Returning]:
        """What comes back, without what was in it."""
        return [*_returning(self.changes)]


def way_back(
    now: Schema,
    after: Schema,
    before: Schema,
    renames: Sequence[Rename],
    policy: Policy,
    *,
    dropped: Sequence[Gone] = (),
) -> WayBack:
    """Return what undoes a step.

    What the step made under the name of something that was there before it goes first, with what
    rests on it: the rest is the difference of what is left then.

    Args:
        now: The whole schema, as the step left it; or `after` again where that is not known.
        after: What the step touched, after it.
        before: The same before it.
        renames: What the step renamed: a column's table under its name before the step.
        policy: What the engine takes for the same.
        dropped: What the step dropped.
    """
    then = exchanged(now, after, before)
    taken = names_taken(after, before, renames, dropped, policy)
    away = making_room(now, taken, policy)
    rest = now
    for change in away:
        rest = made(rest, change)
    rest = _without_objects_of(rest, set(taken.tables))
    columns = [*_columns_back(renames, before, after, set(taken.columns))]
    back: list[Rename] = [*_tables_back(renames), *columns]
    changes = compare(rest, then, renames=back, policy=policy).changes
    return WayBack((*away, *changes), now, then)


def unnamed_like(schema: Schema, like: Schema) -> Schema:
    """The schema without the names of constraints of which the other has some without a name.

    SQLite's own may have none; added again, one has to have a name.
    """
    nameless = {
        table.name for table in like.tables if any(one.name is None for one in table.constraints)
    }
    return replace(
        schema,
        tables=tuple(
            _without_names(table) if table.name in nameless else table for table in schema.tables
        ),
    )


def _without_names(table: Table) -> Table:
    constraints = tuple(replace(one, name=None) for one in table.constraints)
    return replace(table, constraints=constraints)


def exchanged(schema: Schema, gone: Schema, come: Schema) -> Schema:
    """The schema with what is in `come` instead of what is in `gone`."""
    rest = without(schema, gone, come)
    return Schema(
        tuple(sorted((*rest.tables, *come.tables), key=lambda it: it.name)),
        tuple(sorted((*rest.objects, *come.objects), key=_place)),
    )


def within(schema: Schema, *others: Schema) -> Schema:
    """Of the schema what also stands in one of the others, by its name."""
    tables = {table.name for other in others for table in other.tables}
    objects = {_place(one) for other in others for one in other.objects}
    return Schema(
        tuple(table for table in schema.tables if table.name in tables),
        tuple(one for one in schema.objects if _place(one) in objects or one.table in tables),
    )


def without(schema: Schema, *others: Schema) -> Schema:
    """Of the schema what stands in none of the others, by its name."""
    inside = within(schema, *others)
    return Schema(
        tuple(table for table in schema.tables if table not in inside.tables),
        tuple(one for one in schema.objects if one not in inside.objects),
    )


def _place(one: Object) -> tuple[str, str, str]:
    return (one.name, one.kind, one.table or "")


def _without_objects_of(schema: Schema, tables: set[str]) -> Schema:
    """A table's triggers go with it."""
    return replace(schema, objects=tuple(one for one in schema.objects if one.table not in tables))


def _tables_back(renames: Sequence[Rename]) -> list[RenameTable]:
    pairs = [(one.new, one.old) for one in renames if isinstance(one, RenameTable)]
    return [RenameTable(*pair) for pair in _in_order(pairs)]


def _columns_back(
    renames: Sequence[Rename], before: Schema, after: Schema, going: set[tuple[str, str]]
) -> Iterator[RenameColumn]:
    names = {one.old: one.new for one in renames if isinstance(one, RenameTable)}
    by_table: dict[str, list[tuple[str, str]]] = {}
    for one in renames:
        if isinstance(one, RenameColumn):
            by_table.setdefault(one.table, []).append((one.new, one.old))
    for table, pairs in by_table.items():
        now = after.table(names.get(table, table))
        here = {name for name in _columns(now) if now and (now.name, name) not in going}
        moved = {new for new, _ in pairs}
        # Where the column is gone it is no rename back: the table may have been copied without it.
        free = [
            pair for pair in pairs if pair[0] in here and (pair[1] not in here or pair[1] in moved)
        ]
        if before.table(table) is not None:
            yield from (RenameColumn(table, *pair) for pair in _in_order(free))


def _columns(table: Table | None) -> set[str]:
    return {column.name for column in table.columns} if table else set()


def _in_order(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Renames in an order in which no name is taken; by a name between where they go in a ring."""
    left, found = list(pairs), []
    while left:
        sources = {old for old, _ in left}
        free = next((pair for pair in left if pair[1] not in sources - {pair[0]}), None)
        if free is None:
            old, new = left.pop(0)
            found.append((old, old + _BETWEEN))
            left.append((old + _BETWEEN, new))
        else:
            left.remove(free)
            found.append(free)
    return found


def _returning(changes: Sequence[Change]) -> Iterator[Returning]:
    for change in changes:
        if isinstance(change, AddTable):
            yield Returning(change.table.name, None, "without rows")
        elif isinstance(change, AddColumn) and change.column.generated is None:
            yield Returning(change.table, change.column.name, _value(change.column))


def _value(column: Column) -> str:
    if column.default is not None:
        return f"with its default ({column.default}) in each row"
    return "with NULL in each row" if column.null else "with an empty value in each row"
