"""Making operations of one table: planned together where they can be, made, looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import peewee

from wheatear.engines.operations import TableOperation
from wheatear.engines.refused import sense_of
from wheatear.errors import LockTimeoutError, OperationError, Sense

from .alter import Alter
from .batch import Batch, merge, new_batch
from .blame import blamed, is_about_connection
from .change import Change, NamesError, RefusedError, Step, TableState, near
from .check import surprises
from .definition import Definition
from .server_errors import NO_SUCH_TABLE, NULL_IN_NOT_NULL, error_number, server_message
from .session import Session

_REFILLS = 5


class _MissingError(NamesError):
    def __init__(self, name: str, tables: list[str]) -> None:
        super().__init__(f"There is no table {name!r}{near(name, tables)}")


class Run:
    """One call of `apply`: the operations, in order, and what became of them."""

    def __init__(
        self,
        session: Session,
        name: str,
        sql_name: str,
        new_context: Callable[[], Any],
        schema: str | None,
    ) -> None:
        self.session = session
        self._name = name
        self._sql_name = sql_name
        self._new_context = new_context
        self._schema = schema or session.schema
        self._operations: Sequence[TableOperation] = ()
        self._made: list[TableOperation] = []
        self._half = ""

    def make(self, operations: Sequence[TableOperation]) -> None:
        """Make all of them.

        Raises:
            OperationError: One was refused, or changed more than it names.
            LockTimeoutError: The table's lock was not to be had.
        """
        self._operations = operations
        planned = [(operation, self._step(operation)) for operation in operations]
        with self._blaming(operations[:1]):
            try:
                batch = new_batch(self._read())
            except _MissingError:
                if not all(step.may_be_missing for _, step in planned):
                    raise
                return
        for operation, step in planned:
            batch = self._take(batch, operation, step)
        self._finish(batch)

    def _step(self, operation: TableOperation) -> Step:
        with self._blaming([operation]):
            made = operation.plan()
        if not isinstance(made, Step):
            raise TypeError(f"{operation} made no step: {made!r}")
        return made

    def _take(self, batch: Batch, operation: TableOperation, step: Step) -> Batch:
        with self._blaming([operation]):
            if merge(batch, operation, step):
                return batch
        if batch.changes and (step.alone or not batch.takes(step.names)):
            batch = self._finish(batch)
        with self._blaming([operation]):
            change = step.plan(batch.state)
        if batch.changes and not batch.takes(step.names, change):
            batch = self._finish(batch)
            with self._blaming([operation]):
                change = step.plan(batch.state)
        batch.add(operation, step.names, change)
        return self._finish(batch) if step.alone or change.then or change.after else batch

    def _finish(self, batch: Batch) -> Batch:
        """Send the batch's statement, compare, and do what comes after it."""
        if not batch.changes:
            return batch
        state = batch.state
        if any(change.clauses or change.statement for change in batch.changes):
            with self._blaming(batch.operations, batch.changes, batch.before):
                self._send(batch)
            gone = batch.changes[-1].renamed_to
            if gone != "":
                state = self._compare(batch, gone)
        after = new_batch(state)
        for operation, change in zip(batch.operations, batch.changes, strict=True):
            self._half = change.half
            for step in self._steps(operation, change, state):
                after = self._take(after, operation, step)
            self._half = ""
        self._made += [one for one in batch.operations if one not in self._made]
        return after

    def _steps(
        self, operation: TableOperation, change: Change, state: TableState
    ) -> Iterator[Step]:
        if change.then is not None:
            with self._blaming([operation]):
                yield from list(change.then(state))

    def _send(self, batch: Batch) -> None:
        what = ", ".join(str(operation) for operation in batch.operations)
        gone: list[str] = []
        for sql in batch.changes[0].first:
            self.session.execute(sql, what)
            gone.append(sql)
            self._half = f"Made already, and it stays: {'; '.join(gone)}."
        statement = batch.changes[-1].statement
        if statement:
            self.session.execute(statement, what)
            self._half = ""
            return
        self._alter(batch, what)
        for after in batch.changes[-1].after:
            self._half = f"The table is changed; this is not made yet: {after.sql}"
            self.session.execute_under(dict(after.settings), after.sql, what)
        self._half = ""

    def _alter(self, batch: Batch, what: str) -> None:
        sent = [
            (op, ch) for op, ch in zip(batch.operations, batch.changes, strict=True) if ch.clauses
        ]
        unchecked = all(change.unchecked for _, change in sent)

        def made(number: int, wholly: bool) -> None:
            operation, change = sent[number]
            self._half = "" if wholly else change.half
            if wholly and operation not in self._made and change.then is None:
                self._made.append(operation)

        alter = Alter(self.session, batch.before.sql_name, what, unchecked, made)
        refill = batch.changes[-1].refill
        pieces = [change.pieces for _, change in sent]
        together = any(change.rebuilds for _, change in sent)
        for left in reversed(range(_REFILLS if refill else 1)):
            try:
                alter.send(pieces, together=together)
            except peewee.DatabaseError as error:
                if not left or refill is None or error_number(error) not in NULL_IN_NOT_NULL:
                    raise
            else:
                return
            refill(batch.state)

    def _compare(self, batch: Batch, renamed_to: str | None) -> TableState:
        if renamed_to is not None:
            self._sql_name = self._sql_name[: -len(_quoted(self._name))] + _quoted(renamed_to)
            self._name = renamed_to
        with self._blaming(batch.operations):
            state = self._read()
        found = surprises(batch.changes, state.definition)
        if found:
            named = ", ".join(str(operation) for operation in batch.operations)
            raise OperationError(
                f"{named} changed more than it names: {'; '.join(found)}.",
                where=batch.operations[0].where,
                state=f"The change is made and stays: {self.session.server.name} cannot take it"
                " back.",
                next="Put the rest back by hand with the text above, and please report this.",
            )
        return state

    def _read(self) -> TableState:
        try:
            row = self.session.show_create(self._sql_name)
        except peewee.DatabaseError as error:
            if error_number(error) != NO_SUCH_TABLE:
                raise
            row = ()
        if not row:
            raise _MissingError(self._name, self.session.tables(self._schema))
        if not str(row[1]).upper().startswith(("CREATE TABLE", "CREATE TEMPORARY TABLE")):
            raise RefusedError(f"{self._name!r} is a view or a sequence, not a table.")
        definition = Definition.parse(str(row[1]))
        # The server's own spelling: other catalogue tables compare it letter by letter.
        return TableState(
            definition.table,
            self._sql_name,
            self._schema,
            definition,
            definition,
            self.session,
            self._new_context,
        )

    @contextmanager
    def _blaming(
        self,
        operations: Sequence[TableOperation],
        changes: Sequence[Change] = (),
        state: TableState | None = None,
    ) -> Iterator[None]:
        """Turn what goes wrong into an error that names the operation and the user's line."""
        try:
            yield
        except RefusedError as error:
            raise self._error(operations, error.what, error.next, error.sense) from error
        except (ValueError, AttributeError, KeyError, NotImplementedError) as error:
            raise self._error(operations, f"{type(error).__name__}: {error}", None) from error
        except LockTimeoutError as error:
            error.where = error.where or operations[0].where
            error.state = self._state_text()
            raise
        except peewee.DatabaseError as error:
            if is_about_connection(error):
                raise
            raise self._server_error(operations, changes, state, error) from error

    def _server_error(
        self,
        operations: Sequence[TableOperation],
        changes: Sequence[Change],
        state: TableState | None,
        error: peewee.DatabaseError,
    ) -> OperationError:
        number = error_number(error) or 0
        message = server_message(error)
        for operation, change in zip(operations, changes, strict=False):
            if change.explain and state and (refused := change.explain(number, state)):
                sense = refused.sense or sense_of(error)
                return self._error([operation], refused.what, refused.next, sense)
        what = f"{self.session.server.name} refused it: {message} (error {number})"
        return self._error(blamed(operations, message), what, None, sense_of(error))

    def _error(
        self,
        operations: Sequence[TableOperation],
        what: str,
        next: str | None,  # noqa: A002
        sense: Sense | None = None,
    ) -> OperationError:
        named = " or ".join(str(operation) for operation in operations)
        error = OperationError(
            f"{named}: {what}",
            where=", ".join(dict.fromkeys(op.where for op in operations if op.where)) or None,
            state=self._state_text(),
            next=next,
        )
        error.sense = sense
        error.operation = operations[0] if len(operations) == 1 else None
        return error

    def _state_text(self) -> str:
        if not self._made:
            return self._half or "Nothing was changed."
        made = ", ".join(str(operation) for operation in self._made)
        rest = ", ".join(str(op) for op in self._operations if op not in self._made)
        return (
            f"{self.session.server.name} commits each ALTER by itself. Made, and they stay:"
            f" {made}. Not made: {rest}. {self._half}".strip()
        )


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
