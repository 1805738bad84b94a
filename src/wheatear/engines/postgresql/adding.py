"""Adding a column: with a constant default as one change of the catalogue, or filled row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from wheatear.engines.postgresql import adding_in_steps, field_ddl, filling
from wheatear.engines.postgresql.change import Change, Planned
from wheatear.engines.postgresql.faithful import keeping, without_column
from wheatear.engines.postgresql.indexes import AddIndex
from wheatear.engines.postgresql.send import send
from wheatear.engines.postgresql.sight import Sight
from wheatear.engines.postgresql.spelling import clipped, quoted
from wheatear.engines.refused import NamesError

if TYPE_CHECKING:
    from wheatear.engines.postgresql.work import Work


@dataclass(frozen=True)
class AddColumn(Change):
    """`field` is a `field_ddl.ready` one; `null` is what the user's field says."""

    column: str
    field: Any
    null: bool
    default: Any
    filled: bool
    """Each row gets a value of its own, which a callable default makes."""
    references: str | None
    index: AddIndex | None
    names: ClassVar[tuple[str, ...]] = ("column",)

    @property
    def scans(self) -> bool:
        return self.filled

    @property
    def only_adds_a_column(self) -> bool:
        # What makes its own values, such as a SERIAL, has the server write each row anew.
        known = self.null or self.default is not None
        return known and not (self.stepwise or self.field.constraints or self.field.unique)

    @property
    def stepwise(self) -> bool:
        return self.filled or self.index is not None or self.references is not None

    def actions(self, db: Any, sight: Sight) -> list[str]:
        if sight.has_column(self.column):
            raise NamesError(f'Table "{sight.table.name}" has a column "{self.column}" already.')
        definition = field_ddl.definition(
            db,
            self.field,
            null=self.null or self.filled,
            default=self.default,
        )
        if self.references:
            key = f"CONSTRAINT {quoted(self.key(sight))} {self.references}"
            definition = f"{definition} {key}"
        return [f"ADD COLUMN {definition}"]

    def key(self, sight: Sight) -> str:
        """The foreign key's name: the server's own unless the field says one."""
        name = self.field.constraint_name or f"{sight.table.name}_{self.column}_fkey"
        return clipped(name)

    def statements(self, db: Any, sight: Sight) -> list[str]:
        return [] if self.filled or self.index is None else [self.index.sql(db, sight)]

    def afterwards(self, db: Any, sight: Sight) -> None:
        if not self.filled:
            return
        for leaf in filling.leaves(db, sight.oid):
            for pages in filling.batches(db, leaf):
                filling.fill(db, leaf, self.column, self.field, pages, others=False)
        send(db, f"ALTER TABLE {sight.qualified} ALTER COLUMN {quoted(self.column)} SET NOT NULL")
        if self.index is not None:
            send(db, self.index.sql(db, sight))

    def in_steps(self, work: Work, item: Planned) -> None:
        adding_in_steps.add(work, item, self)

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        named = self.index.name if self.index else None
        after = keeping(
            without_column(after, self.column),
            lambda it: before.find_constraint(it.name or "") is not None,
            lambda it: it.name != named,
        )
        return before, after
