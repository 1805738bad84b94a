"""A list of changes as the Python source of a migration, in the migration guide's own style.

The writer puts the pieces together: operations in a row in one `migrate(…)`, tables in a row in one
`db.create_tables([…])`, a comment above what loses data. What a change is written as, an engine
knows (`Spelling`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from wheatear.schema.changes import AddColumn, AlterColumn, Change
from wheatear.schema.made import made
from wheatear.schema.model import Schema
from wheatear.schema.module import Module
from wheatear.schema.source import Call, Items, Source, laid_out, long_text

Fills = Mapping[tuple[str, str], str]
"""By table and column (their new names), SQL for what rows hold that would have NULL otherwise."""


class Body(NamedTuple):
    """What a function of a migration needs.

    Attributes:
        imports: Lines to import with, beside the guide's own two.
        definitions: Blocks of the module: model and field classes.
        lines: The function's lines without its indentation; one that holds a text of several lines
            is one entry, of which only the beginning is to be indented (see `indented`).
    """

    imports: tuple[str, ...]
    definitions: tuple[str, ...]
    lines: tuple[str, ...]


class Step(NamedTuple):
    """Something that a migration does.

    Attributes:
        source: The call.
        kind: `operation` stands in a `migrate(…)`; `table` is a model class, to be created;
            `statement` stands alone.
        note: A comment above it.
        late: It may wait until the tables that come next are created too.
        whole: What it says all of: the next step that says the same takes its place.
    """

    source: Source
    kind: str = "operation"
    note: str | None = None
    late: bool = False
    whole: str | None = None


class Spelling(Protocol):
    """How an engine writes changes."""

    @property
    def reserved(self) -> Collection[str]:
        """Names that a migration's module has from its first two imports, and Python's own."""

    def steps(self, change: Change, place: Place) -> Sequence[Step]:
        """What makes the change."""


class Place(NamedTuple):
    """Where a change stands.

    Attributes:
        now: The schema just before it.
        after: The schema after all changes.
        module: The migration's module.
        fills: What rows get that have no value.
        coming: The changes that come after it.
    """

    now: Schema
    after: Schema
    module: Module
    fills: Fills
    coming: Sequence[Change] = ()

    @property
    def done(self) -> set[Change]:
        """Changes to come that are made already, with others."""
        return self.module.done


def body(
    changes: Sequence[Change],
    before: Schema,
    after: Schema,
    spelling: Spelling,
    *,
    fills: Fills | None = None,
    known: Sequence[str] = (),
) -> Body:
    """Write changes.

    For the way back: the inverses in the opposite order, with the two schemas exchanged and the
    definitions of the way there as `known`.

    Args:
        changes: The changes, in an order in which they can be made.
        before: The schema before them.
        after: The schema after them.
        spelling: The engine's.
        fills: What rows get where a column is NOT NULL and has no default (see `to_fill`): an SQL
            expression, in which other columns may stand. Where none is given a new column gets the
            empty value of its type.
        known: Definitions that the module has already.
    """
    module = Module(spelling.reserved, known)
    lines = _Lines()
    for number, change in enumerate(changes, 1):
        place = Place(before, after, module, fills or {}, changes[number:])
        for step in spelling.steps(change, place) if change not in module.done else ():
            lines.add(step)
        before = made(before, change)
    return Body(tuple(module.imports), tuple(module.definitions), tuple(lines.finished()))


def to_fill(changes: Iterable[Change]) -> list[AddColumn | AlterColumn]:
    """The changes after which rows would hold NULL in a NOT NULL column: a value is needed."""
    found: list[AddColumn | AlterColumn] = []
    for change in changes:
        if isinstance(change, AddColumn):
            column = change.column
            if not column.null and column.default is None and column.generated is None:
                found.append(change)
        elif isinstance(change, AlterColumn) and change.before.null and not change.after.null:
            found.append(change)
    return found


class _Lines:
    """The lines so far, and what is being gathered for the next statement."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._gathered: list[Step] = []
        self._late: list[Step] = []

    def add(self, step: Step) -> None:
        if self._gathered and self._gathered[0].kind == "table" and step.late:
            self._late.append(step)
            return
        while self._gathered and self._gathered[0].kind != step.kind:
            self._flush()
        if self._gathered and step.whole and self._gathered[-1].whole == step.whole:
            note = self._gathered.pop().note
            step = step._replace(note=note or step.note)
        self._gathered.append(step)
        if step.kind == "statement":
            self._flush()

    def finished(self) -> list[str]:
        while self._gathered:
            self._flush()
        return self._lines

    def _flush(self) -> None:
        steps, self._gathered = self._gathered, []
        if steps and steps[0].kind == "operation":
            self._lines += _migrate(steps)
        elif steps and steps[0].kind == "table":
            models = Items(tuple(step.source for step in steps), "[]")
            self._lines += laid_out(Call("db.create_tables", (models,)), indent=4)
        else:
            for step in steps:
                self._lines += [f"# {step.note}"] if step.note else []
                self._lines += laid_out(step.source, indent=4)
        late, self._late = self._late, []
        for step in late:
            self.add(step)


def _migrate(steps: Sequence[Step]) -> list[str]:
    lines = ["migrate("]
    for step in steps:
        lines += [f"    # {step.note}"] if step.note else []
        lines += [f"    {line}" for line in laid_out(step.source, indent=8, after=",")]
    return [*lines, ")"]


def execute(sql: str, *, note: str | None = None) -> Step:
    """A statement that sends SQL; percent signs are the engine's to double."""
    return Step(Call("db.execute_sql", (long_text(sql),)), "statement", note)


def indented(lines: Iterable[str]) -> list[str]:
    """The lines of a body as they stand in a function."""
    return [f"    {line}" if line else line for line in lines]
