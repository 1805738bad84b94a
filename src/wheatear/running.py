"""The migration that runs now: what a function of ours, called by the migration, needs to know."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from wheatear.capture import Log, Rules, Statement, WatchedConnection
from wheatear.engines.engine import Engine
from wheatear.engines.waiting import Waiting
from wheatear.errors import MigrationFailedError

if TYPE_CHECKING:
    from wheatear.journal.journal import Journal


class Progress(NamedTuple):
    """How far a backfill has come.

    Attributes:
        name: The migration.
        table: What is walked.
        rows: So many rows are done, those of earlier runs included.
        total: So many there are; None while that is not known.
        seconds: How long this run has been at it.
        new: So many of the rows were done by this run.
        minute: A minute has passed since this was last true: time for a line in a log.
    """

    name: str
    table: str
    rows: int
    total: int | None
    seconds: float
    new: int
    minute: bool


@dataclass
class Running:
    """A migration that runs.

    Attributes:
        name: The migration.
        direction: `forward` or `backward`.
        engine: The database.
        waiting: How long to wait for others, and who is told.
        transactional: It runs in one transaction that is not its own to end.
        journal: What it has done so far, where it is not in one transaction.
        tell: Called with how far a backfill has come, or None.
        backfills: How many backfills it has called.
        stays: What backfills have committed, in words.
    """

    name: str
    direction: str
    engine: Engine
    waiting: Waiting
    transactional: bool
    journal: Journal | None = None
    tell: Callable[[Progress], None] | None = None
    backfills: int = 0
    stays: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def unlogged(self) -> Iterator[None]:
        """For the block, what is sent is neither logged nor kept in the journal; nor is what it
        asks of time and chance, which a second run need not ask.
        """
        aside = self.journal.aside() if self.journal else nullcontext()
        with aside, _connection(self.engine, self.engine.connection):
            yield

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Past the log, and inside a transaction that the migration's own code must not end."""
        ways = self.engine.journaling()

        def refuse(statement: Statement) -> None:
            if ways.kind(statement.sql) == "alone":
                raise MigrationFailedError(
                    f"backfill() called what its transaction does not hold: {statement.sql}",
                    next="send that before or after backfill().",
                )

        rules = Rules(
            self.engine.connection_attributes,
            transactional=True,
            before=refuse if ways.ends_transactions else None,
        )
        with _connection(self.engine, WatchedConnection(self.engine.connection, Log(), rules)):
            yield


@contextmanager
def _connection(engine: Engine, connection: object) -> Iterator[None]:
    state = engine.db._state
    before = state.conn
    state.conn = connection
    try:
        yield
    finally:
        state.conn = before


_now = threading.local()


def current() -> Running | None:
    """The migration that runs on this thread, or None."""
    return getattr(_now, "running", None)


@contextmanager
def running(migration: Running) -> Iterator[None]:
    """Let a migration be the current one for the block."""
    before = current()
    _now.running = migration
    try:
        yield
    finally:
        _now.running = before
