"""Carries operations of one table through: plan, draw, make, each segment in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import peewee

from wheatear.engines.operations import TableOperation

from .changes.foreign_key import DropKeysTo
from .definition import Definition, UnreadableDefinitionError
from .draft import Draft, NamesError, RefusedError, near
from .dropped_table import DropTable
from .grammar import parse
from .make import make
from .photograph import Photograph, photograph, rows
from .renames import RenameTable
from .scope import ForeignKeys, change_scope
from .segments import Segment, segments
from .tokens import fold


@dataclass
class Work:
    """Operations on one table, and which of them an error would be about."""

    db: Any
    table: str
    operations: Sequence[TableOperation]
    current: Sequence[TableOperation] = field(init=False)
    notes: list[tuple[TableOperation, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.current = self.operations


def apply(work: Work) -> None:
    """Make the operations in one transaction.

    Raises:
        RefusedError: One was refused, and the transaction rolled back.
    """
    with change_scope(work.db) as keys:
        changes: list[tuple[Any, TableOperation]] = []
        for operation in work.operations:
            work.current = [operation]
            changes += [(change, operation) for change in operation.plan()]
        work.current = work.operations[:1]  # there may be no such table
        table: str | None = work.table
        for segment in segments(changes):
            table = _apply_segment(work, segment, table or work.table, keys)


def hint(work: Work) -> str | None:
    """What may be in SQLite's way."""
    try:
        query = "SELECT name FROM temp.sqlite_master WHERE type='table' AND lower(name)=lower(?)"
        if rows(work.db, query, work.table):
            return (
                f"drop the temporary table {work.table}: SQLite's own ALTER takes it for this one"
            )
    except peewee.DatabaseError:
        return None
    return None


def _apply_segment(work: Work, segment: Segment, table: str, keys: ForeignKeys) -> str:
    for change, operation in segment.first:
        work.current = [operation]
        if isinstance(change, DropTable):
            work.notes += [(operation, note) for note in change.run(work.db, table, keys)]
            continue
        stored = find_table(work.db, table)
        work.notes += [(operation, note) for note in change.run(work.db, stored)]
        table = change.new if isinstance(change, RenameTable) else table
    if segment.together:
        draft = new_draft(work.db, table, keys)
        for drawn, operation in segment.together:
            work.current = [operation]
            drawn.draw(draft)
            work.notes += [(operation, note) for note in draft.notes]
            draft.notes.clear()
        work.current = list(dict.fromkeys(operation for _, operation in segment.together))
        if not draft.dependents:
            _drop_keys_elsewhere(draft, keys)
        make(draft)
    return table


def _drop_keys_elsewhere(draft: Draft, keys: ForeignKeys) -> None:
    """Other tables' foreign keys to a dropped column, if the call said `cascade`."""
    for table, column in draft.keys_to_drop_elsewhere:
        other = new_draft(draft.db, table, keys)
        DropKeysTo(draft.table, column).draw(other)
        make(other)
        key = ("main", "table", table)
        now = photograph(draft.db, draft.table).others[key]
        draft.expected = replace(draft.expected, others={**draft.expected.others, key: now})


def find_table(db: Any, name: str) -> str:
    """Return the table's name as it is stored.

    Raises:
        RefusedError: There is no such table.
    """
    found = rows(
        db,
        "SELECT name, type FROM main.sqlite_master WHERE type IN ('table', 'view') ORDER BY name",
    )
    for stored, kind in found:
        if fold(stored) == fold(name):
            if kind == "view":
                raise RefusedError(f"{stored} is a view, and views are made anew instead")
            return str(stored)
    tables = [stored for stored, kind in found if kind == "table"]
    raise NamesError(
        f"there is no table {name!r}"
        + near(name, [stored for stored in tables if not stored.startswith("sqlite_")])
    )


def new_draft(db: Any, name: str, keys: ForeignKeys) -> Draft:
    """Photograph a table and read its definition.

    Raises:
        RefusedError: Its definition is not one that can be edited.
    """
    table = find_table(db, name)
    sql = "SELECT rootpage FROM main.sqlite_master WHERE type='table' AND name=?"
    if not rows(db, sql, table)[0][0]:
        raise RefusedError(f"{table} is a virtual table, which SQLite cannot alter")
    before = photograph(db, table)
    return Draft(db, before, _read(before), keys.enforced)


def _read(photo: Photograph) -> Definition:
    try:
        definition = parse(photo.sql)
    except UnreadableDefinitionError as error:
        raise RefusedError(str(error)) from error
    names = [column.name for column in definition.columns]
    if names != [column.name for column in photo.columns]:
        raise RefusedError(f"the definition of {photo.table} was read wrongly: {photo.sql!r}")
    return definition
