"""The part of a schema that changes of some tables could reach."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from wheatear.schema.changes import AddConstraint, AddTable, Change, RenameTable
from wheatear.schema.made import table_of
from wheatear.schema.model import Object, Schema, Table

_SEEN_THROUGH = {"view", "materialized view", "trigger"}
_WORD = re.compile(r"\w+")


def touched(changes: Sequence[Change]) -> set[str]:
    """The tables that changes are about or point at, by their names before and after."""
    found: set[str | None] = set()
    for change in changes:
        found.add(table_of(change))
        if isinstance(change, RenameTable):
            found.add(change.new)
        elif isinstance(change, AddTable):
            found |= {one.table for one in change.table.constraints}
        elif isinstance(change, AddConstraint):
            found.add(change.constraint.table)
    return {name for name in found if name is not None}


def related(schema: Schema, names: Collection[str]) -> Schema:
    """These tables and what hangs on them.

    Args:
        schema: The whole.
        names: The tables; a name that is not there is passed over.

    Returns:
        The tables, those that foreign keys, partitions and inheritance tie to them, and each view
        and trigger that speaks of one of these, with whatever it speaks of. A foreign key that
        leads out of this part is left out. Types and sequences are all there.
    """
    kept = {table.name for table in schema.tables if _is_near(table, names)}
    for table in schema.tables:
        if table.name in names:
            kept |= {one.table for one in table.constraints if one.table}
            kept |= {one.name for one in schema.tables if _is_in(one.name, table.options)}
    things: set[Object] = set()
    while more := {one for one in schema.objects if one not in things and _speaks(one, kept)}:
        things |= more
        kept |= {one.name for one in more}
        words = {word for one in more for word in _words(one.sql)}
        kept |= {name for name in names_of(schema) if _words(name) <= words}
    objects = (one for one in schema.objects if one.kind not in _SEEN_THROUGH or one in things)
    return within(replace(schema, objects=tuple(objects)), kept)


def within(schema: Schema, names: Collection[str]) -> Schema:
    """Of the tables only these, without foreign keys that lead elsewhere; all else as it is.

    Names are the same in any letter case: one table more does no harm.
    """
    kept = {name.casefold() for name in names}
    tables = (_within(table, kept) for table in schema.tables if table.name.casefold() in kept)
    return replace(schema, tables=tuple(tables))


def names_of(schema: Schema) -> list[str]:
    """The names of its tables and of all else in it."""
    return [one.name for one in schema.tables] + [one.name for one in schema.objects]


def _is_near(table: Table, names: Collection[str]) -> bool:
    if table.name in names or any(one.table in names for one in table.constraints):
        return True
    return any(_is_in(name, table.options) for name in names)


def _is_in(name: str, options: str) -> bool:
    """Whether a table's options (its parents, what it is a partition of) name another."""
    return bool(options) and _words(name) <= _words(options)


def _speaks(thing: Object, kept: Collection[str]) -> bool:
    if thing.kind not in _SEEN_THROUGH:
        return False
    words = _words(thing.sql)
    return thing.name in kept or thing.table in kept or any(_words(name) <= words for name in kept)


def _words(sql: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(sql)}


def _within(table: Table, kept: Collection[str]) -> Table:
    constraints = (one for one in table.constraints if (one.table or table.name).casefold() in kept)
    return replace(table, constraints=tuple(constraints))
