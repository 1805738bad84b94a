"""One try at one step: under the lock, decide again, run the migration's function, record it."""

from __future__ import annotations

import getpass
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cache, cached_property
from typing import TYPE_CHECKING

from wheatear import __version__, failures
from wheatear.capture import Log, Observer, Rules, Statement, in_turn, watched
from wheatear.engines.engine import Engine
from wheatear.engines.operating import noting
from wheatear.engines.waiting import Waiting
from wheatear.errors import (
    BackupError,
    ConfigError,
    HistoryError,
    LockTimeoutError,
    MigrationFailedError,
    Terminated,
)
from wheatear.events import Stopped
from wheatear.files import LoadedMigration
from wheatear.history import History
from wheatear.plan import SETTLED, Outcome, Step
from wheatear.records import Record, ended
from wheatear.reverting.recording import Recording
from wheatear.running import Progress, Running, running

if TYPE_CHECKING:
    from wheatear.engines.operations import TableOperation
    from wheatear.engines.settings import Settings
    from wheatear.journal.journal import Journal
    from wheatear.reverting.keeping import Keeper


@dataclass(frozen=True)
class Run:
    """What all steps of a run share.

    Attributes:
        engine: The database.
        history: Its history.
        waiting: How long to wait for other runners, and who is told.
        echo: Called with each statement after it has ended, or None.
        tell: Called with how far a backfill has come, or None.
        id: One value for all records of the run.
        keep_dropped: Keep aside what its migrations drop.
    """

    engine: Engine
    history: History
    waiting: Waiting
    echo: Callable[[Statement], None] | None = None
    tell: Callable[[Progress], None] | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    keep_dropped: bool = False

    @cached_property
    def recording(self) -> Recording:
        """What the run's migrations touch."""
        return Recording(self.engine)

    def forget(self) -> None:
        """What was just done may have been rolled back."""
        self.history.forget()
        self.recording.forget()

    def record(self, step: Step, outcome: Outcome, checksum: str | None) -> Record:
        """Return a record of this run that begins now."""
        return Record(
            step.name,
            step.direction,
            outcome,
            checksum,
            started_at=_now(),
            seconds=None if outcome == "running" else 0.0,
            run_by=_who(),
            tool=f"wheatear {__version__}",
            run=self.id,
        )


@dataclass
class Attempt:
    """One try.

    Attributes:
        run: What it shares with the run's other steps.
        step: What to do.
        loaded: The migration; None to record it only.
        checksum: Of its file; None if it has none.
        still_to_do: Asked under the lock for the step as it is still to be done, or None; told
            whether others may have come since the last time.
        record: What is written; None where another runner has done the step.
        record_id: Its id in the history.
        outcome: How it ended.
        seconds: How long the migration's function took.
    """

    run: Run
    step: Step
    loaded: LoadedMigration | None
    checksum: str | None
    still_to_do: Callable[[bool], Step | None]
    record: Record | None = None
    record_id: int | None = None
    outcome: Outcome = "failed"
    seconds: float = 0.0
    _log: Log = field(default_factory=Log)
    _journal: Journal | None = None
    _settings: Settings | None = None
    _run_id: str | None = None
    """Of the run that died, whose record this one goes on with."""

    def make(self, *, first: bool) -> None:
        """Do it, under the lock, if it is still to be done; if not, there is no record.

        Args:
            first: The first one since the lock was taken.

        Raises:
            Exception: Whatever the migration raised; see `explained`.
        """
        step = self.still_to_do(first)
        if step is None:
            return
        self.step = step
        self.record = self.run.record(self.step, "running", self.checksum)
        if self.loaded is not None and self._is_recorded:
            self.run.recording.begin()  # before the journal serves chance: this asks for some
        if self.loaded is None:
            self.record_id = self.run.history.add(ended(self.record, "faked", 0.0))
        elif self.transactional:
            self._call(self.loaded, Rules(self._allowed, transactional=True))
            if not self._log.only_creates():
                self.run.engine.verify()
            self._afterwards(self.loaded)
            record = ended(self.record, "done", self.seconds)
            self.record_id = self.run.history.add(record, self._touched())
        else:
            self._journaled(self.loaded)
        self.outcome = "faked" if self.loaded is None else "done"

    @property
    def transactional(self) -> bool:
        """The migration and its record are one transaction."""
        wants = self.loaded is None or self.loaded.atomic
        return self.run.engine.transactional_ddl and wants and self.step.resumes is None

    @property
    def foreign_keys(self) -> bool:
        """The migration wants SQLite's foreign keys enforced."""
        return bool(self.loaded and self.loaded.foreign_keys)

    def shares_with(self, other: Attempt) -> bool:
        """Whether both can be in one transaction."""
        return (
            self.transactional and other.transactional and self.foreign_keys is other.foreign_keys
        )

    def _journaled(self, loaded: LoadedMigration) -> None:
        """Where no transaction holds all of it: each statement with its entry in the journal."""
        from wheatear.journal.journal import Journal  # noqa: PLC0415 - only where it is needed
        from wheatear.journal.tape import StoppedError  # noqa: PLC0415

        run, record, engine = self.run, self.record, self.run.engine
        assert record is not None  # noqa: S101 - for the type checker
        resumes = self.step.resumes
        if resumes is not None:
            self._take_up(resumes)
        journal = self._journal = Journal(engine, run.history, run.waiting, record, resumes)
        try:
            with journal.serving(loaded.module):
                self._call(loaded, journal.rules(self._allowed))
            self.record_id = journal.finish(
                ended(record, "done", self.seconds),
                self._log.lasting(),
                self._touched(),
                at_once=self._is_followed_up(loaded),
            )
        except StoppedError as stop:
            self._log.forget_unsent()
            self.outcome = "interrupted"
            if not isinstance(stop.error, HistoryError):  # nothing is wrong with the journal
                self._journal_failure(journal, stop.error)
            raise stop.error from stop.error.__cause__
        except BaseException as error:
            self._journal_failure(journal, error)
            raise
        self._afterwards(loaded)
        if self.step.abandons and self.step.basis is not None:
            run.history.forget_journal(self.step.basis)
        if self._running.backfills:
            from wheatear.backfilling.position import forget  # noqa: PLC0415 - few use it

            forget(engine)

    def _journal_failure(self, journal: Journal, error: BaseException) -> None:
        self.outcome = "interrupted" if journal.stays else "failed"
        assert self.record is not None  # noqa: S101 - for the type checker
        record = ended(self.record, self.outcome, self.seconds, self._reason(error))
        with suppress(Exception):  # a connection that is gone leaves it `running`, which shows
            if journal.in_transaction():
                self._log.rolled_back_rest()
            journal.fail(record, self._log.lasting())

    def _is_followed_up(self, loaded: LoadedMigration) -> bool:
        """Something is tidied up that a run that takes this one up would still need; or its way
        back is the record alone, which such a run could not write.
        """
        step = self.step
        tidied = loaded.afterwards or step.resumes or step.abandons or self._running.backfills
        return bool(tidied or loaded.function("backward") is None)

    @staticmethod
    def _afterwards(loaded: LoadedMigration) -> None:
        if loaded.afterwards is not None:
            loaded.afterwards()

    def _take_up(self, record: int) -> None:
        """A run that died can be finished if it kept a journal, and by the same text."""
        from wheatear.journal import stops  # noqa: PLC0415 - only where it is needed

        found = next(one for one in self.run.history.read() if one.id == record)
        if not self.run.history.journal_of(record):  # an earlier version's
            raise failures.interrupted(found)
        if found.outcome == "running" and found.checksum not in (None, self.checksum):
            raise stops.file_changed(self.step.name)
        self._run_id = found.run
        way = "forward" if self.step.direction == "forward" else "backward"
        self.run.waiting.tell(
            f"{self.step.name} was interrupted while it went {way}; it goes on where it stood"
        )

    @property
    def _is_recorded(self) -> bool:
        """Of the way back nobody asks what it did to the schema, and of a run that went on nobody
        knows what was there before.
        """
        return self.step.direction == "forward" and self.step.resumes is None

    def _touched(self) -> str | None:
        """What it did to the schema."""
        return self.run.recording.end(self._log) if self._is_recorded else None

    @cached_property
    def _running(self) -> Running:
        """What a function of ours that the migration calls is told of it."""
        return Running(
            self.step.name,
            self.step.direction,
            self.run.engine,
            self.run.waiting,
            self.transactional,
            journal=self._journal,
            tell=self.run.tell,
        )

    def _call(self, loaded: LoadedMigration, rules: Rules) -> None:
        engine = self.run.engine
        function = loaded.function(self.step.direction)
        assert function is not None  # noqa: S101 - checked when it was loaded
        rules = replace(rules, after=self.run.echo, sets=self._sets)
        keeper = self._keeper()
        if keeper is not None:
            rules = replace(rules, before=in_turn(self._keeping(keeper), rules.before))
        start = time.perf_counter()
        try:
            with watched(engine.db, rules) as self._log, running(self._running), noting() as made:
                function()
        except Terminated:
            raise
        except SystemExit as error:
            raise MigrationFailedError(
                f"the migration ends the program ({failures.reason(error, engine.mask())}).",
                where=failures.frames_in(error, loaded.file.path),
                next="raise an error instead, or return from the function.",
            ) from error
        finally:
            self.seconds = time.perf_counter() - start
            if self._settings is not None:
                self._settings.set_back()
        self._warn_of(one for one in made if not one.is_given)
        open_ = self._journal.in_transaction() if self._journal else engine.in_transaction()
        if open_ is rules.transactional:
            if keeper is not None:
                with self._running.unlogged():
                    keeper.settle()
            return
        if rules.transactional:
            raise MigrationFailedError(
                "the migration ended its transaction by itself.",
                next="leave that out: a migration commits with its record.",
            )
        engine.db.rollback()
        self._log.rolled_back_rest()
        raise MigrationFailedError(
            "the migration left a transaction open, which was rolled back.",
            next="use `with db.atomic():`, which ends what it begins.",
        )

    def _warn_of(self, forgotten: Iterable[TableOperation]) -> None:
        """An operation is only a plan until `migrate()` is given it."""
        for operation in forgotten:
            self.run.waiting.tell(
                f"warning: {operation} did nothing, for migrate() was not given it: "
                f"{operation.where}"
            )

    def _sets(self, sql: str) -> None:
        """A statement is about to be sent that may set something of the connection."""
        if self._settings is None:
            self._settings = self.run.engine.settings()
        self._settings.about_to_send(sql)

    def _keeping(self, keeper: Keeper) -> Observer:
        """Whose own questions are not the migration's."""

        def observe(statement: Statement) -> None:
            if keeper.concerns(statement):
                with self._running.unlogged():
                    keeper.before(statement)

        return observe

    def _keeper(self) -> Keeper | None:
        """What keeps aside what is dropped on the way forward, if that is wanted."""
        if not self.run.keep_dropped or self.step.direction == "backward":
            return None
        from wheatear.reverting.aside import KeptAside  # noqa: PLC0415 - few projects want it
        from wheatear.reverting.keeping import Keeper  # noqa: PLC0415

        return Keeper(KeptAside(self.run.engine), self.step.name, self._run_id or self.run.id)

    @property
    def _allowed(self) -> frozenset[str]:
        return self.run.engine.connection_attributes

    # What to say of a failure

    def lasting(self) -> list[Statement]:
        """The statements that took effect and stay, where each commits by itself."""
        return [] if self.transactional else self._log.lasting()

    def under_way(self, error: BaseException) -> Statement | None:
        """The statement of which nobody knows whether it took effect: its answer never came, or
        what it has left half done could not be removed.
        """
        last, journal = self._log.last, self._journal
        if self.transactional or last is None or last.reads or not last.failed:
            return None
        in_flight = journal is not None and journal.in_flight
        unknown = not last.answered or in_flight or self.run.engine.is_lost(error)
        return last if unknown else None

    def what_stays(self, error: BaseException, before: list[str], lost: list[str]) -> str:
        """Say what the database is like after this try failed.

        Args:
            error: What it failed with.
            before: The migrations that the same run had finished.
            lost: Those that were rolled back with it.
        """
        return self._state(error, before, lost)

    def stopped(self, error: BaseException, before: list[str], lost: list[str]) -> Stopped:
        """Say where Ctrl-C or the like has ended this try; the arguments are those above."""
        begun = self.record is not None
        state = self._state(error, before, lost, begun=begun)
        goes_on = begun and bool(self.lasting() or self.under_way(error))
        return Stopped(state, failures.CONTINUE if goes_on else failures.AGAIN)

    def _state(
        self, error: BaseException, before: list[str], lost: list[str], *, begun: bool = True
    ) -> str:
        under_way, mask = self.under_way(error), self.run.engine.mask()
        return failures.state_after(
            self.step,
            stays=[mask.statement(one.sql) for one in self.lasting()],
            under_way=mask.statement(under_way.sql) if under_way else None,
            transactional=self.transactional,
            before=before,
            lost=lost,
            backfilled=self._running.stays,
            begun=begun,
        )

    def explained(self, error: Exception, before: list[str], lost: list[str]) -> Exception:
        """Return the error as a user should read it."""
        if isinstance(error, (BackupError, ConfigError, LockTimeoutError, HistoryError)):
            return error
        last = self._log.last_but_for_rollbacks
        first = self.run.engine.behind(error)
        return failures.failed(
            first,
            self.step,
            path=self.loaded.file.path if self.loaded else None,
            statement=last.sql if last and last.failed else None,
            state=self.what_stays(error, before, lost),
            remedy=self._remedy(first),
            mask=self.run.engine.mask(),
        )

    def _remedy(self, error: BaseException) -> str | None:
        """What to do, where it is not what the error itself says, nor mending the file."""
        outside = self.run.engine.remedy(error)  # the file need not be mended
        if self.lasting() or self._running.stays or self.under_way(error):
            lost = self.run.engine.is_lost(error)
            return failures.RECONNECT if lost else outside or failures.RESUME
        if self.run.engine.is_lost(error):
            return "see that the server is up, then run the command again."
        return outside or (failures.ADOPT if self._is_there_already(error) else None)

    def _is_there_already(self, error: BaseException) -> bool:
        """Nothing was ever applied here, and what the first migration makes is there."""
        if self.step.direction == "backward" or "already exists" not in str(error):
            return False
        with suppress(Exception):  # the error itself is what is told
            return not any(one.outcome in SETTLED for one in self.run.history.entries())
        return False

    def _reason(self, error: BaseException) -> str:
        """Why it failed, for the history."""
        engine = self.run.engine
        return failures.reason(engine.behind(error), engine.mask())

    def note_failure(self, error: BaseException, *, restored: bool = False) -> None:
        """Note in the log a try that was rolled back together with its record.

        Args:
            error: What it failed with.
            restored: A backup was put back, and with it went any record.
        """
        if self.record is None or not (self.transactional or restored):
            return
        if self.run.engine.is_lost(error):
            return
        text = self._reason(error)
        with suppress(Exception):  # the error itself is what is told; the note is an extra
            if self.run.history.exists():
                with self.run.engine.exclusively(Waiting(1.0, lambda _: None)):
                    self.run.history.add(ended(self.record, "failed", self.seconds, text))


def _now() -> str:
    moment = datetime.now(timezone.utc).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='microseconds')}Z"


@cache
def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(getattr(os, "getuid", lambda: "unknown")())
    return f"{user}@{socket.gethostname()}"[:255]
