"""Constraints of a table, added and dropped by their name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wheatear.engines.sqlite import edits
from wheatear.engines.sqlite.definition import (
    Clause,
    ColumnDefinition,
    Definition,
    UnreadableDefinitionError,
)
from wheatear.engines.sqlite.draft import Draft, NamesError, RefusedError, Scan, near
from wheatear.engines.sqlite.grammar import parse
from wheatear.engines.sqlite.photograph import IndexFacts
from wheatear.engines.sqlite.tokens import fold, mentions, quote, tokens_of

from .foreign_key import expect_foreign_key, forget_foreign_key


@dataclass(frozen=True)
class AddConstraint:
    """The table has one more constraint, written as SQL."""

    name: str | None
    sql: str

    def draw(self, draft: Draft) -> None:
        """CHECK and FOREIGN KEY are written where all rows meet them; UNIQUE needs its index."""
        name = fold(self.name or "")
        if name and any(name == fold(clause.name or "") for clause, _ in clauses_of(draft)):
            raise NamesError(f"table {draft.table} has a constraint {self.name!r} already")
        definition, clause = self._read(draft)
        if clause.kind == "check":
            self._scan(draft, clause)
        elif clause.kind == "unique":
            expect_unique(draft, clause.columns)
            draft.reasons_to_rebuild.append(f"UNIQUE ({', '.join(clause.columns)})")
        elif clause.kind == "foreign key":
            expect_foreign_key(draft, clause)
        else:
            raise RefusedError(
                f"a {clause.kind.upper()} cannot be added to a table; "
                "CHECK, UNIQUE and FOREIGN KEY can"
            )
        draft.definition = definition

    def _read(self, draft: Draft) -> tuple[Definition, Clause]:
        tokens = tokens_of(self.sql)
        named = len(tokens) > 1 and tokens[0].is_word("CONSTRAINT")
        sql = self.sql[tokens[1].end :].strip() if named else self.sql
        try:
            called = f"CONSTRAINT {quote(self.name)} " if self.name else ""
            definition = edits.add_constraint(draft.definition, called + sql)
        except UnreadableDefinitionError as error:
            raise RefusedError(f"{sql!r} is not a table constraint") from error
        if len(definition.constraints) != len(draft.definition.constraints) + 1:
            raise RefusedError(f"{sql!r} is not one table constraint")
        return definition, definition.constraints[-1]

    def _scan(self, draft: Draft, clause: Clause) -> None:
        unknown = {*draft.fresh, *draft.casts}
        if any(mentions(clause.sql, column) for column in unknown):
            draft.values_change = True  # only the copy can tell
            return
        draft.scans.append(
            Scan(
                f"NOT ({clause.sql})",
                f"rows do not meet CHECK ({clause.sql})",
                "correct these rows first",
            )
        )


@dataclass(frozen=True)
class DropConstraint:
    """The constraint of this name, or that says this, goes, wherever it is written."""

    name: str | None
    sql: str = ""

    def draw(self, draft: Draft) -> None:
        """All but UNIQUE and PRIMARY KEY are words alone."""
        clause, column = self._find(draft)
        if clause.kind == "primary key":
            raise RefusedError(
                f"constraint {self.name or self.sql!r} is the primary key of table {draft.table}, "
                "which orders its rows"
            )
        clauses = [clause]
        if clause.kind == "unique":
            forget_unique(draft, clause, column)
            draft.reasons_to_rebuild.append(f"without {self.name or self.sql}")
        elif clause.kind == "foreign key":
            forget_foreign_key(draft, clause, column)
            clauses += column.all("deferrable") if column else []
        elif clause.kind == "not null" and column:
            clauses = column.all("not null")
            draft.expect_column(column.name, not_null=False)
        if column:
            draft.definition = edits.drop_clauses(draft.definition, *clauses)
        else:
            draft.definition = edits.drop_constraint(draft.definition, clause)

    def _find(self, draft: Draft) -> tuple[Clause, ColumnDefinition | None]:
        if self.name is None:
            return self._find_by_content(draft)
        known: dict[str, str] = {}
        for clause, column in clauses_of(draft):
            if clause.name is None or clause.kind in {"name alone", "default", "collate", "null"}:
                continue
            if fold(clause.name) == fold(self.name):
                return clause, column
            known[clause.name] = clause.kind
        raise NamesError(
            f"table {draft.table} has no constraint {self.name!r}{near(self.name, known)}"
        )

    def _find_by_content(self, draft: Draft) -> tuple[Clause, ColumnDefinition | None]:
        try:
            (wanted,) = parse(f"CREATE TABLE t (c, {self.sql})").constraints
        except (UnreadableDefinitionError, ValueError) as error:
            raise RefusedError(f"{self.sql!r} is not one table constraint") from error
        for clause, column in clauses_of(draft):
            if _content(clause, column) == _content(wanted, None):
                return clause, column
        known = [
            draft.text_of(clause)
            for clause, _ in clauses_of(draft)
            if clause.kind in {"check", "unique", "foreign key", "primary key"}
        ]
        raise NamesError(f"table {draft.table} has no {self.sql}{near(self.sql, known)}")


def _content(clause: Clause, column: ColumnDefinition | None) -> tuple[object, ...]:
    """What a clause says, without its name."""
    columns = clause.columns or ((column.name,) if column and clause.kind != "check" else ())
    reference = clause.reference
    points = reference and (
        fold(reference.table),
        tuple(map(fold, reference.targets)),
        reference.action("DELETE"),
        reference.action("UPDATE"),
    )
    words = [token.text for token in tokens_of(clause.sql)]
    return (clause.kind, tuple(map(fold, columns)), words, points, clause.conflict)


def clauses_of(draft: Draft) -> list[tuple[Clause, ColumnDefinition | None]]:
    """Return all clauses of the table, each with the column it is written at."""
    found: list[tuple[Clause, ColumnDefinition | None]] = [
        (clause, column) for column in draft.definition.columns for clause in column.clauses
    ]
    return found + [(clause, None) for clause in draft.definition.constraints]


def expect_unique(draft: Draft, columns: tuple[str, ...]) -> None:
    """Expect the index that SQLite makes for a UNIQUE."""
    parts = []
    for name in columns:
        column = draft.column(name)
        collation = column.last("collate")
        parts.append((column.name, False, fold(collation.sql) if collation else "binary"))
    facts = IndexFacts(None, unique=True, origin="u", partial=False, parts=tuple(parts))
    same = [known for known in draft.expected.indexes if known.parts == facts.parts]
    if any(known.unique and not known.partial and known.origin != "c" for known in same):
        raise NamesError(f"({', '.join(columns)}) is UNIQUE already in table {draft.table}")
    indexes = draft.expected.indexes.copy()
    indexes[facts] += 1
    draft.expected = replace(draft.expected, indexes=indexes)


def forget_unique(draft: Draft, clause: Clause, column: ColumnDefinition | None) -> None:
    """Expect the index of a UNIQUE to go, unless another constraint says the same."""
    names = unique_columns(clause, column)
    same = [
        other
        for other, at in clauses_of(draft)
        if other.kind in {"unique", "primary key"} and unique_columns(other, at) == names
    ]
    for facts in list(draft.expected.indexes):
        if facts.origin == "u" and facts.columns == names and len(same) == 1:
            draft.forget_index(facts)


def unique_columns(clause: Clause, column: ColumnDefinition | None) -> tuple[str, ...]:
    """Return the folded names of a key's columns."""
    return tuple(fold(name) for name in clause.columns or ([column.name] if column else []))
