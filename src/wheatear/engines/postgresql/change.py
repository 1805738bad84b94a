"""What a change of a table is: the SQL that makes it and what may differ afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from wheatear.engines.operations import TableOperation
from wheatear.engines.postgresql.sight import Sight
from wheatear.errors import OperationError

if TYPE_CHECKING:
    from wheatear.engines.postgresql.work import Work


@dataclass(frozen=True)
class Change:
    """One change of a table, compiled when the table has been looked at.

    A change is made of ALTER TABLE actions, which neighbours share, or of whole statements. One
    that is `stepwise` knows a way over several transactions that holds no strong lock for long;
    it is taken where there is no transaction around it.
    """

    names: ClassVar[tuple[str, ...]] = ()
    alone: ClassVar[bool] = False
    """It is no ALTER TABLE action that others could stand beside."""
    last: ClassVar[bool] = False
    """Its expression may be about any column: nothing may be moved before it."""
    removes_table: ClassVar[bool] = False
    """There is no table to look at afterwards."""

    @property
    def scans(self) -> bool:
        """Whether in one go it reads every row under a strong lock."""
        return False

    @property
    def only_adds_a_column(self) -> bool:
        """Whether a glance before and after shows all that it could change."""
        return False

    @property
    def other_schema(self) -> str | None:
        """The schema its table is in, where the call says another than the migrator's."""
        return None

    @property
    def absent_is_fine(self) -> bool:
        """Whether a table that is not there leaves nothing to do."""
        return False

    @property
    def touches(self) -> frozenset[str]:
        """The columns and constraints it names; two changes of one ALTER name different ones."""
        return frozenset(getattr(self, name) for name in self.names)

    @property
    def stepwise(self) -> bool:
        """Whether `in_steps` is the way to make it outside a transaction."""
        return False

    def actions(self, db: Any, sight: Sight) -> list[str]:
        """The ALTER TABLE actions; raises OperationError where names are wrong."""
        del db, sight
        return []

    def statements(self, db: Any, sight: Sight) -> list[str]:
        """Whole statements to run after the ALTER TABLE."""
        del db, sight
        return []

    def afterwards(self, db: Any, sight: Sight) -> None:
        """Whatever else belongs to it, such as filling rows, in the same transaction."""

    def in_steps(self, work: Work, item: Planned) -> None:
        """Make it over several transactions."""
        raise NotImplementedError

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        """Both sights with what this change names made the same."""
        return before, after


@dataclass(frozen=True)
class Planned:
    """A change, and the user's call that asked for it."""

    operation: TableOperation
    change: Change

    @property
    def what(self) -> str:
        return f"{self.operation.name} on {self.operation.table}"


def about(error: OperationError, operation: TableOperation) -> OperationError:
    """The error, saying which of the user's operations it is about unless it does already."""
    error.operation = error.operation or operation
    if error.where is None:
        error.where = operation.where
        error.what = f"{operation}: {error.what}"
    return error


def in_goes(planned: list[Planned], *, stepwise: bool) -> list[list[Planned]]:
    """Group neighbours that one ALTER TABLE makes.

    The server runs the actions of one ALTER TABLE in its own order (drops, types, new columns,
    constraints), so those that name the same thing must not share one.
    https://www.postgresql.org/docs/current/sql-altertable.html
    """
    goes: list[list[Planned]] = []
    for item in planned:
        if goes and _fits(goes[-1], item, stepwise=stepwise):
            goes[-1].append(item)
        else:
            goes.append([item])
    return goes


def _fits(go: list[Planned], item: Planned, *, stepwise: bool) -> bool:
    for change in (item.change, go[-1].change):
        if change.alone or (stepwise and change.stepwise):
            return False
    if any(other.change.last for other in go) and not item.change.last:
        return False
    return not any(other.change.touches & item.change.touches for other in go)
