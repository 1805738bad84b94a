"""Two schemas subtracted: what has to change for the first to become the second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import NamedTuple

from wheatear.schema.around import computed_around, keys_around, views_around
from wheatear.schema.changes import (
    AddConstraint,
    AddIndex,
    AddObject,
    AddTable,
    AlterTable,
    Change,
    DropConstraint,
    DropIndex,
    DropObject,
    DropTable,
)
from wheatear.schema.columns import Found, columns
from wheatear.schema.content import (
    constraint_content,
    index_content,
    plain,
    primary_key,
    targets_of,
    unmatched,
)
from wheatear.schema.model import Constraint, Index, Object, Schema, Table
from wheatear.schema.order import ordered
from wheatear.schema.ours import is_ours
from wheatear.schema.policy import Policy
from wheatear.schema.renames import Rename, candidates, renamed, respelled

__all__ = ["Compared", "Policy", "candidates", "compare", "diff"]


class Compared(NamedTuple):
    """What two schemas differ in.

    Attributes:
        changes: What would make the first the second, in an order in which it can be made.
        apart: What only the database has and no model speaks about: left alone.
    """

    changes: tuple[Change, ...]
    apart: tuple[Change, ...] = ()


def diff(
    before: Schema, after: Schema, *, renames: Sequence[Rename] = (), policy: Policy
) -> list[Change]:
    """Return the changes that make `before` to `after`, in an order in which they can be made.

    Args:
        before: What is: the database.
        after: What is to be: the models.
        renames: What was renamed, tables first; `candidates` proposes some.
        policy: What counts.
    """
    return list(compare(before, after, renames=renames, policy=policy).changes)


def compare(
    before: Schema, after: Schema, *, renames: Sequence[Rename] = (), policy: Policy
) -> Compared:
    """The same, with what is set apart."""
    before, after = alike(before, after, renames=renames, policy=policy)
    found = [*_tables(before, after, policy), *_objects(before, after, policy)]
    changes = [one.change for one in found if not one.apart]
    if not policy.forward_references:
        changes += keys_around(changes, before, after, types=policy.keys_hold_types)
    if policy.alters_in_steps:
        staying = policy.views_hold_types
        changes = computed_around(changes, before, after, staying=staying)
    if policy.views_hold_types:
        changes += views_around(changes, before)
    return Compared(
        (*renames, *ordered(changes, forward_references=policy.forward_references)),
        tuple(one.change for one in found if one.apart),
    )


def alike(
    before: Schema, after: Schema, *, renames: Sequence[Rename] = (), policy: Policy
) -> tuple[Schema, Schema]:
    """Both schemas without what does not count, the first with its names as in the second."""
    before, after = _counting(before, policy), _counting(after, policy)
    for rename in renames:
        before = renamed(before, rename)
    before = respelled(before, after, tables=policy.fold_tables, columns=policy.fold_columns)
    return before, _without_views(before, after) if policy.stated else after


def _counting(schema: Schema, policy: Policy) -> Schema:
    def counts(name: str | None) -> bool:
        return name is None or not (
            is_ours(name) or any(fnmatchcase(name, pattern) for pattern in policy.ignore_tables)
        )

    return Schema(
        tuple(table for table in schema.tables if counts(table.name)),
        tuple(one for one in schema.objects if counts(one.name) and counts(one.table)),
    )


def _without_views(before: Schema, after: Schema) -> Schema:
    """A model of a view or a virtual table is read through it: there is no table to compare.

    Nor is there one that can be made of what a virtual table keeps its data in.
    """
    kinds = {"view", "materialized view", "virtual table"}
    views = {one.name for one in before.objects if one.kind in kinds}
    virtual = tuple(f"{one.name}_" for one in before.objects if one.kind == "virtual table")
    here = {table.name for table in before.tables}
    kept = (
        one
        for one in after.tables
        if one.name not in views and (one.name in here or not one.name.startswith(virtual))
    )
    return replace(after, tables=tuple(kept))


def _tables(before: Schema, after: Schema, policy: Policy) -> Iterator[Found]:
    here = {table.name: table for table in before.tables}
    there = {table.name: table for table in after.tables}
    for table in before.tables:
        if table.name not in there:
            yield Found(DropTable(table), apart=_stays(table.name, policy))
    for table in after.tables:
        was = here.get(table.name)
        if was is None:
            yield Found(AddTable(table))
        elif was != table:
            yield from columns(was, table, before, policy)
            yield from _keys_and_indexes(was, table, (before, after), policy)
            yield from _table(was, table, policy)


def _stays(table: str | None, policy: Policy) -> bool:
    """Whether what no model speaks of is left alone."""
    return policy.stated and table not in policy.dropped


def _table(was: Table, is_: Table, policy: Policy) -> Iterator[Found]:
    options = is_.options
    if policy.stated and not options and not policy.options:
        options = was.options
    comment = was.comment if policy.stated and is_.comment is None else is_.comment
    if (was.options, was.comment) != (options, comment):
        yield Found(AlterTable(was, replace(was, options=options, comment=comment)))
    kept = replace(was, options=is_.options, comment=is_.comment)
    if kept != replace(was, options=options, comment=comment):
        yield Found(AlterTable(was, kept), apart=True)


# Constraints and indexes


def _keys_and_indexes(
    was: Table, is_: Table, schemas: tuple[Schema, Schema], policy: Policy
) -> Iterator[Found]:
    before, after = schemas
    here = [_with_targets(one, before) for one in was.constraints]
    there = [_with_targets(one, after) for one in is_.constraints]
    # Names count where one has moved to another content: what is kept would be in its way.
    for names, either_way in ((policy.names, policy.stated), (True, policy.stated), (True, False)):
        gone, new = unmatched(here, there, partial(constraint_content, names=policy.names))
        old_indexes, new_indexes = unmatched(
            was.indexes, is_.indexes, partial(index_content, names=names)
        )
        if either_way:
            gone, new_indexes = _unique_either_way(gone, new_indexes)
            new, old_indexes = _unique_either_way(new, old_indexes)
            if primary_key(was) == primary_key(is_):  # it is unique, said once more or not
                key = Constraint("unique", primary_key(was))
                new_indexes = [one for one in new_indexes if not _says_the_same(key, one)]
        if not _name_taken(was.indexes, old_indexes, new_indexes):
            break
    new = _with_free_names(new, [one for one in here if one not in gone])
    yield from (Found(DropConstraint(is_.name, one)) for one in gone)
    yield from (Found(AddConstraint(is_.name, one)) for one in new)
    yield from (Found(DropIndex(is_.name, one)) for one in old_indexes)
    yield from (Found(AddIndex(is_.name, one)) for one in new_indexes)


def _with_free_names(new: list[Constraint], kept: list[Constraint]) -> list[Constraint]:
    """The new constraints, each by a name that no other has: the server counts them up anew."""
    taken = {one.name for one in kept}
    found = []
    for one in new:
        name, number = one.name, 1
        while name is not None and name in taken:
            number += 1
            name = f"{one.name}_{number}"
        taken.add(name)
        found.append(replace(one, name=name))
    return found


def _name_taken(was: Sequence[Index], old: Sequence[Index], new: Sequence[Index]) -> bool:
    kept = {one.name for one in was} - {one.name for one in old}
    return any(one.name in kept for one in new)


def _with_targets(constraint: Constraint, schema: Schema) -> Constraint:
    if constraint.kind != "foreign key":
        return constraint
    return replace(constraint, targets=targets_of(constraint, schema))


def _unique_either_way(
    constraints: list[Constraint], indexes: list[Index]
) -> tuple[list[Constraint], list[Index]]:
    """Without the pairs of a UNIQUE constraint and a unique index that say the same."""
    left = []
    indexes = list(indexes)
    for constraint in constraints:
        same = next((one for one in indexes if _says_the_same(constraint, one)), None)
        if same is None:
            left.append(constraint)
        else:
            indexes.remove(same)
    return left, indexes


def _says_the_same(constraint: Constraint, index: Index) -> bool:
    if constraint.kind != "unique" or constraint.options or not index.unique:
        return False
    parts = tuple(part.strip('"`') for part in index.parts)
    return parts == constraint.columns and not (index.where or index.using or index.extra)


# Objects


def _objects(before: Schema, after: Schema, policy: Policy) -> Iterator[Found]:
    gone, new = unmatched(before.objects, after.objects, _content)
    stated = {(one.kind, one.name) for one in after.objects}
    for thing in gone:
        apart = _stays(thing.table, policy) and (thing.kind, thing.name) not in stated
        yield Found(DropObject(thing), apart=apart)
    for thing in new:
        yield Found(AddObject(thing))


def _content(thing: Object) -> tuple[str, str, str, str]:
    sql = plain(thing.sql)
    if thing.kind == "virtual table":
        sql = sql.translate(_NO_QUOTES).casefold()
    return (thing.kind, thing.name, sql, thing.table or "")


_NO_QUOTES = str.maketrans("", "", '"`[] ')
