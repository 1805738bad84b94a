"""Whether a change changed what it names and nothing else: two sights of a table, compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

from wheatear.engines.postgresql.sight import Sight
from wheatear.schema.model import Constraint, Index

_WORDS = re.compile(r'"(?:[^"]|"")*"|\w+')


def mentions(text: str | None, name: str) -> bool:
    """Whether an expression holds the name as a word of its own."""
    if not text:
        return False
    words = (word[1:-1].replace('""', '"') if word[0] == '"' else word for word in _tokens(text))
    return name in words


def _tokens(text: str) -> Iterable[str]:
    return (match[0] for match in _WORDS.finditer(text))


def names_column(thing: Constraint | Index, name: str) -> bool:
    """Whether a constraint or an index is about the column."""
    if isinstance(thing, Constraint):
        return name in thing.columns or mentions(thing.sql, name)
    texts = (*thing.parts, thing.where, thing.extra)
    return any(mentions(text, name) for text in texts)


def with_column(sight: Sight, name: str, **changed: Any) -> Sight:
    """The sight with some facts of one column set: what may differ is made the same."""
    columns = tuple(
        replace(column, **changed) if column.name == name else column
        for column in sight.table.columns
    )
    return replace(sight, table=replace(sight.table, columns=columns))


def without_column(sight: Sight, name: str) -> Sight:
    columns = tuple(column for column in sight.table.columns if column.name != name)
    return replace(sight, table=replace(sight.table, columns=columns))


def keeping(
    sight: Sight,
    constraint: Callable[[Constraint], bool] = lambda _: True,
    index: Callable[[Index], bool] = lambda _: True,
) -> Sight:
    """The sight with only the constraints and indexes that pass."""
    table = replace(
        sight.table,
        constraints=tuple(filter(constraint, sight.table.constraints)),
        indexes=tuple(filter(index, sight.table.indexes)),
    )
    return replace(sight, table=table)


def blurred(sight: Sight, *names: str) -> Sight:
    """The sight with every expression about these columns left out: the engine reprints them."""

    def about(thing: Constraint | Index) -> bool:
        return any(names_column(thing, name) for name in names)

    def about_columns(text: str | None) -> bool:
        return any(mentions(text, name) for name in names)

    table = replace(
        sight.table,
        columns=tuple(
            replace(it, generated="…") if about_columns(it.generated) else it
            for it in sight.table.columns
        ),
        constraints=tuple(
            replace(it, sql=None) if about(it) else it for it in sight.table.constraints
        ),
        indexes=tuple(
            replace(it, parts=("…",) * len(it.parts), where=None, extra="") if about(it) else it
            for it in sight.table.indexes
        ),
        options="" if about_columns(sight.table.options) else sight.table.options,
    )
    triggers = tuple(replace(it, sql="") for it in sight.triggers)
    return replace(sight, table=table, triggers=triggers)


def differences(before: Sight, after: Sight) -> list[str]:
    """What differs, a phrase for each thing."""
    if before == after:
        return []
    old, new = before.table, after.table
    found = [*_things("column", old.columns, new.columns)]
    order = [[column.name for column in table.columns] for table in (old, new)]
    if not found and order[0] != order[1]:
        found.append(f"the columns' order {order[0]} became {order[1]}")
    found += _things("constraint", old.constraints, new.constraints)
    found += _things("index", old.indexes, new.indexes)
    found += _things("trigger", before.triggers, after.triggers)
    found += [
        f"the table's {name} {getattr(old, name)!r} became {getattr(new, name)!r}"
        for name in ("name", "options", "comment")
        if getattr(old, name) != getattr(new, name)
    ]
    return found


def _things(kind: str, before: Iterable[Any], after: Iterable[Any]) -> list[str]:
    old = {it.name: it for it in before}
    new = {it.name: it for it in after}
    found = [f'{kind} "{name}" is gone' for name in old if name not in new]
    found += [f'{kind} "{name}" is new' for name in new if name not in old]
    for name in old.keys() & new.keys():
        found += [
            f'{kind} "{name}": its {fact.name} {getattr(old[name], fact.name)!r} '
            f"became {getattr(new[name], fact.name)!r}"
            for fact in fields(old[name])
            if getattr(old[name], fact.name) != getattr(new[name], fact.name)
        ]
    return found
