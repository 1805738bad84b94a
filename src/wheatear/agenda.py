"""What a run has planned, and what of it is still to be done by the history as it is now.

The plan is made without a lock. Under the lock the history is looked at again, since others may
have taken the same steps meanwhile, or have died in one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from wheatear import failures, plan
from wheatear.engines.engine import Engine
from wheatear.files import MigrationFile
from wheatear.history import History
from wheatear.plan import Plan, Standing, Step

Standings = tuple[Standing, ...]


class Agenda:
    """A run's.

    Args:
        engine: The database.
        history: Its history.

    Attributes:
        files: The migration files, by name, in their order.
        planned: The plan.
        known_id: The newest record that this run has seen: while it is the newest, the plan holds.
    """

    def __init__(self, engine: Engine, history: History) -> None:
        self._engine = engine
        self._history = history
        self.files: dict[str, MigrationFile] = {}
        self.planned = Plan(())
        self.known_id = 0
        self._done: set[str] = set()
        self._unfinished: dict[str, plan.Entry] = {}
        """By migration, the record of a run that did not end, at the last look under the lock."""
        self._done_by_others: set[Step] | None = None
        """The steps that others had taken at the last look under the lock; None before the first:
        only there is a record that `runs` one of a run that died."""

    def look(self) -> Standings:
        """Read the history, and say by it where each migration stands."""
        entries = self._history.entries()
        self.known_id = entries[-1].id if entries else 0
        return self.standings(entries)

    def standings(self, entries: Sequence[plan.Entry]) -> Standings:
        """Say where each migration stands by these records."""
        return plan.standings(tuple(self.files.values()), entries)

    def done(self, step: Step, record_id: int | None) -> None:
        """This run has taken a step.

        Args:
            step: The step.
            record_id: Its record's id, if it is a new one.
        """
        self._done.add(step.name)
        self.known_id = record_id or self.known_id

    def still_to_do(self, step: Step, *, first: bool) -> Step | None:
        """Decide again, under the lock: the step as it is still to be done, or None.

        Args:
            step: The step.
            first: The first one since the lock was taken: others may have written before that.

        Returns:
            The step; it goes on where another run has died in it.

        Raises:
            HistoryError: Others have left what keeps it from being taken.
        """
        if self._done_by_others is None or (first and not self._is_as_seen()):
            self._look_again()
        if step in (self._done_by_others or ()):
            return None
        stopped = self._unfinished.get(step.name)
        if stopped and not step.abandons and stopped.direction == step.direction:
            return step._replace(resumes=stopped.id)
        return step

    def _is_as_seen(self) -> bool:
        """Whether the history is as at the last look.

        Whoever finishes what another run has left goes on with its record, and adds none.
        """
        if self._engine.undisturbed:
            return True
        return not self._unfinished and self._history.last_id() == self.known_id

    def _look_again(self) -> None:
        now = self.look()
        standing = {one.name: one for one in now}
        self._done_by_others = {
            one for one in self.planned.steps if not plan.still_to_do(one, standing.get(one.name))
        }
        self._unfinished = {one.name: one.interrupted for one in now if one.interrupted}
        self._refuse_unfinished()
        self._refuse_to_dig(now)

    def _left(self) -> list[Step]:
        done = {*self._done, *(one.name for one in self._done_by_others or ())}
        return [one for one in self.planned.steps if one.name not in done]

    def _refuse_unfinished(self) -> None:
        """Nothing is done while another migration is unfinished: it is the next, or we stop."""
        left = self._left()
        for name, stopped in self._unfinished.items():
            step = next((one for one in left if one.name == name), None)
            is_next = step is not None and left[0].name in self._unfinished
            if not is_next or (step and step.direction != stopped.direction and not step.abandons):
                raise failures.unfinished(name, stopped.direction)

    def _refuse_to_dig(self, now: Standings) -> None:
        """A migration is reverted only while nothing was applied on top of it."""
        left = [] if self._unfinished else self._left()
        newest = plan.newest_applied(now)
        if left and left[0].direction == "backward" and newest != left[0].name:
            raise failures.overtaken(left[0].name, newest)
