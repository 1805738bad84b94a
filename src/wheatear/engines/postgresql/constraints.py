"""Adding and dropping a table's constraints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from wheatear.engines.postgresql import not_valid
from wheatear.engines.postgresql.change import Change, Planned
from wheatear.engines.postgresql.faithful import keeping
from wheatear.engines.postgresql.sight import Sight
from wheatear.engines.postgresql.spelling import quoted
from wheatear.engines.refused import NamesError
from wheatear.errors import OperationError

if TYPE_CHECKING:
    from wheatear.engines.postgresql.work import Work

_CAN_BE_NOT_VALID = re.compile(r"\s*(CHECK|FOREIGN\s+KEY)\b", re.IGNORECASE)
_IS_NOT_VALID = re.compile(r"\bNOT\s+VALID\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class AddConstraint(not_valid.NewConstraint):
    """`definition` is what follows the name; `columns` those it is known to be about."""

    definition: str = ""
    columns: tuple[str, ...] = ()
    last: ClassVar[bool] = True

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.constraint, *self.columns})

    @property
    def scans(self) -> bool:
        return bool(_CAN_BE_NOT_VALID.match(self.definition)) and not self._left_unchecked

    @property
    def _left_unchecked(self) -> bool:
        return bool(_IS_NOT_VALID.search(self.definition))

    @property
    def stepwise(self) -> bool:
        return self.scans

    def actions(self, db: Any, sight: Sight) -> list[str]:
        del db
        for column in self.columns:
            sight.column(column)
        return [f"ADD CONSTRAINT {quoted(self.constraint)} {self.definition}"]

    def in_steps(self, work: Work, item: Planned) -> None:
        sight = work.look()
        for column in self.columns:
            sight.column(column)
        if sight.partitioned:  # https://www.postgresql.org/docs/15/ddl-partitioning.html
            work.go([item])
        else:
            not_valid.add(work, item, self.constraint, self.definition)


@dataclass(frozen=True)
class DropConstraint(Change):
    constraint: str
    names: ClassVar[tuple[str, ...]] = ("constraint",)

    def actions(self, db: Any, sight: Sight) -> list[str]:
        del db
        sight.constraint(self.constraint)
        return [f"DROP CONSTRAINT {quoted(self.constraint)}"]

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        return keeping(before, lambda it: it.name != self.constraint), after


@dataclass(frozen=True)
class DropForeignKey(Change):
    """Drops the foreign key of one column, whatever it is called."""

    column: str
    names: ClassVar[tuple[str, ...]] = ("column",)

    def _name(self, sight: Sight) -> str:
        sight.column(self.column)
        keys = [it for it in sight.table.constraints if it.kind == "foreign key"]
        own = [it for it in keys if it.columns == (self.column,)]
        own = own or [it for it in keys if self.column in it.columns]
        if len(own) == 1:
            return own[0].name or ""
        table = sight.table.name
        if not own:
            raise NamesError(f'Column "{self.column}" of "{table}" has no foreign key.')
        raise OperationError(
            f'Column "{self.column}" of "{table}" has {len(own)} foreign keys.',
            next=f"say which: migrator.drop_constraint({table!r}, {own[0].name!r})",
        )

    def actions(self, db: Any, sight: Sight) -> list[str]:
        del db
        return [f"DROP CONSTRAINT {quoted(self._name(sight))}"]

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        name = self._name(before)
        return keeping(before, lambda it: it.name != name), after
