"""Puts changes of one table in the order that needs the fewest copies of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from .changes.column_type import AlterType
from .changes.constraint import AddConstraint, DropConstraint
from .changes.default import DropDefault, SetDefault
from .changes.dropped_column import DropColumn
from .changes.foreign_key import AddForeignKey, DropForeignKey, DropKeysTo
from .changes.index import AddIndex, DropIndex
from .changes.new_column import AddColumn
from .changes.not_null import AddNotNull, DropNotNull
from .changes.redefined import Redefine
from .dropped_table import DropTable
from .renames import RenameColumn, RenameTable
from .tokens import fold, tokens_of

Drawn: TypeAlias = (
    AddColumn
    | DropColumn
    | AddNotNull
    | DropNotNull
    | SetDefault
    | DropDefault
    | AlterType
    | AddConstraint
    | DropConstraint
    | AddForeignKey
    | DropForeignKey
    | DropKeysTo
    | AddIndex
    | DropIndex
    | Redefine
)
"""A change that draws itself on a draft."""
Run: TypeAlias = RenameColumn | RenameTable | DropTable
"""A change that SQLite makes by itself."""


@dataclass
class Segment:
    """Column renames, then what is made together."""

    first: list[tuple[Run, Any]] = field(default_factory=list)
    together: list[tuple[Drawn, Any]] = field(default_factory=list)


def segments(changes: Sequence[tuple[Drawn | Run, Any]]) -> list[Segment]:
    """Group changes, each with its operation.

    A rename of a column costs nothing and goes before the changes it follows where these can be
    said with the new name: so that one copy of the table is enough for all.
    """
    found = [Segment()]
    for change, operation in changes:
        current = found[-1]
        if isinstance(change, RenameColumn):
            if all(_sayable(earlier, change) for earlier, _ in current.together):
                current.together = [
                    (_with_new_name(earlier, change), its) for earlier, its in current.together
                ]
                current.first.append((change, operation))
            else:
                found.append(Segment([(change, operation)]))
        elif isinstance(change, RenameTable | DropTable):
            found.append(Segment([(change, operation)]))
        else:
            if any(_in_the_way(earlier, change) for earlier, _ in current.together):
                found.append(Segment())
            found[-1].together.append((change, operation))
    return found


def _sayable(earlier: Drawn, rename: RenameColumn) -> bool:
    """Whether the change can be said after the rename instead of before it."""
    names = {fold(rename.column), fold(rename.new)}
    if fold(getattr(earlier, "column", "")) == fold(rename.new) != fold(rename.column):
        return False
    if isinstance(earlier, AddColumn | DropColumn):
        own = fold(earlier.column) in names
        return not own and not (isinstance(earlier, AddColumn) and _says(earlier.sql, names))
    if isinstance(earlier, AddConstraint | DropConstraint | AddIndex):
        return not _says(earlier.sql, names)
    if isinstance(earlier, AlterType) and earlier.cast:
        return not _says(earlier.cast, names)
    if isinstance(earlier, AddForeignKey):
        return fold(earlier.target) not in names
    return not isinstance(earlier, DropKeysTo | Redefine)


def _with_new_name(earlier: Drawn, rename: RenameColumn) -> Drawn:
    column = getattr(earlier, "column", None)
    if column is not None and fold(column) == fold(rename.column):
        renamed: Callable[..., Drawn] = replace
        return renamed(earlier, column=rename.new)
    return earlier


def _in_the_way(earlier: Drawn, change: Drawn) -> bool:
    """Whether a change cannot be made together with an earlier one."""
    if isinstance(change, Redefine) or isinstance(earlier, Redefine):
        return True  # what is expected of it is asked of SQLite when it is drawn
    if isinstance(change, AlterType):  # the type between makes other values of the stored ones
        return isinstance(earlier, AlterType | DropColumn) and _same_column(earlier, change)
    if not isinstance(change, DropColumn):
        return isinstance(earlier, DropColumn) and _same_column(earlier, change)
    if isinstance(earlier, DropColumn):
        return earlier.cascade != change.cascade
    if isinstance(earlier, AddColumn | AddConstraint | AddIndex):
        return _says(earlier.sql, {fold(change.column)})
    return isinstance(earlier, AddForeignKey | AlterType) and _same_column(earlier, change)


def _same_column(earlier: Drawn, change: Drawn) -> bool:
    column, other = getattr(earlier, "column", None), getattr(change, "column", None)
    return column is not None and other is not None and fold(column) == fold(other)


def _says(sql: str, names: set[str]) -> bool:
    return any(fold(token.name) in names for token in tokens_of(sql))
