"""Operations that share a statement."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from wheatear.engines.operations import TableOperation

from .change import Change, Restated, Step, TableState
from .definition import SOME_DEFAULT, SOME_TYPE
from .tokens import quoted


@dataclass
class Batch:
    """Changes that go into one statement: for the table as it was, and as it will be (`state`)."""

    before: TableState
    state: TableState
    operations: list[TableOperation] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    touched: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()

    def takes(self, names: frozenset[str], change: Change | None = None) -> bool:
        """Whether a further change may share the statement.

        The server takes every clause against the table as it was before: what an earlier clause
        adds, removes or renames cannot be mentioned in a later one.
        """
        if not self.changes or change is None:
            return not names & self.mentioned
        return (
            not (change.words | names) & self.touched
            and not names & self.mentioned
            and change.unchecked == self.changes[-1].unchecked
            and not change.first
        )

    def add(self, operation: TableOperation, names: frozenset[str], change: Change) -> None:
        """Take a change in; the next one is planned for the table as it will be."""
        self.operations.append(operation)
        self.changes.append(change)
        self.touched |= names
        self.mentioned |= names | change.words
        self.state = replace(self.state, definition=change.expected)


def new_batch(state: TableState) -> Batch:
    """An empty one."""
    return Batch(state, state)


def merge(batch: Batch, operation: TableOperation, step: Step) -> bool:
    """Take in one more change of a column that the batch restates already, as one clause.

    A type and NOT NULL are one MODIFY, and one copy of the table, where they stand in a row.
    """
    found = [
        (at, change.restated)
        for at, change in enumerate(batch.changes)
        if change.restated and step.names == {change.restated.name.lower()}
    ]
    if not found or step.alone:
        return False
    at, earlier = found[-1]
    expected = batch.state.definition
    said = expected.with_column(earlier.name, str(earlier.clauses))
    change = step.plan(replace(batch.state, definition=said))
    others = batch.touched - step.names
    if change.words & others or change.after or (change.clauses and change.restated is None):
        return False
    if change.unchecked is not batch.changes[-1].unchecked:
        return False
    if change.restated is None:
        batch.add(operation, step.names, Change((), expected))
        return True
    name, clauses = change.restated.name, change.restated.clauses
    told = (expected.column(name), change.expected.column(name))
    shown = clauses
    if any(one.get("type") == SOME_TYPE for one in told):
        shown = shown.having("type", SOME_TYPE)
    if clauses.default:
        shown = shown.having("default", SOME_DEFAULT)
    batch.changes[at] = replace(batch.changes[at], clauses=(), restated=None)
    merged = Change(
        (f"MODIFY COLUMN {quoted(name)} {batch.state.restated(clauses)}",),
        expected.with_column(name, str(shown)),
        restated=Restated(name, clauses),
        explain=change.explain,
        rebuilds=True,
        unchecked=change.unchecked,
    )
    batch.add(operation, step.names, merged)
    return True
