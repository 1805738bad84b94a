"""Two schemas subtracted: what has to change for the first to become the second."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import NamedTuple

from wheatear.schema.changes import (
    AddColumn,
    AddConstraint,
    AddIndex,
    AddObject,
    AddTable,
    AlterColumn,
    AlterTable,
    Change,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropObject,
    DropTable,
)
from wheatear.schema.content import (
    constraint_content,
    index_content,
    plain,
    primary_key,
    same_type,
    sequence_of,
    targets_of,
    type_name,
    unmatched,
)
from wheatear.schema.model import Column, Constraint, Index, Object, Schema, Table
from wheatear.schema.order import ordered
from wheatear.schema.renames import Rename, candidates, renamed, respelled

__all__ = ["Compared", "Policy", "candidates", "compare", "diff"]

HISTORY = "wheatear_history"

PythonDefaults = Mapping[tuple[str, str], frozenset[str]]
"""By table and column, the ways in which SQL may spell a model's own default."""


@dataclass(frozen=True)
class Policy:
    """What of a difference counts, and what the engine takes for the same.

    Attributes:
        stated: `after` is what models state: what only the database has beyond that (tables,
            views, triggers, defaults, comments) is set apart. Else both are databases.
        names: The names of constraints and indexes count.
        options: Table options that only the database has count, since models can state all.
        fold_tables: Tables' names that differ in letter case alone are the same table.
        fold_columns: The same for columns.
        forward_references: A table may point at one that is made after it.
        type_key: What of a type's name counts, where models are compared: equal keys, one type.
        keys_hold_types: A column's type cannot change while a foreign key uses it.
        ignore_tables: Tables that are no business of ours; `*` and `?` stand for any letters.
        defaults: The models' own defaults, which a default of the database may repeat.
    """

    stated: bool = False
    names: bool = False
    options: bool = True
    fold_tables: bool = False
    fold_columns: bool = False
    forward_references: bool = False
    type_key: Callable[[str], str] = type_name
    keys_hold_types: bool = False
    ignore_tables: tuple[str, ...] = ()
    defaults: PythonDefaults = field(default_factory=dict)


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
    before, after = _ours(before, policy), _ours(after, policy)
    for rename in renames:
        before = renamed(before, rename)
    before = respelled(before, after, tables=policy.fold_tables, columns=policy.fold_columns)
    if policy.stated:
        after = _without_views(before, after)
    found = [*_tables(before, after, policy), *_objects(before, after, policy)]
    changes = [one.change for one in found if not one.apart]
    if policy.keys_hold_types:
        changes += _keys_around(changes, before, after)
    return Compared(
        (*renames, *ordered(changes, forward_references=policy.forward_references)),
        tuple(one.change for one in found if one.apart),
    )


class _Found(NamedTuple):
    change: Change
    apart: bool = False


def _ours(schema: Schema, policy: Policy) -> Schema:
    patterns = (HISTORY, *policy.ignore_tables)

    def is_ours(name: str | None) -> bool:
        return name is None or not any(fnmatchcase(name, pattern) for pattern in patterns)

    return Schema(
        tuple(table for table in schema.tables if is_ours(table.name)),
        tuple(one for one in schema.objects if is_ours(one.name) and is_ours(one.table)),
    )


def _without_views(before: Schema, after: Schema) -> Schema:
    """A model of a view or a virtual table is read through it: there is no table to compare."""
    kinds = {"view", "materialized view", "virtual table"}
    views = {one.name for one in before.objects if one.kind in kinds}
    return replace(after, tables=tuple(one for one in after.tables if one.name not in views))


def _tables(before: Schema, after: Schema, policy: Policy) -> Iterator[_Found]:
    here = {table.name: table for table in before.tables}
    there = {table.name: table for table in after.tables}
    for table in before.tables:
        if table.name not in there:
            yield _Found(DropTable(table), apart=policy.stated)
    for table in after.tables:
        was = here.get(table.name)
        if was is None:
            yield _Found(AddTable(table))
        elif was != table:
            yield from _columns(was, table, before, policy)
            yield from _keys_and_indexes(was, table, (before, after), policy)
            yield from _table(was, table, policy)


def _table(was: Table, is_: Table, policy: Policy) -> Iterator[_Found]:
    options = is_.options
    if policy.stated and not options and not policy.options:
        options = was.options
    comment = was.comment if policy.stated and is_.comment is None else is_.comment
    if (was.options, was.comment) != (options, comment):
        yield _Found(AlterTable(was, replace(was, options=options, comment=comment)))
    kept = replace(was, options=is_.options, comment=is_.comment)
    if kept != replace(was, options=options, comment=comment):
        yield _Found(AlterTable(was, kept), apart=True)


# Columns


def _columns(was: Table, is_: Table, before: Schema, policy: Policy) -> Iterator[_Found]:
    here = {column.name: column for column in was.columns}
    there = {column.name for column in is_.columns}
    for column in was.columns:
        if column.name not in there:
            yield _Found(DropColumn(is_.name, column))
    for column in is_.columns:
        old = here.get(column.name)
        if old is None:
            yield _Found(AddColumn(is_.name, column))
        elif old != column:
            if policy.stated:
                column = _as_meant(old, column, was, is_, policy)  # noqa: PLW2901 - the same one
            yield from _column(is_.name, old, column, before, policy)


def _as_meant(old: Column, new: Column, was: Table, is_: Table, policy: Policy) -> Column:
    """What a model leaves open, or says in other words, as the database has it."""
    if primary_key(was) == primary_key(is_) == (new.name,):
        # SQLite's INTEGER PRIMARY KEY is never NULL, said or not; no other word makes one.
        is_rowid = type_name(old.type) == type_name(new.type) == "integer"
        return replace(new, null=old.null) if is_rowid else new
    if not new.type or policy.type_key(old.type) == policy.type_key(new.type):
        return replace(new, type=old.type)
    return new


def _column(
    table: str, old: Column, new: Column, before: Schema, policy: Policy
) -> Iterator[_Found]:
    new = _as_spelled(old, new, before)
    stated = _stated(old, new) if policy.stated else new
    if stated != old:
        yield _Found(AlterColumn(table, old, stated))
    if stated != new and not _is_repeated(table, old, new, stated, policy):
        yield _Found(AlterColumn(table, replace(stated, name=old.name), new), apart=True)


def _as_spelled(old: Column, new: Column, before: Schema) -> Column:
    """The new column in the old one's spelling where they mean the same."""
    if same_type(old, new):
        new = replace(new, type=old.type)
    if old.default is not None and new.default is not None:
        if plain(old.default) == plain(new.default) or _same_sequence(old, new, before):
            new = replace(new, default=old.default)
    if old.collation and (old.collation or "").casefold() == (new.collation or "").casefold():
        new = replace(new, collation=old.collation)
    return new


def _same_sequence(old: Column, new: Column, before: Schema) -> bool:
    """A serial's own sequence keeps its name when the table or the column is renamed."""
    names = sequence_of(old.default), sequence_of(new.default)
    standing = {one.name for one in before.objects if one.kind == "sequence"}
    return None not in names and not standing & set(names)


def _stated(old: Column, new: Column) -> Column:
    """What the models say, and of what they do not speak about what the database has."""
    if new.default is None and sequence_of(old.default) is None:
        new = replace(new, default=old.default)
    if new.generated is None and (old.generated or "").startswith("ON UPDATE"):
        new = replace(new, generated=old.generated)
    return new if new.comment is not None else replace(new, comment=old.comment)


def _is_repeated(table: str, old: Column, new: Column, stated: Column, policy: Policy) -> bool:
    """Whether all that only the database has is the default that the model has in Python."""
    if replace(stated, default=new.default) != new:
        return False
    spelled = policy.defaults.get((table, new.name), frozenset())
    return old.default is not None and literal(old.default) in spelled


def literal(default: str) -> str:
    """A constant default without parentheses, casts and quotes: as Python's `str` would say it."""
    text = default.strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if text.startswith("'"):
        end = text.rfind("'")
        return text[1:end].replace("''", "'")
    return text.partition("::")[0].strip().casefold()


# Constraints and indexes


def _keys_and_indexes(
    was: Table, is_: Table, schemas: tuple[Schema, Schema], policy: Policy
) -> Iterator[_Found]:
    before, after = schemas
    here = [_with_targets(one, before) for one in was.constraints]
    there = [_with_targets(one, after) for one in is_.constraints]
    gone, new = unmatched(here, there, lambda one: constraint_content(one, names=policy.names))
    old_indexes, new_indexes = unmatched(
        was.indexes, is_.indexes, lambda one: index_content(one, names=policy.names)
    )
    if policy.stated:
        gone, new_indexes = _unique_either_way(gone, new_indexes)
        new, old_indexes = _unique_either_way(new, old_indexes)
    yield from (_Found(DropConstraint(is_.name, one)) for one in gone)
    yield from (_Found(AddConstraint(is_.name, one)) for one in new)
    yield from (_Found(DropIndex(is_.name, one)) for one in old_indexes)
    yield from (_Found(AddIndex(is_.name, one)) for one in new_indexes)


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


def _keys_around(changes: list[Change], before: Schema, after: Schema) -> list[Change]:
    """Foreign keys that stay, but have to be away while a type changes that they hold."""
    retyped = {
        (change.table, change.after.name)
        for change in changes
        if isinstance(change, AlterColumn) and not same_type(change.before, change.after)
    }
    going = {(one.table, one.constraint) for one in changes if isinstance(one, DropConstraint)}
    around: list[Change] = []
    for table in before.tables if retyped else ():
        if after.table(table.name) is None:
            continue
        for one in table.constraints:
            held = {(table.name, name) for name in one.columns}
            held |= {(one.table or "", name) for name in targets_of(one, before)}
            if one.kind == "foreign key" and held & retyped and (table.name, one) not in going:
                around += [DropConstraint(table.name, one), AddConstraint(table.name, one)]
    return around


# Objects


def _objects(before: Schema, after: Schema, policy: Policy) -> Iterator[_Found]:
    gone, new = unmatched(before.objects, after.objects, _content)
    stated = {(one.kind, one.name) for one in after.objects}
    for thing in gone:
        apart = policy.stated and (thing.kind, thing.name) not in stated
        yield _Found(DropObject(thing), apart=apart)
    for thing in new:
        yield _Found(AddObject(thing))


def _content(thing: Object) -> tuple[str, str, str, str]:
    sql = plain(thing.sql)
    if thing.kind == "virtual table":
        sql = sql.translate(_NO_QUOTES).casefold()
    return (thing.kind, thing.name, sql, thing.table or "")


_NO_QUOTES = str.maketrans("", "", '"`[] ')
