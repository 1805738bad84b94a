"""Schema operations that are known before they run, so that neighbours can be made together.

playhouse's `Operation` is a closure: it runs, and only then shows what it does. A `TableOperation`
says beforehand which table it changes and remembers the user's line, so that a migrator can make
changes in a row on one table as one rebuild or one ALTER, and an error can name the operation.
"""

from __future__ import annotations

import functools
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from types import FrameType, ModuleType
from typing import Any, Concatenate, ParamSpec, TypeVar

import peewee
import playhouse.migrate
from playhouse.migrate import Operation

from wheatear.engines.operating import note, operating
from wheatear.engines.refused import as_peewees
from wheatear.errors import OperationError

_OURS = (
    os.path.dirname(os.path.dirname(__file__)),
    sys.modules[Operation.__module__].__file__ or "",
)

_P = ParamSpec("_P")
_M = TypeVar("_M", bound="OperationsInARow")


class TableOperation(Operation):  # type: ignore[misc]
    """One change to one table, as the user wrote it.

    Attributes:
        name: The migrator's method, such as `add_not_null`.
        table: The table it changes.
        where: `file:line` of the user's call, or None if there is none.
        is_given: `migrate()` has been given it.
    """

    is_given = False

    def __init__(
        self,
        migrator: OperationsInARow,
        method: Callable[..., Any],
        table: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        super().__init__(migrator, method, table, *args, **kwargs)
        self.name = method.__name__
        self.table = table
        self.where = _user_line()
        note(self)

    def plan(self) -> Any:
        """Return what the migrator's method makes of the arguments: the engine's own change."""
        return self.fn(self.migrator, *self.args, **self.kwargs)

    def run(self) -> None:
        """Make this change alone."""
        self.is_given = True
        self.migrator.make(self.table, [self])

    def __str__(self) -> str:
        """The call as the user wrote it, fields by their class."""
        words = [_shown(arg) for arg in self.args]
        words += [f"{key}={_shown(value)}" for key, value in self.kwargs.items()]
        return f"{self.name}({', '.join(words)})"


_LITERALS = (str, int, float, bool, bytes, tuple, list, type(None))


def _shown(value: Any) -> str:
    if isinstance(value, _LITERALS):
        return repr(value)
    if isinstance(value, peewee.SQL):
        return f"SQL({value.sql!r})"
    return f"{type(value).__name__}(…)"


def table_operation(
    method: Callable[Concatenate[_M, str, _P], Any],
) -> Callable[Concatenate[_M, str, _P], TableOperation]:
    """Make a migrator's method return a `TableOperation` that calls it when it runs."""

    @functools.wraps(method)
    def operation(self: _M, table: str, *args: _P.args, **kwargs: _P.kwargs) -> TableOperation:
        return TableOperation(self, method, table, args, kwargs)

    return operation  # type: ignore[return-value]  # wraps() names the first parameter


class OperationsInARow:
    """A migrator that makes changes in a row on one table together. Mixed in before playhouse's.

    Args:
        database: The Peewee database.
        schema: The tables' schema; None is what a name alone means.
    """

    def __init__(self, database: Any, schema: str | None = None) -> None:
        super().__init__(database)  # type: ignore[call-arg]  # playhouse's own, mixed in behind
        self.schema = schema  # playhouse's knows it from 4.5 on

    def migrate(self, *operations: Operation) -> None:
        """Run the operations in order, those in a row on one table as one change.

        Args:
            operations: What the migrator's methods returned.

        Raises:
            OperationError: An operation was refused, or was undone since it changed more than
                it names.
        """
        for operation in operations:
            operation.is_given = True
        for table, group in in_a_row(operations):
            if table is None:
                for operation in group:
                    operation.run()
            else:
                self.make(table, group)

    def make(self, table: str, operations: Sequence[TableOperation]) -> None:
        """Make these changes of one table; what is refused is an error of Peewee's too.

        Raises:
            OperationError: An operation was refused or undone.
        """
        try:
            self.apply(table, operations)
        except OperationError as error:
            told = as_peewees(error, operations)
            if told is error:
                raise
            raise told.with_traceback(error.__traceback__) from error.__cause__

    def apply(self, table: str, operations: Sequence[TableOperation]) -> None:
        """Make these changes of one table, together. Each engine's migrator knows how."""
        raise NotImplementedError


def migrate(*operations: Operation, **_: Any) -> None:
    """Playhouse's `migrate`, which makes changes in a row on one table together.

    Args:
        operations: What the methods of one or more migrators returned.
    """
    with operating():
        for migrator, group in itertools.groupby(operations, lambda operation: operation.migrator):
            if isinstance(migrator, OperationsInARow):
                migrator.migrate(*group)
            else:
                for operation in group:
                    operation.run()


def rebind(module: ModuleType) -> None:
    """Let a migration's `from playhouse.migrate import *` mean the `migrate` above."""
    if getattr(module, "migrate", None) is playhouse.migrate.migrate:
        module.__dict__["migrate"] = migrate


def in_a_row(operations: Iterable[Operation]) -> list[tuple[str | None, list[Any]]]:
    """Group neighbours by the table they change; what is not a `TableOperation` has none (None)."""
    groups: list[tuple[str | None, list[Any]]] = []
    for operation in operations:
        table = operation.table if isinstance(operation, TableOperation) else None
        if groups and table is not None and groups[-1][0] == table:
            groups[-1][1].append(operation)
        else:
            groups.append((table, [operation]))
    return groups


def _user_line() -> str | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else None
