"""Runs a plan: decides again under the lock, runs each step, records it."""

from __future__ import annotations

import getpass
import os
import random
import socket
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal

from wheatear import __version__, failures, plan
from wheatear.capture import Log, Rules, Statement, watched
from wheatear.engines.waiting import Waiting
from wheatear.errors import HistoryError, LockTimeoutError, MigrationFailedError
from wheatear.files import LoadedMigration, MigrationFile, list_files, load
from wheatear.history import History, Record, ended
from wheatear.journal import Journal
from wheatear.plan import Plan, Standing, Step
from wheatear.project import Project
from wheatear.status import Look, look

# How long a migration that gives way to other connections' locks goes on trying.
PATIENCE = 60.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0

OnChanged = Literal["refuse", "warn", "accept"]


@dataclass(frozen=True)
class Request:
    """What a run is asked to do.

    Attributes:
        backward: Revert instead of apply.
        to: The migration to go to; None for no such limit.
        steps: At most so many migrations; None for no such limit.
        dry_run: Only plan.
        fake: Record, without running anything.
        on_changed: What an applied file that was changed, or is missing, means.
        strict: Refuse what would only be warned of.
        mark: Settle an interrupted migration by the user's word.
    """

    backward: bool = False
    to: str | None = None
    steps: int | None = None
    dry_run: bool = False
    fake: bool = False
    on_changed: OnChanged = "refuse"
    strict: bool = False
    mark: Literal["applied", "pending"] | None = None


@dataclass(frozen=True)
class StepResult:
    """How one step ended."""

    step: Step
    outcome: plan.Outcome
    seconds: float


@dataclass(frozen=True)
class RunResult:
    """What a run did; a run that failed has this as its error's `result`.

    Attributes:
        planned: What it set out to do.
        done: What it did, in order.
        skipped: What another runner had done when its turn came.
        failed: The step that failed, or None.
        warnings: What a user should know.
    """

    planned: tuple[Step, ...] = ()
    done: tuple[StepResult, ...] = ()
    skipped: tuple[Step, ...] = ()
    failed: StepResult | None = None
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The migrations that were applied or reverted."""
        return [one.step.name for one in self.done]


@dataclass(frozen=True)
class Planned:
    """Said before the first step: what is going to be done."""

    plan: Plan


@dataclass(frozen=True)
class Started:
    """Said before a step."""

    step: Step


@dataclass(frozen=True)
class Finished:
    """Said after a step."""

    result: StepResult


@dataclass(frozen=True)
class Skipped:
    """Said where another runner was faster."""

    step: Step


@dataclass(frozen=True)
class Note:
    """Something else to say: a warning, a wait, what an interrupted run leaves."""

    text: str


Event = Planned | Started | Finished | Skipped | Note
Listener = Callable[[Event], None]


@dataclass
class Runner:
    """One run on one project.

    Args:
        project: Files, configuration and database.
        request: What to do.
        listener: Told of each event as it happens.
        waiting: How long to wait for other runners.
        echo: Called with each statement after it has ended, or None.
    """

    project: Project
    request: Request
    listener: Listener
    waiting: Waiting
    echo: Callable[[Statement], None] | None = None
    _run: str = field(default_factory=lambda: uuid.uuid4().hex)
    _done: list[StepResult] = field(default_factory=list)
    _skipped: list[Step] = field(default_factory=list)
    _failed: StepResult | None = None
    _warnings: list[str] = field(default_factory=list)
    _planned: Plan = field(default_factory=lambda: Plan(()))
    _known: int | None = None

    def __post_init__(self) -> None:
        self.engine = self.project.engine
        self.history = History(self.engine, self.waiting)

    # The run

    def run(self) -> RunResult:
        """Do it.

        Returns:
            What was done.

        Raises:
            WheatearError: Something kept it from being done; what was done before is in its
                `result`.
        """
        try:
            self._run_all()
        except Exception as error:
            error.result = self._result()  # type: ignore[attr-defined]
            raise
        return self._result()

    def _run_all(self) -> None:
        listing = list_files(self.project.folder)
        self._warn(listing.warnings)
        with ExitStack() as stack:
            there = self.engine.exists()
            if there:
                stack.enter_context(self.engine.opened(self.waiting))
            found = look(listing, self.history if there else None)
            if self.request.mark:
                self._mark(found)
                return
            self._plan(found)
            changed = self._changed(found)
            if self.request.dry_run or not (self._planned.steps or changed):
                return
            files = {file.name: file for file in listing.files}
            loaded = stack.enter_context(self._loaded(files))
            if not there:
                stack.enter_context(self.engine.opened(self.waiting))
            self._known = found.records[-1].id if found.records else 0
            self._accept(changed, files)
            self.listener(Planned(self._planned))
            for step in self._planned.steps:
                self._run_step(step, loaded.get(step.name), files.get(step.name), listing.files)

    def _result(self) -> RunResult:
        return RunResult(
            self._planned.steps,
            tuple(self._done),
            tuple(self._skipped),
            self._failed,
            tuple(self._warnings),
        )

    def _warn(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
            self._warnings.append(warning)
            self.listener(Note(f"warning: {warning}"))

    # Deciding

    def _plan(self, found: Look) -> None:
        decide = plan.backward if self.request.backward else plan.forward
        self._planned = decide(found.standings, to=self.request.to, steps=self.request.steps)
        if self._planned.warnings and self.request.strict:
            raise HistoryError(
                f"{self._planned.warnings[0][0].upper()}{self._planned.warnings[0][1:]}.",
                state="nothing was changed.",
                next="give the file a timestamp later than the newest applied one, or run without "
                "--strict to apply it all the same.",
            )
        self._warn(f"{text}; it is applied all the same" for text in self._planned.warnings)

    def _changed(self, found: Look) -> list[Standing]:
        """The applied files that are not what was applied, if they are to be accepted."""
        changed = [
            one
            for one in found.standings
            if one.state == "changed" or (one.state == "missing" and not one.accepted)
        ]
        if self.request.backward:  # only what would be reverted by another text matters
            names = {step.name for step in self._planned.steps}
            changed = [one for one in changed if one.name in names]
        if not changed or self.request.on_changed == "accept":
            return changed
        if self.request.on_changed == "warn":
            self._warn(f"{one.name} is applied, but its file is {one.state}" for one in changed)
            return []
        raise failures.changed_files(changed, backward=self.request.backward)

    def _loaded(self, files: dict[str, MigrationFile]) -> Any:
        return _Loaded(self, files)

    def _accept(self, changed: list[Standing], files: dict[str, MigrationFile]) -> None:
        if not changed:
            return
        with self.engine.exclusively(self.waiting):
            self.history.ensure()
            for one in changed:
                file = files.get(one.name)
                checksum = file.checksum if file else None
                self._known = self.history.add(
                    self._record(Step(one.name, "forward"), "accepted", checksum)
                )
                what = "as it is now" if file else "though its file is missing"
                self.listener(Note(f"accepted {one.name} {what}"))

    def _mark(self, found: Look) -> None:
        """Settle by the user's word what a run that died has left open."""
        with self.engine.exclusively(self.waiting):
            now = look(found.listing, self.history)
            open_ = [one for one in now.standings if one.state == "interrupted"]
            if not open_:
                raise HistoryError(
                    "No migration is interrupted, so there is nothing to mark.",
                    state="nothing was changed.",
                    next="`status` shows where each migration stands.",
                )
            checksums = {file.name: file.checksum for file in now.listing.files}
            direction: plan.Direction = "forward" if self.request.mark == "applied" else "backward"
            for one in open_:
                step = Step(one.name, direction)
                self.history.add(self._record(step, "marked", checksums.get(one.name)))
                self._done.append(StepResult(step, "marked", 0.0))
                self.listener(Note(f"marked {one.name} as {self.request.mark}"))

    def _still_to_do(self, step: Step, files: tuple[MigrationFile, ...]) -> bool:
        """Under the lock: whether the step is still to be done, by the history as it is now."""
        last = self.history.last_id()
        if last == self._known:
            return True
        records = self.history.read()
        self._known = last
        now = plan.standings(files, records)
        stopped = next((one for one in now if one.state == "interrupted"), None)
        if stopped is not None:
            raise failures.interrupted(stopped, records)
        if not plan.still_to_do(step, now):
            return False
        newest = plan.newest_applied(now)
        if step.direction == "backward" and newest != step.name:
            raise HistoryError(
                f"{newest} was applied by another run meanwhile, so {step.name} is no longer the "
                "most recent one.",
                state=f"{step.name} was not reverted.",
                next="look at `status`, and run the command again if that is what you want.",
            )
        return True

    # Running

    def _run_step(
        self,
        step: Step,
        loaded: LoadedMigration | None,
        file: MigrationFile | None,
        files: tuple[MigrationFile, ...],
    ) -> None:
        self.listener(Started(step))
        checksum = file.checksum if file else None
        attempt = _Attempt(self, step, loaded, checksum, files)
        deadline, pause = time.monotonic() + PATIENCE, _FIRST_PAUSE
        while True:
            try:
                attempt.make()
                break
            except Exception as error:
                gave_way = self.engine.transactional_ddl and self.engine.is_lock_timeout(error)
                if not gave_way or time.monotonic() + pause > deadline:
                    self._fail(attempt, error)
                    raise attempt.explained(error) from error
            except BaseException:
                self._fail(attempt, None)
                self.listener(Note(attempt.what_stays()))
                raise
            self.listener(
                Note(
                    f"{step.name} gave way to another connection's lock; next try in {pause:.1f} s"
                )
            )
            time.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - jitter
            pause = min(pause * 2, _LONGEST_PAUSE)
        if attempt.result:
            self._done.append(attempt.result)
            self.listener(Finished(attempt.result))
        else:
            self._skipped.append(step)
            self.listener(Skipped(step))

    def _fail(self, attempt: _Attempt, error: Exception | None) -> None:
        """Remember a failed step; note it in the log where it was rolled back with its record."""
        self._failed = StepResult(attempt.step, attempt.outcome, attempt.seconds)
        self.history.forget()
        refused = isinstance(error, (LockTimeoutError, HistoryError))
        lost = error is not None and self.engine.is_lost(error)
        if refused or lost or not (attempt.began and self.engine.transactional_ddl):
            return
        text = f"{type(error).__name__}: {error}" if error else "interrupted"
        record = self._record(attempt.step, "failed", attempt.checksum, attempt.started_at)
        with suppress(Exception):  # the error itself is what is told; the note is an extra
            if self.history.exists():
                with self.engine.exclusively(Waiting(1.0, lambda _: None)):
                    self.history.add(ended(record, "failed", attempt.seconds, text))

    def _record(
        self, step: Step, outcome: str, checksum: str | None, started_at: str | None = None
    ) -> Record:
        return Record(
            step.name,
            step.direction,
            outcome,
            checksum,
            started_at or _now(),
            None if outcome == "running" else 0.0,
            _who(),
            f"wheatear {__version__}",
            self._run,
        )


class _Loaded:
    """The files of a plan, loaded and checked before the first runs; visible while they run."""

    def __init__(self, runner: Runner, files: dict[str, MigrationFile]) -> None:
        self._runner = runner
        self._files = files
        self._stack = ExitStack()

    def __enter__(self) -> dict[str, LoadedMigration]:
        runner = self._runner
        self._stack.enter_context(runner.project.visible())
        loaded = {}
        try:
            if not runner.request.fake:
                for step in runner._planned.steps:
                    loaded[step.name] = self._load(step)
        except BaseException:
            self._stack.close()
            raise
        return loaded

    def _load(self, step: Step) -> LoadedMigration:
        file = self._files.get(step.name)
        if file is None:
            raise failures.missing_file(step.name)
        needed = ("forward",) if step.direction == "forward" else ("forward", "backward")
        return load(file, needed)

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()


@dataclass
class _Attempt:
    """One try at one step."""

    runner: Runner
    step: Step
    loaded: LoadedMigration | None
    checksum: str | None
    files: tuple[MigrationFile, ...]
    began: bool = False
    started_at: str = ""
    seconds: float = 0.0
    outcome: plan.Outcome = "failed"
    log: Log | None = None
    result: StepResult | None = None

    def make(self) -> None:
        """Take the lock, decide again, run, record.

        `result` stays None where another runner has done it.
        """
        engine, history = self.runner.engine, self.runner.history
        self.began, self.log, self.outcome = False, None, "failed"
        keep_keys = bool(self.loaded and self.loaded.foreign_keys)
        record_id = None
        with engine.exclusively(self.runner.waiting, foreign_keys=keep_keys):
            history.ensure()
            if not self.runner._still_to_do(self.step, self.files):
                return
            self.started_at = _now()
            start = time.perf_counter()
            self.began = True
            try:
                if self.loaded is None:
                    record_id = self._record("faked")
                elif engine.transactional_ddl:
                    self._call(self.loaded, transactional=True)
                    record_id = self._record("done", time.perf_counter() - start)
                else:
                    record_id = self._run_journaled(self.loaded, start)
            finally:
                self.seconds = time.perf_counter() - start
        self.runner._known = record_id
        self.outcome = "faked" if self.loaded is None else "done"
        self.result = StepResult(self.step, self.outcome, self.seconds)

    def _record(self, outcome: plan.Outcome, seconds: float = 0.0) -> int:
        record = self.runner._record(self.step, outcome, self.checksum, self.started_at)
        if outcome != "running":
            record = ended(record, outcome, seconds)
        return self.runner.history.add(record)

    def _run_journaled(self, loaded: LoadedMigration, start: float) -> int:
        """Where each statement commits by itself: the intent first, then each statement's note."""
        engine, history = self.runner.engine, self.runner.history
        id_ = self._record("running")
        running = self.runner._record(self.step, "running", self.checksum, self.started_at)
        journal = Journal(engine.connection, history.table, id_, engine.db.param)
        try:
            self._call(loaded, transactional=False, journal=journal)
        except BaseException as error:
            self.outcome = "interrupted" if self.lasting() else "failed"
            seconds = time.perf_counter() - start
            text = f"{type(error).__name__}: {error}"
            with suppress(Exception):  # a connection that is gone leaves it `running`, which shows
                history.finish(id_, ended(running, self.outcome, seconds, text))
            raise
        history.finish(id_, ended(running, "done", time.perf_counter() - start))
        return id_

    def _call(
        self, loaded: LoadedMigration, *, transactional: bool, journal: Journal | None = None
    ) -> None:
        engine = self.runner.engine
        function = loaded.function(self.step.direction)
        assert function is not None  # noqa: S101 - checked when it was loaded
        rules = Rules(
            engine.connection_attributes,
            transactional,
            before=journal.before if journal else None,
            after=self.runner.echo,
        )
        with watched(engine.db, rules) as self.log:
            function()
        if engine.in_transaction() is not transactional:
            if not transactional:
                self._roll_back_rest()
            raise MigrationFailedError(
                "The migration ended its transaction by itself."
                if transactional
                else "The migration left a transaction open, which was rolled back.",
                next="use `with db.atomic():`, which ends what it begins.",
            )

    def _roll_back_rest(self) -> None:
        self.runner.engine.db.rollback()
        if self.log:
            began = [
                index
                for index, one in enumerate(self.log.statements)
                if one.word in ("BEGIN", "START")
            ]
            self.log.rolled_back(began[-1] if began else 0)

    # What to say

    def lasting(self) -> list[Statement]:
        """The statements that took effect and stay, where each commits by itself."""
        if self.runner.engine.transactional_ddl or self.log is None:
            return []
        return self.log.lasting()

    def what_stays(self) -> str:
        """What the database is like after this attempt failed."""
        return failures.state_after(
            self.step,
            stays=[one.sql for one in self.lasting()],
            transactional=self.runner.engine.transactional_ddl,
            before=[one.step.name for one in self.runner._done],
        )

    def explained(self, error: Exception) -> Exception:
        """The error as a user should read it."""
        if isinstance(error, (LockTimeoutError, HistoryError)):
            return error
        return failures.failed(
            error,
            self.step,
            path=self.loaded.file.path if self.loaded else None,
            statement=self.log.last.sql
            if self.log and self.log.last and self.log.last.failed
            else None,
            state=self.what_stays(),
            interrupted=bool(self.lasting()),
            lost=self.runner.engine.is_lost(error),
        )


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(getattr(os, "getuid", lambda: "unknown")())
    return f"{user}@{socket.gethostname()}"[:255]
