"""What a constraint, an index or a type is apart from how it is spelled and called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from wheatear.schema.model import Column, Constraint, Index, Schema, Table

T = TypeVar("T")

# Quoted text of any kind as it is, else a run of white space.
_SPACES = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|\s+""")
_AROUND = re.compile(r"\s*([(),])\s*")
_NEXT = re.compile(r"nextval\('(?P<name>[^']*)'(::regclass)?\)")


def plain(sql: str) -> str:
    """The SQL with one space wherever there is white space outside quotes."""
    return _SPACES.sub(lambda match: match[1] or " ", sql).strip()


def mentions(sql: str, name: str) -> bool:
    """Whether a name stands in SQL as a word of its own."""
    return name in sql and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql) is not None


def sequence_of(default: str | None) -> str | None:
    """The sequence whose next value a default is (PostgreSQL), or None."""
    match = _NEXT.fullmatch(default or "")
    return match["name"] if match else None


def constraint_content(constraint: Constraint, *, names: bool = False) -> tuple[Any, ...]:
    """All of it but the name, unless names count."""
    return (
        constraint.kind,
        constraint.columns,
        plain(constraint.sql or ""),
        constraint.table or "",
        constraint.targets,
        constraint.options,
        (constraint.name or "") if names else "",
    )


def index_content(index: Index, *, names: bool = False) -> tuple[Any, ...]:
    """All of it but the name, unless names count."""
    return (
        tuple(plain(part) for part in index.parts),
        index.unique,
        index.using or "",
        plain(index.where or ""),
        index.extra,
        index.name if names else "",
    )


def type_name(type_: str) -> str:
    """A type without letter case and needless white space."""
    return _AROUND.sub(r"\1", plain(type_)).casefold()


def same_type(one: Column, other: Column) -> bool:
    """Whether two types are the same but for letter case and white space."""
    return type_name(one.type) == type_name(other.type)


def unmatched(
    before: Sequence[T], after: Sequence[T], content: Callable[[T], tuple[Any, ...]]
) -> tuple[list[T], list[T]]:
    """What only one of two lists holds, by content; what stands twice has to stand twice."""
    return _without(before, after, content), _without(after, before, content)


def _without(
    these: Sequence[T], those: Sequence[T], content: Callable[[T], tuple[Any, ...]]
) -> list[T]:
    there = Counter(content(one) for one in those)
    left = []
    for one in these:
        what = content(one)
        if there[what]:
            there[what] -= 1
        else:
            left.append(one)
    return left


def primary_key(table: Table | None) -> tuple[str, ...]:
    """The columns of a table's primary key."""
    if table is None:
        return ()
    return next((one.columns for one in table.constraints if one.kind == "primary key"), ())


def targets_of(constraint: Constraint, schema: Schema) -> tuple[str, ...]:
    """The columns a foreign key points at, said or implied."""
    return constraint.targets or primary_key(schema.table(constraint.table or ""))
