"""The work sheet on which changes of one table are drawn before anything is touched."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from wheatear.errors import Sense

from .definition import Clause, ColumnDefinition, Definition
from .photograph import ObjectKey, Photograph, rows
from .tokens import fold, plain_type, quote

_FEW = 20
"""So many names are listed where none of them looks like the wrong one."""


class RefusedError(Exception):
    """A change that is not made, and why; the migrator adds the operation and the user's line."""

    sense: Sense | None = None

    def __init__(self, why: str, next_step: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.next_step = next_step


class NamesError(RefusedError):
    """What the change names is not there, or is there already."""

    sense = "names"


class RowsError(RefusedError):
    """Rows do not fit what the change says."""

    sense = "rows"


@dataclass(frozen=True)
class Scan:
    """A condition that no row may meet, and how to call the rows that do."""

    condition: str
    what: str
    next_step: str
    null_in: str | None = None
    """The column of which it asks for NULL, which an index of it answers at once."""


@dataclass(frozen=True)
class NewColumn:
    """A column that ADD COLUMN can add; what it cannot take is edited in afterwards."""

    name: str
    sql: str
    fill: Any = None
    """Called once for each row, if it is given: returns what to bind."""


@dataclass(frozen=True)
class NewIndex:
    """An index to make, and what SQLite is to report of it."""

    name: str
    columns: tuple[str, ...]
    unique: bool
    sql: str


@dataclass
class Draft:
    """What to do to one table, and what SQLite is to report afterwards."""

    db: Any
    before: Photograph
    definition: Definition
    enforced: bool
    """Whether foreign keys are enforced while this runs: in the caller's own transaction."""
    expected: Photograph = field(init=False)
    new_columns: list[NewColumn] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)
    """Columns (folded) that only the rebuilt table has: it makes their values itself."""
    casts: dict[str, str] = field(default_factory=dict)
    """The expression that a rebuild copies instead of the column (folded)."""
    reasons_to_rebuild: list[str] = field(default_factory=list)
    new_defaults: list[str] = field(default_factory=list)
    """Columns whose default changes: only where no stored row relies on it."""
    values_change: bool = False
    """Whether a rebuild stores other values, which the table's CHECKs then have to judge."""
    scans: list[Scan] = field(default_factory=list)
    objects_to_drop: list[ObjectKey] = field(default_factory=list)
    indexes_to_make: list[NewIndex] = field(default_factory=list)
    foreign_keys_to_check: list[str] = field(default_factory=list)
    """Columns whose new foreign key every row has to meet."""
    dropped: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    """The dropped columns that a call names."""
    with_column: Definition | None = None
    """The definition with the dropped column, but without what goes with it."""
    dependents: list[str] = field(default_factory=list)
    """What uses a dropped column, if the call does not say that it goes too."""
    cascade: bool = False
    """Whether views and triggers that a dropped column breaks go with it."""
    keys_to_drop_elsewhere: list[tuple[str, str]] = field(default_factory=list)
    """Tables whose foreign keys to a dropped column go, and that column."""
    renumbered: bool = False
    """Whether rows get other rowids: another column is the rowid, or none is any more."""
    marks: tuple[tuple[Any, ...], ...] | None = None
    """The rows of `sqlite_sequence` that the table has to have, if not those that it has."""
    notes: list[str] = field(default_factory=list)
    """What to say to the user as a warning."""

    def __post_init__(self) -> None:
        self.expected = self.before

    @property
    def table(self) -> str:
        """The table's name as it is stored."""
        return self.before.table

    @property
    def from_table(self) -> str:
        """The table's name as SQL, safe from a temporary table of the same name."""
        return f"main.{quote(self.table)}"

    @property
    def without_rowid(self) -> bool:
        """Whether the table is WITHOUT ROWID."""
        return "WITHOUT ROWID" in self.definition.options

    @property
    def strict(self) -> bool:
        """Whether the table is STRICT."""
        return "STRICT" in self.definition.options

    def stored(self) -> str:
        """Return the definition that SQLite has now."""
        query = "SELECT sql FROM main.sqlite_master WHERE type='table' AND name=?"
        return str(rows(self.db, query, self.table)[0][0])

    def column(self, name: str) -> ColumnDefinition:
        """Return the column of this name.

        Raises:
            RefusedError: There is none.
        """
        column = self.definition.column(name)
        if column is None:
            names = [column.name for column in self.definition.columns]
            raise NamesError(f"table {self.table} has no column {name!r}{near(name, names)}")
        return column

    def is_rowid(self, column: ColumnDefinition) -> bool:
        """Whether the column is the rowid's other name: the only key, of type INTEGER."""
        key = self.definition.primary_key()
        if self.without_rowid or [fold(name) for name in key] != [fold(column.name)]:
            return False
        written = [self.text_of(clause).upper() for clause in column.all("primary key")]
        descends = any(" DESC" in text for text in written)
        return fold(plain_type(column.type)) == "integer" and not descends

    def rowid_column(self) -> str | None:
        """The column that is the rowid's other name, folded."""
        keys = [self.definition.column(name) for name in self.definition.primary_key()]
        return next((fold(key.name) for key in keys if key and self.is_rowid(key)), None)

    def text_of(self, clause: Clause) -> str:
        """Return the clause as it is spelled."""
        return self.definition.sql[clause.start : clause.end]

    def expect_column(self, name: str, **facts: Any) -> None:
        """Expect other facts of one column afterwards."""
        self.expected = self.expected.with_column(name, **facts)

    def drop_object(self, *key: str) -> None:
        """Drop an index, view or trigger: (schema, type, name)."""
        schema, kind, name = key
        self.objects_to_drop.append((schema, kind, name))
        self.expected = self.expected.without_objects((schema, kind, name))
        for facts in list(self.expected.indexes):
            if kind == "index" and facts.name == name:
                self.forget_index(facts)

    def forget_index(self, facts: Any) -> None:
        """Expect the table to be without this index."""
        indexes = self.expected.indexes.copy()
        del indexes[facts]
        self.expected = replace(self.expected, indexes=indexes)

    def note(self, what: str) -> None:
        """Say something to the user."""
        self.notes.append(what)


def near(name: str, names: Iterable[str]) -> str:
    """The end of a sentence: names that look like `name`, or all of them if they are few."""
    names = list(names)
    by_fold = {fold(known): known for known in names}
    close = [by_fold[match] for match in difflib.get_close_matches(fold(name), by_fold, 3)]
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; it has {', '.join(names)}" if 0 < len(names) <= _FEW else ""
