"""Adding and dropping an index, also while others go on writing (CONCURRENTLY)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import peewee

from wheatear.engines.postgresql import concurrently
from wheatear.engines.postgresql.change import Change, Planned
from wheatear.engines.postgresql.faithful import keeping
from wheatear.engines.postgresql.literals import render
from wheatear.engines.postgresql.sight import Sight
from wheatear.engines.postgresql.spelling import quoted
from wheatear.errors import OperationError

if TYPE_CHECKING:
    from wheatear.engines.postgresql.work import Work


@dataclass(frozen=True)
class OfIndex(Change):
    name: str
    concurrently: bool
    alone: ClassVar[bool] = True
    names: ClassVar[tuple[str, ...]] = ("name",)

    @property
    def stepwise(self) -> bool:
        return self.concurrently

    def outside_only(self) -> None:
        """Raise OperationError where CONCURRENTLY would be inside a transaction."""
        if self.concurrently:
            raise OperationError(
                "concurrently=True cannot run inside a transaction.",
                next="say `atomic = False` at the top of the migration file",
            )


@dataclass(frozen=True)
class AddIndex(OfIndex):
    columns: tuple[Any, ...]
    unique: bool = False
    using: str | None = None
    where: Any = None
    nulls_distinct: bool | None = None

    def statements(self, db: Any, sight: Sight) -> list[str]:
        self.outside_only()
        for column in self.columns:
            if isinstance(column, str):
                sight.column(column)
        return [self.sql(db, sight)]

    def sql(self, db: Any, sight: Sight) -> str:
        """The CREATE INDEX that playhouse sends, with literals."""
        table = peewee.Table(sight.table.name, schema=sight.home)
        parts = [getattr(table.c, it) if isinstance(it, str) else it for it in self.columns]
        where = peewee.SQL(self.where) if isinstance(self.where, str) else self.where
        index = peewee.Index(
            self.name,
            table,
            parts,
            unique=self.unique,
            using=self.using,
            where=where,
            nulls_distinct=self.nulls_distinct,
        )
        return render(db, index)

    def in_steps(self, work: Work, item: Planned) -> None:
        sight = work.look()
        for column in self.columns:
            if isinstance(column, str):
                sight.column(column)
        concurrently.build(work, item, self.name, concurrently.worded(self.sql(work.db, sight)))

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        after.index(self.name)
        return before, keeping(after, index=lambda it: it.name != self.name)


@dataclass(frozen=True)
class DropIndex(OfIndex):
    def _there(self, sight: Sight) -> None:
        if sight.find_constraint(self.name):
            raise OperationError(
                f'The index "{self.name}" belongs to the constraint of that name.',
                next=f"migrator.drop_constraint({sight.table.name!r}, {self.name!r})",
            )
        sight.index(self.name)

    def statements(self, db: Any, sight: Sight) -> list[str]:
        del db
        self.outside_only()
        self._there(sight)
        return [f"DROP INDEX {quoted(sight.home, self.name)}"]

    def in_steps(self, work: Work, item: Planned) -> None:
        self._there(work.look())
        concurrently.drop(work, item, self.name)

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        return keeping(before, index=lambda it: it.name != self.name), after
