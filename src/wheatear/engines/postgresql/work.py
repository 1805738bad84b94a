"""Makes changes of a table: in one transaction each go, checked before it commits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import peewee

from wheatear.engines.engine import own_transaction
from wheatear.engines.postgresql import faithful, refusal
from wheatear.engines.postgresql.change import Planned, about
from wheatear.engines.postgresql.lock_waits import (
    Patience,
    also_short_waits,
    gave_way,
    holder_of,
    short_waits,
)
from wheatear.engines.postgresql.send import send, takes_a_script
from wheatear.engines.postgresql.sight import (
    Sight,
    find,
    glance,
    glance_after,
    glances,
    is_large,
    look,
    look_again,
    unseen,
)
from wheatear.engines.postgresql.spelling import quoted
from wheatear.engines.warn import warn
from wheatear.errors import OperationError

_T = TypeVar("_T")


class LongLockWarning(UserWarning):
    """An operation holds a strong lock on a large table for as long as it reads all of it."""


@dataclass(frozen=True)
class Work:
    """The database and table that changes are made to, and how long they may wait."""

    db: Any
    schema: str | None
    table: str
    patience: Patience

    @property
    def may_commit(self) -> bool:
        """Whether there is no transaction around us, so that there may be several of our own."""
        return not self.db.in_transaction()

    def look(self) -> Sight:
        """The table as it is now; raises OperationError where there is none."""
        return look(self.db, self.schema, self.table)

    def holder(self) -> str:
        """Who holds the table now."""
        return holder_of(self.db, quoted(self.schema, self.table))

    def go(self, planned: Sequence[Planned]) -> None:
        """Make these changes with one ALTER TABLE, look again, and keep them if they are faithful.

        Raises:
            OperationError: The server refused, or something else changed too.
        """
        callers = not self.may_commit
        if all(item.change.only_adds_a_column for item in planned):
            begin = "" if callers else self._begin
            self.step(planned, lambda: self._add_columns(planned, begin), begins=not callers)
        else:
            self.step(planned, lambda: self._make(planned, callers=callers))

    def step(
        self, planned: Sequence[Planned], body: Callable[[], _T], *, begins: bool = False
    ) -> _T:
        """Run `body` in a transaction, or a savepoint of the caller's, with short waits.

        Args:
            planned: What it makes.
            body: Makes it.
            begins: The transaction is our own, and `body` itself begins it.

        In a transaction of our own it is tried again when it had to give way. In the caller's
        the error goes on to them: only they can end their transaction and so let others pass.
        """
        try:
            if not self.may_commit:
                return self._in_callers(body)
            return self.patience.keep_trying(
                lambda: self._in_our_own(body, begins=begins),
                what=", ".join(item.what for item in planned),
                where=planned[0].operation.where,
                holder=self.holder,
            )
        except OperationError as error:
            error.state = error.state or refusal.kept(self.db, planned)
            raise about(error, planned[0].operation) from error.__cause__
        except peewee.PeeweeException as error:
            if gave_way(error) or not refusal.is_refusal(error):
                raise
            raise refusal.refused(self.db, error, planned, lambda: self.look().oid) from error

    @property
    def _begin(self) -> str:
        return f"BEGIN{also_short_waits(self.patience.lock_timeout)}"

    def _in_our_own(self, body: Callable[[], _T], *, begins: bool) -> _T:
        with own_transaction(
            self.db,
            begin=lambda: None if begins else send(self.db, self._begin),
            commit=lambda commit: commit(),
        ):
            return body()

    def _in_callers(self, body: Callable[[], _T]) -> _T:
        manual = isinstance(self.db.top_transaction(), peewee._manual)
        with (
            self.db.savepoint() if manual else self.db.atomic(),
            short_waits(self.db, self.patience.lock_timeout),
        ):
            return body()

    def _add_columns(self, planned: Sequence[Planned], begin: str) -> None:
        """One ALTER between two glances, in as few round trips as can be."""
        if begin and takes_a_script(self.db):
            try:
                before, after = self._add_unseen(planned, begin)
            except peewee.PeeweeException as error:
                if gave_way(error) or not refusal.is_refusal(error):
                    raise
                send(self.db, "ROLLBACK")  # step by step, what is wrong is found and told
            else:
                self.check(planned, before, after)
                return
        before = glance(self.db, self.schema, self.table, begin)
        after = glance_after(self.db, before, self._alter(planned, before))
        self.check(planned, before, after)

    def _add_unseen(self, planned: Sequence[Planned], begin: str) -> tuple[Sight, Sight]:
        table = unseen(self.schema, self.table)
        return glances(self.db, table, begin, self._alter(planned, table))

    def _make(self, planned: Sequence[Planned], *, callers: bool) -> None:
        change = planned[0].change
        schema = change.other_schema or self.schema
        if change.absent_is_fine and find(self.db, schema, self.table) is None:
            return
        before = look(self.db, schema, self.table)
        scanning = [item for item in planned if item.change.scans]
        if scanning and callers and is_large(self.db, before):
            for item in scanning:
                warn(_long_lock(item), LongLockWarning)
        if alter := self._alter(planned, before):
            send(self.db, alter)
        for item in planned:
            for statement in _sql(item.change.statements, item, self.db, before):
                send(self.db, statement)
            item.change.afterwards(self.db, before)
        if not change.removes_table:
            self.check(planned, before, look_again(self.db, before))

    def _alter(self, planned: Sequence[Planned], before: Sight) -> str:
        """The ALTER TABLE of these changes; empty where they are made by other statements."""
        actions = ", ".join(
            action
            for item in planned
            for action in _sql(item.change.actions, item, self.db, before)
        )
        return f"ALTER TABLE {before.qualified} {actions}" if actions else ""

    def check(self, planned: Sequence[Planned], before: Sight, after: Sight) -> None:
        """Raise OperationError, and so roll back, if more changed than the changes name."""
        # New constraints first: a new column takes all that came with it out of what is compared.
        for item in sorted(planned, key=lambda item: not item.change.last):
            before, after = item.change.forgive(before, after)
        if found := faithful.differences(before, after):
            names = ", ".join(str(item.operation) for item in planned)
            raise OperationError(
                f"{names} changed more than it names, so it was undone:\n  " + "\n  ".join(found),
                where=planned[0].operation.where,
                next="please report this; until then make the change with migrator.sql(…)",
            )


def _sql(
    compile_: Callable[[Any, Sight], list[str]], item: Planned, db: Any, sight: Sight
) -> list[str]:
    try:
        return compile_(db, sight)
    except OperationError as error:
        raise about(error, item.operation) from error.__cause__


def _long_lock(item: Planned) -> str:
    where = f" ({item.operation.where})" if item.operation.where else ""
    return (
        f"{item.operation}{where} reads all of the large table {item.operation.table!r} while "
        "nobody else may write to it. Without the long lock: put it in a migration of its own "
        "with `atomic = False` at the top of the file:\n\n"
        f"atomic = False\n\ndef migrate_forward():\n    migrate(\n"
        f"        migrator.{item.operation},\n    )\n"
    )
