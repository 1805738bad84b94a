"""A constraint in two transactions: added NOT VALID in an instant, validated under a weak lock.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES: the rows are read
while others go on writing. What was begun carries a comment until it is done, so that a run that
died in between is recognised and finished by the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from wheatear.engines.postgresql.change import Change, Planned
from wheatear.engines.postgresql.faithful import keeping, with_column
from wheatear.engines.postgresql.send import ask, send
from wheatear.engines.postgresql.sight import Sight, look_again
from wheatear.engines.postgresql.spelling import clipped, quoted, string
from wheatear.engines.refused import NamesError
from wheatear.errors import OperationError

if TYPE_CHECKING:
    from wheatear.engines.postgresql.work import Work


@dataclass(frozen=True)
class TwoSteps:
    """A constraint that is being added to the table `work` is about."""

    work: Work
    item: Planned
    name: str
    definition: str
    """What follows the name, as a statement says it."""

    @property
    def mark(self) -> str:
        digest = hashlib.sha256(self.definition.encode()).hexdigest()[:12]
        return f"wheatear: added but not yet done ({digest}); run the migration again"

    def begin(self) -> None:
        """Add it NOT VALID, unless an earlier run did."""
        self.work.step([self.item], self._begin)

    def _begin(self) -> None:
        before = self.work.look()
        found = ask(
            self.work.db,
            "SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint "
            "WHERE conrelid = %s AND conname = %s",
            before.oid,
            self.name,
        )
        if found == [(self.mark,)]:
            return
        if found:
            raise NamesError(f'Table "{before.table.name}" has a constraint "{self.name}" already.')
        send(
            self.work.db,
            f"ALTER TABLE {before.qualified} ADD CONSTRAINT {quoted(self.name)} "
            f"{self.definition} NOT VALID",
        )
        send(self.work.db, self._comment(before, string(self.mark)))
        self.work.check([self._ours()], before, look_again(self.work.db, before))

    def validate(self, *, done: bool) -> None:
        """Read the rows under a weak lock; if one breaks it, take it away again.

        Raises:
            OperationError: A row breaks it.
        """
        try:
            self.work.step([self.item], lambda: self._validate(done=done))
        except OperationError as error:
            self.work.step([self.item], self.drop)
            error.state = "the constraint was taken away again; all is as before this operation"
            raise

    def _validate(self, *, done: bool) -> None:
        sight = self.work.look()
        send(
            self.work.db,
            f"ALTER TABLE {sight.qualified} VALIDATE CONSTRAINT {quoted(self.name)}",
        )
        if done:
            send(self.work.db, self._comment(sight, "NULL"))

    def drop(self) -> None:
        """Take it away, inside a step."""
        sight = self.work.look()
        send(
            self.work.db,
            f"ALTER TABLE {sight.qualified} DROP CONSTRAINT IF EXISTS {quoted(self.name)}",
        )

    def _comment(self, sight: Sight, text: str) -> str:
        return f"COMMENT ON CONSTRAINT {quoted(self.name)} ON {sight.qualified} IS {text}"

    def _ours(self) -> Planned:
        return replace(self.item, change=NewConstraint(self.name))


@dataclass(frozen=True)
class NewConstraint(Change):
    """What a constraint that was not there changes: itself."""

    constraint: str
    names: ClassVar[tuple[str, ...]] = ("constraint",)

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        return before, keeping(after, lambda it: it.name != self.constraint)


def add(work: Work, item: Planned, name: str, definition: str) -> None:
    """Add a CHECK or FOREIGN KEY over two transactions."""
    steps = TwoSteps(work, item, name, definition)
    steps.begin()
    steps.validate(done=True)


def set_not_null(
    work: Work,
    item: Planned,
    column: str,
    *,
    fill: Callable[[], object] = lambda: None,
) -> None:
    """SET NOT NULL that needs no scan, because a valid check says the same for as long.

    `fill` gives rows a value once no new row can come without one.
    """
    sight = work.look()
    sight.column(column)
    name = clipped(f"wheatear_{column}_not_null")
    steps = TwoSteps(work, item, name, f"CHECK ({quoted(column)} IS NOT NULL)")
    if sight.column(column).null or sight.find_constraint(name):
        steps.begin()
        fill()
        try:
            steps.validate(done=False)
        except OperationError as error:
            error.what = f'{item.operation}: column "{column}" is NULL in some rows.'
            error.next = f"UPDATE {work.table} SET {column} = … WHERE {column} IS NULL, then again"
            raise

    def end() -> None:
        before = work.look()
        send(work.db, f"ALTER TABLE {before.qualified} ALTER COLUMN {quoted(column)} SET NOT NULL")
        steps.drop()
        expected = keeping(
            with_column(before, column, null=False), lambda constraint: constraint.name != name
        )
        work.check([replace(item, change=Change())], expected, look_again(work.db, expected))

    work.step([item], end)
