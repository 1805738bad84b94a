"""Runs a plan: looks, decides, and takes the steps one by one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from wheatear import failures, plan
from wheatear.agenda import Agenda, Standings
from wheatear.engines.waiting import Waiting, jittered
from wheatear.errors import WheatearError
from wheatear.events import (
    Backfilling,
    Finished,
    Listener,
    Note,
    Planned,
    Request,
    RunResult,
    Skipped,
    Started,
    StepResult,
)
from wheatear.files import Listing, LoadedMigration, list_files, load
from wheatear.history import History
from wheatear.plan import Standing, Step
from wheatear.project import Project
from wheatear.reverting.which_way import Confirm, Reverting

if TYPE_CHECKING:
    from wheatear.attempt import Attempt, Run
    from wheatear.backups.of_run import RunBackup
    from wheatear.capture import Statement
    from wheatear.running import Progress
    from wheatear.turn import Turn

# How long a migration that gives way to other connections' locks goes on trying.
PATIENCE = 60.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
# From so many migrations on, they may share transactions: with fewer there is nothing to gain.
_MANY = 10


class Runner:
    """One run on one project.

    Args:
        project: Files, configuration and database.
        request: What to do.
        listener: Told of each event as it happens.
        waiting: How long to wait for other runners.
        echo: Called with each statement after it has ended, or None.
        ask: Asks somebody before a migration without a file is reverted; None: nobody is there.
    """

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        project: Project,
        request: Request,
        listener: Listener,
        waiting: Waiting,
        echo: Callable[[Statement], None] | None = None,
        ask: Confirm | None = None,
    ) -> None:
        self._project = project
        self._request = request
        self._tell = listener
        self._engine = project.engine
        self._waiting = waiting
        self._echo = echo
        self._ask = ask
        self._history = History(project.engine, waiting)
        self._agenda = Agenda(project.engine, self._history)
        self._done: list[StepResult] = []
        self._skipped: list[Step] = []
        self._failed: StepResult | None = None
        self._failed_attempt: Attempt | None = None
        self._backup: RunBackup | None = None
        self._warnings: list[str] = []

    def run(self) -> RunResult:
        """Do it.

        Returns:
            What was done.

        Raises:
            WheatearError: Something kept it from being done; what was done before is in its
                `result`.
        """
        try:
            self._run_all(self._listing())
        except BaseException as error:
            if not hasattr(error, "stopped"):  # what is stopped may raise any error
                error.stopped = failures.stopped_between(self._names_done())  # type: ignore[attr-defined]
            if isinstance(error, Exception):
                error.result = self._result()  # type: ignore[attr-defined]
            raise
        return self._result()

    def _listing(self) -> Listing:
        if not os.path.isdir(self._project.folder):
            raise failures.no_folder(self._project.folder)
        return list_files(self._project.folder)

    def _run_all(self, listing: Listing) -> None:
        if self._request.backup:
            from wheatear.backups.settings import made_of  # noqa: PLC0415 - only where it is asked for

            made_of(self._engine)
        self._warn(listing.warnings)
        self._agenda.files = {file.name: file for file in listing.files}
        with ExitStack() as stack:
            there = self._engine.exists()
            if there:
                stack.enter_context(self._engine.opened(self._waiting))
            found = self._agenda.look() if there else self._agenda.standings([])
            if self._request.mark:
                if not there:
                    raise failures.nothing_to_mark()
                self._mark()
                return
            self._plan(found)
            self._refuse_renamed(found, listing)
            accepted = self._changed_to_accept(found)
            if self._request.dry_run:
                self._look_ahead()
                return
            if not (self._agenda.planned.steps or accepted):
                return
            loaded = stack.enter_context(self._loaded())
            self._tell_by_record()
            self._reverting.confirm(yes=self._request.yes, ask=self._ask)
            if self._request.single_transaction and self._agenda.planned.steps:
                self._check_single_transaction(loaded)
            if not there:  # created only now that every file has been found sound
                stack.enter_context(self._engine.opened(self._waiting))
            self._accept(accepted)
            self._tell(Planned(self._agenda.planned))
            try:
                with self._backed_up(needed=there), self._history.postponing():
                    left = self._agenda.planned.steps
                    while left:
                        left = left[self._take(left, loaded) :]
            finally:
                self._leave_behind()

    @contextmanager
    def _backed_up(self, *, needed: bool) -> Iterator[None]:
        """A backup is made before the first change in the block, and put back if it fails.

        Args:
            needed: There is a database yet.
        """
        if not (self._wants_backup and self._agenda.planned.steps and needed):
            yield
            return
        from wheatear.backups.of_run import backup_of_run  # noqa: PLC0415 - where steps are taken

        self._backup = backup_of_run(
            self._project, self._request.backup, self._run.id, self._waiting, self._say
        )
        if self._backup is None:
            yield
            return
        try:
            yield
        except WheatearError as error:
            if self._engine.stopping:
                self._backup.after_stop(changed=self._changed or self._may_be_committed)
                raise
            undone = self._names_done()
            if self._backup.after_failure(error, undone, changed=self._changed):
                self._note_what_was_undone(error)
            raise
        except BaseException:
            self._backup.after_stop(changed=self._changed or self._may_be_committed)
            raise
        self._backup.after_success()

    @property
    def _wants_backup(self) -> bool:
        """Looked at without importing anything: most projects do not."""
        asked = self._request.backup
        return bool(getattr(self._project.config, "backup", False)) if asked is None else asked

    @property
    def _changed(self) -> bool:
        """Whether anything that this run did was committed."""
        attempt = self._failed_attempt
        return bool(self._done) or (
            attempt is not None and not attempt.transactional and attempt.record is not None
        )

    @property
    def _may_be_committed(self) -> bool:
        """Whether the run was stopped when nothing but the commit was left of a step."""
        attempt = self._failed_attempt
        return attempt is not None and attempt.record_id is not None

    def _back_up(self) -> None:
        """Under the lock, and before the first change, if a backup is wanted."""
        if self._backup is not None:
            self._backup.make()

    def _note_what_was_undone(self, error: BaseException) -> None:
        """The history is that of the backup now: note in it at least how this run has ended."""
        self._done.clear()
        self._history.forget()
        if self._failed_attempt is not None:
            self._failed_attempt.note_failure(error.__cause__ or error, restored=True)

    def _leave_behind(self) -> None:
        """Record once what the schema is now, for `status` to see who else changes it."""
        if self._done and self._done[-1].outcome != "marked":
            from wheatear.drift import remember  # noqa: PLC0415 - only where something was done

            remember(self._engine, self._history, self._run.recording, self._agenda.known_id)

    def _result(self) -> RunResult:
        return RunResult(
            self._agenda.planned.steps,
            tuple(self._done),
            tuple(self._skipped),
            self._failed,
            tuple(self._warnings),
            self._backup.name if self._backup else None,
            tuple(one.name for one in self._reverting.told),
        )

    def _warn(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
            self._warnings.append(warning)
            self._tell(Note(f"warning: {warning}"))

    def _say(self, text: str) -> None:
        if text.startswith("warning: "):
            self._warn([text.removeprefix("warning: ")])
        else:
            self._tell(Note(text))

    # Deciding, without a lock

    def _plan(self, found: Standings) -> None:
        stopped = next((one for one in found if one.interrupted), None)
        if stopped is not None and stopped.interrupted and self._request.fake:
            raise failures.unfinished(stopped.name, stopped.interrupted.direction)
        decide = plan.backward if self._request.backward else plan.forward
        self._agenda.planned = decide(found, to=self._request.to, steps=self._request.steps)
        if self._agenda.planned.warnings and self._request.strict:
            raise failures.out_of_order(self._agenda.planned.warnings)
        self._warn(f"{text}; it is applied all the same" for text in self._agenda.planned.warnings)

    def _refuse_renamed(self, found: Standings, listing: Listing) -> None:
        """A file that has another name now is no new migration."""
        goes_on = not (self._request.backward or self._request.fake)
        renamed = plan.renamed(found, listing.files) if goes_on else []
        if renamed:
            raise failures.renamed(renamed)

    def _changed_to_accept(self, found: Standings) -> list[Standing]:
        """The applied files that are not what was applied, if they are to be accepted."""
        changed = [
            one
            for one in found
            if one.state == "changed" or (one.state == "missing" and not one.accepted)
        ]
        if self._request.backward:  # only what would be reverted by another text matters
            steps = {step.name: step for step in self._agenda.planned.steps}
            # What has no file goes by its record, and is asked about; without one it is refused.
            changed = [one for one in changed if one.name in steps and one.state == "changed"]
        if not changed or self._request.on_changed == "accept":
            return changed
        if self._request.on_changed == "warn":
            self._warn(f"{one.name} is applied, but its file is {one.state}" for one in changed)
            return []
        raise failures.changed_files(changed, backward=self._request.backward)

    @contextmanager
    def _loaded(self) -> Iterator[dict[str, LoadedMigration]]:
        """Load and check every file of the plan; they see the project until the run ends."""
        with self._project.visible():
            steps = () if self._request.fake else self._agenda.planned.steps
            yield {step.name: self._load(step) for step in steps}

    def _load(self, step: Step) -> LoadedMigration:
        if step.direction == "backward":
            return self._reverting.load(step)
        file = self._agenda.files.get(step.name)
        if file is None:  # interrupted by a run that had it
            raise failures.missing_to_finish(step.name)
        return load(file, ("forward",))

    @cached_property
    def _reverting(self) -> Reverting:
        return Reverting(self._project, self._history, self._agenda.files)

    def _look_ahead(self) -> None:
        """Say what a run would say before its first step."""
        for step in self._agenda.planned.steps:
            if step.resumes is not None or step.abandons:
                how = "goes back from there" if step.abandons else "goes on where it stood"
                self._tell(Note(f"{step.name} was interrupted: it {how}"))
        if self._request.backward and not self._request.fake:
            for step in self._agenda.planned.steps:
                self._reverting.look_ahead(step)
            self._tell_by_record()

    def _tell_by_record(self) -> None:
        for one in self._reverting.told:
            self._tell(Note(one.text))

    def _check_single_transaction(self, loaded: Mapping[str, LoadedMigration]) -> None:
        """Refuse what cannot be all or nothing."""
        if not self._engine.transactional_ddl:
            raise failures.no_single_transaction(self._engine.url)
        attempts = [self._attempt(step, loaded) for step in self._agenda.planned.steps]
        first = next((one for one in attempts if one.transactional), attempts[0])
        alone = [one.step.name for one in attempts if not one.shares_with(first)]
        if alone:
            raise failures.not_in_one_transaction(alone)

    # Under the lock

    def _still_to_do(self, step: Step, *, first: bool) -> Step | None:
        """The step as it is still to be done; then everything is ready for a change."""
        found = self._agenda.still_to_do(step, first=first)
        if found is not None:
            self._back_up()
        return found

    def _accept(self, changed: list[Standing]) -> None:
        if not changed:
            return
        with self._engine.exclusively(self._waiting):
            self._history.ensure()
            for one in changed:
                file = self._agenda.files.get(one.name)
                record = self._run.record(
                    Step(one.name, "forward"), "accepted", file.checksum if file else None
                )
                self._agenda.known_id = self._history.add(record)
                how = "as it is now" if file else "though its file is missing"
                self._tell(Note(f"accepted {one.name} {how}"))

    def _mark(self) -> None:
        """Settle by the user's word what a run that died has left open."""
        with self._engine.exclusively(self._waiting):
            open_ = [one for one in self._agenda.look() if one.state == "interrupted"]
            if not open_:
                raise failures.nothing_to_mark()
            direction: plan.Direction = "forward" if self._request.mark == "applied" else "backward"
            for one in open_:
                step, file = Step(one.name, direction), self._agenda.files.get(one.name)
                self._history.add(self._run.record(step, "marked", file.checksum if file else None))
                if one.interrupted is not None:
                    self._history.forget_journal(one.interrupted.id)
                self._done.append(StepResult(step, "marked", 0.0))
                self._tell(Note(f"marked {one.name} as {self._request.mark}"))

    # Running

    @cached_property
    def _run(self) -> Run:
        """Imported only where there is something to do."""
        from wheatear.attempt import Run  # noqa: PLC0415

        def tell(progress: Progress) -> None:
            self._tell(Backfilling(progress))

        return Run(
            self._engine,
            self._history,
            self._waiting,
            self._echo,
            tell,
            keep_dropped=self._project.keep_dropped,
        )

    def _take(self, left: Sequence[Step], loaded: Mapping[str, LoadedMigration]) -> int:
        """Take the next step, or the next few that share a transaction; return how many."""
        self._tell(Started(left[0]))
        deadline, pause = time.monotonic() + PATIENCE, _FIRST_PAUSE
        while True:
            turn = self._turn(left, loaded)
            try:
                turn.take()
                break
            except Exception as error:
                if not self._gave_way(turn, error) or time.monotonic() + pause > deadline:
                    self._fail(turn, error)
                    told = turn.current.explained(error, *self._names(turn))
                    # What is stopped may fail like that, too.
                    told.stopped = turn.current.stopped(error, *self._names(turn))  # type: ignore[attr-defined]
                    if told is error:
                        raise
                    raise told from error
            except BaseException as error:  # Ctrl-C and the like
                self._fail(turn, error)
                stopped = turn.current.stopped(error, *self._names(turn))
                error.stopped = stopped  # type: ignore[attr-defined]
                self._tell(stopped)
                raise
            self._tell(
                Note(
                    f"{turn.current.step.name} gave way to another connection's lock; next try in "
                    f"{pause:.1f} s"
                )
            )
            time.sleep(jittered(pause))
            pause = min(pause * 2, _LONGEST_PAUSE)
        self._conclude(turn)
        return len(turn.done)

    def _turn(self, left: Sequence[Step], loaded: Mapping[str, LoadedMigration]) -> Turn:
        from wheatear.turn import ALL_OR_NONE, Turn  # noqa: PLC0415

        attempts = self._attempts(left, loaded)
        if self._request.single_transaction:
            return Turn(self._run, attempts, ALL_OR_NONE)
        many = len(self._agenda.planned.steps) >= _MANY
        return Turn(self._run, attempts, self._engine.shared_seconds if many else 0.0)

    def _attempts(
        self, left: Sequence[Step], loaded: Mapping[str, LoadedMigration]
    ) -> Iterator[Attempt]:
        """The next step, and after it those that may share its transaction."""
        first = self._attempt(left[0], loaded)
        yield first
        for step in left[1:]:
            attempt = self._attempt(step, loaded)
            if not attempt.shares_with(first):
                return
            self._tell(Started(step))
            yield attempt

    def _conclude(self, turn: Turn) -> None:
        """Say what a turn has done, now that it is committed."""
        for attempt in turn.done:
            if attempt.record is None:
                self._skipped.append(attempt.step)
                self._tell(Skipped(attempt.step))
                continue
            self._agenda.done(attempt.step, attempt.record_id)
            self._done.append(StepResult(attempt.step, attempt.outcome, attempt.seconds))
            self._tell(Finished(self._done[-1]))

    def _attempt(self, step: Step, loaded: Mapping[str, LoadedMigration]) -> Attempt:
        from wheatear.attempt import Attempt  # noqa: PLC0415

        file = self._agenda.files.get(step.name)
        return Attempt(
            self._run,
            step,
            loaded.get(step.name),
            file.checksum if file else None,
            lambda first: self._still_to_do(step, first=first),
        )

    def _gave_way(self, turn: Turn, error: Exception) -> bool:
        """Rolled back whole because of a lock, so that it may be tried again."""
        return turn.current.transactional and self._engine.is_lock_timeout(error)

    def _fail(self, turn: Turn, error: BaseException) -> None:
        self._conclude(turn)
        attempt = turn.current
        self._failed = StepResult(attempt.step, attempt.outcome, attempt.seconds)
        self._failed_attempt = attempt
        attempt.note_failure(error)

    def _names(self, turn: Turn) -> tuple[list[str], list[str]]:
        """What this run had done before, and what was rolled back with the one that failed."""
        return self._names_done(), [one.step.name for one in turn.lost]

    def _names_done(self) -> list[str]:
        return [one.step.name for one in self._done]
