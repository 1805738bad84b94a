"""What two versions of a table differ in, as far as its columns go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from wheatear.schema.changes import AddColumn, AlterColumn, Change, DropColumn
from wheatear.schema.content import plain, primary_key, same_type, sequence_of, type_name
from wheatear.schema.model import Column, Schema, Table
from wheatear.schema.policy import Policy


class Found(NamedTuple):
    """A difference, and whether it is set apart: only the database has it, no model says it."""

    change: Change
    apart: bool = False


def columns(was: Table, is_: Table, before: Schema, policy: Policy) -> Iterator[Found]:
    """Each column that only one of them has, or that differs."""
    here = {column.name: column for column in was.columns}
    there = {column.name for column in is_.columns}
    for column in was.columns:
        if column.name not in there:
            yield Found(DropColumn(is_.name, column))
    for column in is_.columns:
        old = here.get(column.name)
        if old is None:
            yield Found(AddColumn(is_.name, column))
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
) -> Iterator[Found]:
    new = _as_spelled(old, new, before)
    stated = _stated(old, new) if policy.stated else new
    if stated != old:
        yield Found(AlterColumn(table, old, stated))
    if stated != new and not _is_repeated(table, old, new, stated, policy):
        yield Found(AlterColumn(table, replace(stated, name=old.name), new), apart=True)


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
