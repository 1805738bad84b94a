"""What a run is asked, what it says while it goes, and how it ended: values alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from wheatear import plan
from wheatear.plan import Plan, Step

if TYPE_CHECKING:
    from wheatear.running import Progress

OnChanged = Literal["refuse", "warn", "accept"]


class Request(NamedTuple):
    """What a run is asked to do.

    Attributes:
        backward: Revert instead of apply.
        to: The migration to go to; None for no such limit.
        steps: At most so many migrations; None for no such limit.
        dry_run: Only plan.
        fake: Record, without running anything.
        on_changed: What an applied file that was changed, or is missing, means.
        strict: Refuse what would only be warned of.
        single_transaction: Apply all of the plan, or none.
        mark: Settle an interrupted migration by the user's word.
        backup: Whether to copy the database first; None leaves it to the configuration.
        yes: Revert by the record what has no file, without being asked.
    """

    backward: bool = False
    to: str | None = None
    steps: int | None = None
    dry_run: bool = False
    fake: bool = False
    on_changed: OnChanged = "refuse"
    strict: bool = False
    single_transaction: bool = False
    mark: Literal["applied", "pending"] | None = None
    backup: bool | None = None
    yes: bool = False


class StepResult(NamedTuple):
    """How one step ended."""

    step: Step
    outcome: plan.Outcome
    seconds: float


class RunResult(NamedTuple):
    """What a run did; a run that failed has this as its error's `result`.

    Attributes:
        planned: What it set out to do.
        done: What it did, in order.
        skipped: What another runner had done when its turn came.
        failed: The step that failed, or None.
        warnings: What a user should know.
        backup: The name of the backup that was made, or None.
        by_record: The migrations that are reverted by what their record says they did.
    """

    planned: tuple[Step, ...] = ()
    done: tuple[StepResult, ...] = ()
    skipped: tuple[Step, ...] = ()
    failed: StepResult | None = None
    warnings: tuple[str, ...] = ()
    backup: str | None = None
    by_record: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The migrations that were applied or reverted."""
        return [one.step.name for one in self.done]


class Planned(NamedTuple):
    """Said before the first step: what is going to be done."""

    plan: Plan


class Started(NamedTuple):
    """Said before a step."""

    step: Step


class Finished(NamedTuple):
    """Said after a step."""

    result: StepResult


class Skipped(NamedTuple):
    """Said where another runner was faster."""

    step: Step


class Note(NamedTuple):
    """Something else to say: a warning, a wait, what an interrupted run leaves."""

    text: str


class Stopped(NamedTuple):
    """Said where Ctrl-C or the like ends a run in the middle; the exception has it as `stopped`.

    Attributes:
        state: What the database is like now.
        next: How to go on.
    """

    state: str
    next: str


class Backfilling(NamedTuple):
    """Said again and again while a backfill runs."""

    progress: Progress


Event = Planned | Started | Finished | Skipped | Stopped | Note | Backfilling
Listener = Callable[[Event], None]
