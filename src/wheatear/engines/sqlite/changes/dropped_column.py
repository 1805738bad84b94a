"""A column, dropped, with what is its own; what else depends on it is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from wheatear.engines.sqlite import edits
from wheatear.engines.sqlite.definition import Clause, ColumnDefinition
from wheatear.engines.sqlite.draft import Draft, RefusedError
from wheatear.engines.sqlite.photograph import rows
from wheatear.engines.sqlite.tokens import fold, mentions, quote

from .constraint import clauses_of, forget_unique
from .foreign_key import drop_own_keys, forget_foreign_key

Dependent = tuple[str, Callable[[Draft], None]]
"""What depends on the column, and how it goes with it."""


@dataclass(frozen=True)
class DropColumn:
    """The column goes, and its data."""

    column: str
    cascade: bool = False
    asked: bool = True
    """Whether the call names it; a generated column may go with another one."""

    def draw(self, draft: Draft) -> None:
        """Its own index, UNIQUE and foreign key go; other dependents only if the call says so."""
        column = draft.column(self.column)
        self._check(draft, column)
        dependents = [*_dependents(draft, column)]
        if not self.cascade:
            draft.dependents += [what for what, _ in dependents]
        for _, drop in dependents:
            drop(draft)
        self._drop_own(draft, column.name)
        draft.cascade = self.cascade
        draft.dropped.append(column.name)
        draft.named += [column.name] if self.asked else []
        draft.reasons_to_rebuild.append(f"without column {column.name}")

    def _check(self, draft: Draft, column: ColumnDefinition) -> None:
        if fold(column.name) in [fold(name) for name in draft.definition.primary_key()]:
            raise RefusedError(
                f"column {column.name} belongs to the primary key of table {draft.table}, "
                "and SQLite's rows are found by it"
            )
        others = [
            other
            for other in draft.definition.columns
            if other.name != column.name and not other.last("generated")
        ]
        if not others:
            raise RefusedError(
                f"column {column.name} is the last one of table {draft.table}",
                f"drop_table({draft.table!r}) drops the table",
            )

    def _drop_own(self, draft: Draft, name: str) -> None:
        for facts in list(draft.expected.indexes):
            if facts.name and facts.columns == (fold(name),) and not facts.partial:
                draft.drop_object("main", "index", facts.name)
        for clause, at in clauses_of(draft):
            own = at is not None and fold(at.name) == fold(name)
            if clause.kind == "foreign key" and (own or _is_alone(clause, name)):
                forget_foreign_key(draft, clause, at)
            elif clause.kind == "unique" and (own or _is_alone(clause, name)):
                _forget_all_unique(draft, name)
        drop_own_keys(draft, name)
        while unique := [
            clause
            for clause in draft.definition.constraints
            if clause.kind == "unique" and _is_alone(clause, name)
        ]:
            draft.definition = edits.drop_constraint(draft.definition, unique[0])
        draft.with_column = draft.definition
        draft.definition = edits.drop_column(draft.definition, draft.column(name))
        columns = tuple(known for known in draft.expected.columns if fold(known.name) != fold(name))
        draft.expected = replace(draft.expected, columns=columns)


def _forget_all_unique(draft: Draft, name: str) -> None:
    for facts in list(draft.expected.indexes):
        if facts.origin == "u" and facts.columns == (fold(name),):
            draft.forget_index(facts)


def _is_alone(clause: Clause, name: str) -> bool:
    return [fold(column) for column in clause.columns] == [fold(name)]


def _dependents(draft: Draft, column: ColumnDefinition) -> Iterator[Dependent]:
    yield from _indexes(draft, column.name)
    yield from _constraints(draft, column.name)
    for other in draft.definition.columns:
        generated = other.last("generated")
        if other.name != column.name and generated and mentions(generated.sql, column.name):
            yield (
                f"generated column {other.name}",
                DropColumn(other.name, cascade=True, asked=False).draw,
            )
    yield from _keys_elsewhere(draft, column.name)


def _indexes(draft: Draft, name: str) -> Iterator[Dependent]:
    for facts in draft.expected.indexes:
        if facts.name is None or (facts.columns == (fold(name),) and not facts.partial):
            continue
        _, sql = draft.expected.others["main", "index", facts.name]
        expression = (sql or "")[(sql or "").find("(") :]
        expressive = facts.partial or "" in facts.columns
        if fold(name) in facts.columns or (expressive and mentions(expression, name)):
            yield f"index {facts.name}", _drop_index(facts.name)


def _drop_index(name: str) -> Callable[[Draft], None]:
    def drop(draft: Draft) -> None:
        if ("main", "index", name) in draft.expected.others:
            draft.drop_object("main", "index", name)

    return drop


def _constraints(draft: Draft, name: str) -> Iterator[Dependent]:
    for clause, at in clauses_of(draft):
        own = at is not None and fold(at.name) == fold(name)
        if own or _is_alone(clause, name):
            continue
        named = fold(name) in [fold(column) for column in clause.columns]
        targets = clause.reference.targets if clause.reference else ()
        pointed_at = (
            clause.reference is not None
            and fold(clause.reference.table) == fold(draft.table)
            and fold(name) in [fold(target) for target in targets]
        )
        checked = clause.kind == "check" and mentions(clause.sql, name)
        if named or pointed_at or checked:
            yield draft.text_of(clause), _drop_clause(draft.text_of(clause))


def _drop_clause(text: str) -> Callable[[Draft], None]:
    def drop(draft: Draft) -> None:
        for clause, column in clauses_of(draft):
            if draft.text_of(clause) != text:
                continue
            if clause.kind == "unique":
                forget_unique(draft, clause, column)
            if clause.kind == "foreign key":
                forget_foreign_key(draft, clause, column)
            if column:
                draft.definition = edits.drop_clauses(draft.definition, clause)
            else:
                draft.definition = edits.drop_constraint(draft.definition, clause)
            return

    return drop


def _keys_elsewhere(draft: Draft, name: str) -> Iterator[Dependent]:
    query = (
        "SELECT DISTINCT m.name FROM main.sqlite_master m, "
        "pragma_foreign_key_list(m.name, 'main') f WHERE m.type='table' AND m.rootpage > 0 "
        'AND lower(f."table") = lower(?) AND lower(f."to") = lower(?) AND m.name <> ?'
    )
    for (table,) in rows(draft.db, query, draft.table, name, draft.table):
        yield f"the foreign key of table {quote(table)}", _drop_key_of(table, name)


def _drop_key_of(table: str, name: str) -> Callable[[Draft], None]:
    return lambda draft: draft.keys_to_drop_elsewhere.append((table, name))
