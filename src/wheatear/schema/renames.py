"""Renames of tables and columns: what a schema is after one, and which are likely."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from wheatear.schema.changes import RenameColumn, RenameTable
from wheatear.schema.content import same_type
from wheatear.schema.model import Column, Constraint, Index, Object, Schema, Table

Rename = RenameTable | RenameColumn

# How much two tables' columns have in common before one may be the other under another name.
_LIKELY = 0.5


def renamed(schema: Schema, rename: Rename) -> Schema:
    """The schema after a rename, as far as it can be told without the engine.

    Expressions are followed by the name as a word: what an engine prints is then the same again.
    """
    if isinstance(rename, RenameTable):
        return _table_renamed(schema, rename.old, rename.new)
    return _column_renamed(schema, rename)


def _table_renamed(schema: Schema, old: str, new: str) -> Schema:
    tables = tuple(
        replace(
            table,
            name=new if table.name == old else table.name,
            constraints=tuple(
                replace(one, table=new) if one.table == old else one for one in table.constraints
            ),
        )
        for table in schema.tables
    )
    return Schema(
        tuple(sorted(tables, key=lambda table: table.name)),
        tuple(replace(one, table=new) if one.table == old else one for one in schema.objects),
    )


def _column_renamed(schema: Schema, rename: RenameColumn) -> Schema:
    word = _word(rename.old, rename.new)
    tables = (
        _own_renamed(table, rename, word) if table.name == rename.table else table
        for table in schema.tables
    )
    return replace(schema, tables=tuple(_targets_renamed(table, rename) for table in tables))


def _own_renamed(table: Table, rename: RenameColumn, word: Callable[[str], str]) -> Table:
    return replace(
        table,
        columns=tuple(_own_column(column, rename, word) for column in table.columns),
        constraints=tuple(_own_constraint(one, rename, word) for one in table.constraints),
        indexes=tuple(_own_index(index, word) for index in table.indexes),
    )


def _own_column(column: Column, rename: RenameColumn, word: Callable[[str], str]) -> Column:
    return replace(
        column,
        name=rename.new if column.name == rename.old else column.name,
        generated=word(column.generated) if column.generated else column.generated,
    )


def _own_constraint(
    one: Constraint, rename: RenameColumn, word: Callable[[str], str]
) -> Constraint:
    return replace(
        one,
        columns=_names(one.columns, rename),
        sql=None if one.sql is None else word(one.sql),
    )


def _own_index(index: Index, word: Callable[[str], str]) -> Index:
    return replace(
        index,
        parts=tuple(word(part) for part in index.parts),
        where=None if index.where is None else word(index.where),
    )


def _targets_renamed(table: Table, rename: RenameColumn) -> Table:
    return replace(
        table,
        constraints=tuple(
            replace(one, targets=_names(one.targets, rename)) if one.table == rename.table else one
            for one in table.constraints
        ),
    )


def _names(names: tuple[str, ...], rename: RenameColumn) -> tuple[str, ...]:
    return tuple(rename.new if name == rename.old else name for name in names)


def _word(old: str, new: str) -> Callable[[str], str]:
    """Replaces a name in an expression, bare or quoted, outside text in single quotes."""
    found = re.compile(rf"('(?:[^']|'')*')|(?<![\w$]){re.escape(old)}(?![\w$])")
    return lambda sql: found.sub(lambda match: match[1] or new, sql)


def candidates(before: Schema, after: Schema) -> list[Rename]:
    """Renames that would explain what is missing here and new there: to ask about, not to apply.

    A column: the same type and the same left neighbour (27 of 31 true renames and no wrong one in
    247 real migrations). A table: the most columns in common with only one other.
    """
    tables = list(_table_candidates(before, after))
    for rename in tables:
        before = renamed(before, rename)
    columns = (
        rename
        for table in before.tables
        if (other := after.table(table.name)) is not None
        for rename in _column_candidates(table, other)
    )
    return [*tables, *columns]


def _table_candidates(before: Schema, after: Schema) -> Iterator[RenameTable]:
    gone = [table for table in before.tables if after.table(table.name) is None]
    new = [table for table in after.tables if before.table(table.name) is None]
    for table in new:
        best = _most_alike(table, gone)
        if best is not None and _most_alike(best, new) == table:
            yield RenameTable(best.name, table.name)


def _most_alike(table: Table, others: Sequence[Table]) -> Table | None:
    scored = sorted(((_likeness(table, one), one.name) for one in others), reverse=True)
    if not scored or scored[0][0] < _LIKELY:
        return None
    if len(scored) > 1 and scored[0][0] == scored[1][0]:
        return None  # two are as likely: neither is
    return next(one for one in others if one.name == scored[0][1])


def _likeness(one: Table, other: Table) -> float:
    these = {(column.name, column.type.casefold()) for column in one.columns}
    those = {(column.name, column.type.casefold()) for column in other.columns}
    return len(these & those) / max(len(these | those), 1)


def _column_candidates(before: Table, after: Table) -> Iterator[RenameColumn]:
    here = {column.name for column in before.columns}
    there = {column.name for column in after.columns}
    taken: set[str] = set()
    for left, column in _with_left(after):
        if column.name in here:
            continue
        for beside, gone in _with_left(before):
            if gone.name in there or gone.name in taken:
                continue
            if beside == left and same_type(gone, column):
                taken.add(gone.name)
                yield RenameColumn(after.name, gone.name, column.name)
                break


def _with_left(table: Table) -> Iterator[tuple[str, Column]]:
    left = ""
    for column in table.columns:
        yield left, column
        left = column.name


def respelled(schema: Schema, like: Schema, *, tables: bool, columns: bool) -> Schema:
    """The schema with names spelled as in the other, where they differ only in letter case.

    Args:
        schema: The schema.
        like: The other.
        tables: Whether the engine takes tables' names that differ in case for one.
        columns: The same for columns' names.
    """
    if tables:
        for old, new in _other_case(_names_of(schema.tables), _names_of(like.tables)):
            schema = renamed(schema, RenameTable(old, new))
    for table in schema.tables if columns else ():
        other = like.table(table.name)
        if other is not None:
            for old, new in _other_case(_names_of(table.columns), _names_of(other.columns)):
                schema = renamed(schema, RenameColumn(table.name, old, new))
    return schema


def _names_of(values: Sequence[Table] | Sequence[Column] | Sequence[Object]) -> list[str]:
    return [one.name for one in values]


def _other_case(names: list[str], others: list[str]) -> list[tuple[str, str]]:
    if names == others:
        return []
    both = {*names} & {*others}  # beyond ASCII, letter case counts on SQLite, too
    spelled = {name.casefold(): name for name in others if name not in both}
    pairs = [(name, spelled.get(name.casefold(), name)) for name in names if name not in both]
    return [(old, new) for old, new in pairs if old != new]
