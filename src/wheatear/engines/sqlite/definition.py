"""A CREATE TABLE statement as its clauses, each with its place in the text.

`grammar.py` reads one, `edits.py` changes one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .tokens import fold, tokens_of

ClauseKind = Literal[
    "default",
    "null",
    "not null",
    "primary key",
    "unique",
    "check",
    "foreign key",
    "deferrable",
    "collate",
    "generated",
    "name alone",
]


class UnreadableDefinitionError(ValueError):
    """The statement is not one this parser can place the clauses of."""


@dataclass(frozen=True)
class Reference:
    """What a foreign key points at."""

    table: str
    targets: tuple[str, ...]
    options: str
    """`ON DELETE CASCADE DEFERRABLE …`, as it is spelled."""

    def action(self, event: str) -> str:
        """Return what happens ON DELETE or ON UPDATE."""
        words = self._words()
        for at, word in enumerate(words):
            if word == "ON" and words[at + 1] == event:
                return " ".join(words[at + 2 : at + (4 if words[at + 2] in {"SET", "NO"} else 3)])
        return "NO ACTION"

    @property
    def deferrable(self) -> str:
        """`DEFERRABLE INITIALLY DEFERRED` and the like, or nothing."""
        words = self._words()
        if "DEFERRABLE" not in words:
            return ""
        at = words.index("DEFERRABLE")
        return " ".join(words[at - 1 if words[at - 1 : at] == ["NOT"] else at :])

    def _words(self) -> list[str]:
        return [token.text.upper() for token in tokens_of(self.options)] if self.options else []


@dataclass(frozen=True)
class Clause:
    """One constraint or property of a column or a table, from its CONSTRAINT on to its end."""

    kind: ClauseKind
    start: int
    end: int
    name: str | None = None
    columns: tuple[str, ...] = ()
    """The columns a table's key names; empty for a column's own clause."""
    sql: str = ""
    """A check's or a generated column's expression, a default, a collation."""
    reference: Reference | None = None
    stored: bool = False
    """Whether a generated column is stored in the row."""
    autoincrement: bool = False
    inside: str = ""
    """What stands between the parentheses of a table's key."""
    conflict: str = ""
    """`REPLACE`, `IGNORE` …: what ON CONFLICT says."""


@dataclass(frozen=True)
class ColumnDefinition:
    """A column's name, type and clauses."""

    name: str
    type: str
    start: int
    name_end: int
    type_end: int
    """The end of the type, or of the name where there is none."""
    end: int
    clauses: tuple[Clause, ...] = ()

    def all(self, *kinds: ClauseKind) -> list[Clause]:
        """Return its clauses of these kinds."""
        return [clause for clause in self.clauses if clause.kind in kinds]

    def last(self, kind: ClauseKind) -> Clause | None:
        """Return the clause of this kind that counts: the last, where it stands twice."""
        return next((clause for clause in reversed(self.clauses) if clause.kind == kind), None)


@dataclass(frozen=True)
class Definition:
    """A CREATE TABLE statement and where its parts are."""

    sql: str
    name: str
    name_start: int
    name_end: int
    columns: tuple[ColumnDefinition, ...]
    constraints: tuple[Clause, ...]
    options: frozenset[str]
    """`STRICT`, `WITHOUT ROWID`, in capitals."""
    end: int
    """The place of the parenthesis that closes the columns and constraints."""
    commas: tuple[int, ...] = field(repr=False, default=())
    """The places of the commas between columns and constraints."""

    def column(self, name: str) -> ColumnDefinition | None:
        """Return the column of this name, in any letter case."""
        folded = fold(name)
        return next((column for column in self.columns if fold(column.name) == folded), None)

    def primary_key(self) -> tuple[str, ...]:
        """Return the names of the primary key's columns."""
        for column in self.columns:
            if column.all("primary key"):
                return (column.name,)
        for clause in self.constraints:
            if clause.kind == "primary key":
                return clause.columns
        return ()
