"""Changes to many rows of a migration, in batches: `from wheatear import backfill`.

`walk.py` takes the rows in the order of their key; `changes.py` says what becomes of a batch;
`position.py` keeps how far it has come, in the batch's own transaction; `pace.py` lets others
breathe between two batches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from wheatear.backfilling.changes import Changes, by_expressions, by_function
from wheatear.backfilling.pace import Pace
from wheatear.backfilling.position import Position, make_table
from wheatear.backfilling.walk import Walk, walk_of
from wheatear.engines.waiting import jittered
from wheatear.errors import MigrationFailedError
from wheatear.journal.backfills import Asked
from wheatear.running import Progress, Running, current

if TYPE_CHECKING:
    from wheatear.journal.backfills import Begun

PATIENCE = 60.0
"""Seconds that a batch which gives way to other connections' locks is tried again."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_TOLD_EVERY = 0.1
_LOOKS = 3


def backfill(
    rows: Any,
    change: Callable[[Any], Any] | Mapping[Any, Any],
    *,
    each: Literal["row", "batch"] = "row",
    batch: int = 1000,
    pause: float = 0.0,
    max_lag: float | None = None,
    lag: Callable[[], float | None] | None = None,
) -> int:
    """Change many rows, batch by batch in the order of their primary key.

    In a migration with `atomic = False`, and on MySQL and MariaDB, each batch is a transaction of
    its own, and how far it has come is committed with it: a run that was killed, or failed, goes on
    after the last batch, and each row is changed once. In any other migration all batches are part
    of the migration's one transaction.

    Args:
        rows: A Peewee model, or a query of one such as `Player.select().where(...)`, without order,
            limit or grouping.
        change: Called with each row, an instance of the model: what it assigns to the row is
            written; so is a dictionary of fields and values that it returns. Or such a dictionary
            of fields and SQL expressions, for one UPDATE a batch without reading any row.
        each: `"batch"` calls `change` with a list of rows instead; what it assigns is written.
        batch: Rows in one batch.
        pause: Seconds between two batches, where each is a transaction.
        max_lag: Seconds that a replica may be behind; between two batches, wait until it is less.
        lag: Says how far the replicas are behind, in seconds; None asks the server, which
            PostgreSQL's can answer.

    Returns:
        How many rows are done, those of earlier runs included.

    Raises:
        MigrationFailedError: Not called in a migration, or with what cannot be walked.
        StoppedError: An earlier run of this migration did something else here.
    """
    migration = current()
    if migration is None:
        raise MigrationFailedError(
            "backfill() was called outside a migration.",
            next="call it in migrate_forward() or migrate_backward(): it needs their history.",
        )
    if not isinstance(batch, int) or batch < 1:
        raise MigrationFailedError(f"batch is a number of rows from 1 on, not {batch!r}.")
    if each not in ("row", "batch"):
        raise MigrationFailedError(f"each is 'row' or 'batch', not {each!r}.")
    walk = walk_of(rows, migration.engine.db, batch)
    if not (callable(change) or (isinstance(change, Mapping) and change)):
        raise MigrationFailedError(
            f"backfill() cannot change rows by {change!r}.",
            next="give a function, or a dictionary of fields and expressions.",
        )
    counts_found = migration.engine.counts_found_rows
    changes = (
        by_expressions(walk, change, counts_found=counts_found)
        if isinstance(change, Mapping)
        else by_function(walk, change, each, counts_found=counts_found)
    )
    pace = Pace(migration, pause, max_lag, lag)
    migration.backfills += 1
    return _Backfill(migration, walk, changes, pace).run()


class _Backfill:
    """One call."""

    def __init__(self, migration: Running, walk: Walk, changes: Changes, pace: Pace) -> None:
        self._migration = migration
        self._walk = walk
        self._changes = changes
        self._pace = pace
        self._position = Position(migration.engine)
        self._began = self._told = time.monotonic()
        self._total: int | None = None
        self._before = self._minutes = 0

    def run(self) -> int:
        journal = self._migration.journal
        if journal is None:
            self._run(self._step)
            return self._position.rows
        with self._migration.unlogged():
            self._refuse_unsafe()
            walk, changes = self._walk, self._changes
            begun = journal.begin_backfill(
                Asked(walk.description, walk.values, changes.text, changes.values)
            )
            try:
                self._take_up(begun)
                self._run(lambda: self._transaction(begun))
            except Exception as error:
                begun.failed(error)
                raise
        return self._position.rows

    def _take_up(self, begun: Begun) -> None:
        """Take up what an earlier run of the migration has left, if one has."""
        make_table(self._migration.engine)
        if begun.found_no_rows:
            self._position.move(0, None)
        elif begun.again and not self._position.load(begun.record, begun.number):
            raise begun.lost()
        if begun.mended and self._position.finished:
            raise begun.mended_too_late()
        self._before = self._position.rows
        self._note()

    def _refuse_unsafe(self) -> None:
        """Each batch has to be a transaction."""
        engine = self._migration.engine
        if engine.in_transaction():
            raise MigrationFailedError(
                "backfill() was called inside a transaction of the migration's own.",
                next="call it outside: each of its batches is a transaction.",
            )
        kind = engine.without_transactions(self._walk.table)
        if kind:
            raise MigrationFailedError(
                f"backfill() cannot walk {self._walk.table}: {kind} tables have no transactions.",
                next="ALTER TABLE … ENGINE = InnoDB first.",
            )

    def _run(self, step: Callable[[], None]) -> None:
        if not self._position.finished:
            self._walk.refuse_null_keys()
            self._walk.refuse_inexact_keys(self._migration.engine.inexact_types)
            if self._changes.by_key:
                self._walk.refuse_repeated_keys()
        while not self._position.finished:
            step()
            self._tell()
            if not self._position.finished:
                self._pace.breathe()

    def _step(self) -> None:
        """One batch, in the transaction that is open."""
        count, last = self._changes.batch(self._position.at)
        self._position.move(count, last)

    def _transaction(self, begun: Begun) -> None:
        """One batch and the position in a transaction; again, if a lock was in its way."""
        engine = self._migration.engine
        deadline, pause = time.monotonic() + PATIENCE, _FIRST_PAUSE
        while True:
            before = self._position.state
            try:
                self._in_a_transaction(begun)
                begun.settle(kept=True)
                break
            except BaseException as error:
                self._position.state = before
                moved = self._look_again(begun)
                gave_way = isinstance(error, Exception) and engine.is_lock_timeout(error)
                if moved or not gave_way or time.monotonic() + pause > deadline:
                    raise
            time.sleep(jittered(pause))
            pause = min(pause * 2, _LONGEST_PAUSE)
        self._note()

    def _look_again(self, begun: Begun) -> bool:
        """Whether a batch that failed was committed all the same: Python tells of Ctrl-C when the
        COMMIT has returned, as if that had failed. The batches before it have a position too.
        """
        before = self._position.progress
        for _ in range(_LOOKS):
            with suppress(Exception):  # the server may be stopped for the same Ctrl-C; or is gone
                self._position.load(begun.record, begun.number)
                break
        moved = self._position.progress != before
        begun.settle(kept=moved)
        self._note()
        return moved

    def _in_a_transaction(self, begun: Begun) -> None:
        migration, position = self._migration, self._position
        with migration.engine.transaction(migration.waiting):
            with migration.guarded():
                self._step()
            if position.finished and not position.rows:
                begun.found_none()
                return
            begun.write()
            position.save(begun.record, begun.number)

    def _note(self) -> None:
        if self._position.rows:
            self._migration.stays[self._walk.table] = self._position.rows

    def _tell(self) -> None:
        """Say how far it has come; what is over in a moment is not counted first."""
        now = time.monotonic()
        tell, rows = self._migration.tell, self._position.rows
        if tell is None or now - self._told < _TOLD_EVERY:
            return
        if self._total is None and not self._position.finished:
            self._total = rows + self._walk.count(self._position.at)
        self._told = time.monotonic()
        seconds = self._told - self._began
        minutes = int(seconds // 60)
        new, minute = rows - self._before, minutes > self._minutes
        self._minutes = minutes
        name, table = self._migration.name, self._walk.table
        tell(Progress(name, table, rows, self._total, seconds, new, minute))
