"""Adding a column: with a constant default as one change of the catalogue, or filled row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from wheatear.engines.postgresql import field_ddl, filling, not_valid
from wheatear.engines.postgresql.change import Change, Planned
from wheatear.engines.postgresql.faithful import keeping, without_column
from wheatear.engines.postgresql.indexes import AddIndex
from wheatear.engines.postgresql.literals import default_of
from wheatear.engines.postgresql.send import ask, send
from wheatear.engines.postgresql.sight import Sight
from wheatear.engines.postgresql.spelling import quoted, string
from wheatear.errors import OperationError

if TYPE_CHECKING:
    from wheatear.engines.postgresql.work import Work

_MARK = "wheatear: being filled; run the migration again to finish it"


@dataclass(frozen=True)
class AddColumn(Change):
    """`field` is a `field_ddl.ready` one; `null` is what the user's field says."""

    column: str
    field: Any
    schema_of_target: str | None
    null: bool
    default: Any
    filled: bool
    index: AddIndex | None
    names: ClassVar[tuple[str, ...]] = ("column",)

    @property
    def stepwise(self) -> bool:
        return self.filled

    def actions(self, db: Any, sight: Sight) -> list[str]:
        if sight.has_column(self.column):
            raise OperationError(
                f'Table "{sight.table.name}" has a column "{self.column}" already.'
            )
        late = self.null and self.default is not None
        definition = field_ddl.definition(
            db,
            self.schema_of_target,
            self.field,
            null=self.null or self.filled,
            default=None if late else self.default,
        )
        actions = [f"ADD COLUMN {definition}"]
        if late:
            # Rows that are there stay NULL, as with playhouse: the field allows them to be.
            value = default_of(db, self.field, self.default)
            actions.append(f"ALTER COLUMN {quoted(self.column)} SET DEFAULT {value}")
        return actions

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
        """Add it as NULL, fill it in many transactions, then NOT NULL the NOT VALID way."""
        sight = work.look()
        if not self._left_over(work.db, sight):
            work.step([item], lambda: self._begin(work, item))

        def fill() -> None:
            for leaf in filling.leaves(work.db, sight.oid):
                for pages in filling.batches(work.db, leaf):
                    work.step(
                        [item],
                        lambda leaf=leaf, pages=pages: filling.fill(  # type: ignore[misc]
                            work.db, leaf, self.column, self.field, pages, others=True
                        ),
                    )

        def finish() -> None:
            send(work.db, self._comment(sight, "NULL"))
            if self.index is not None and sight.find_index(self.index.name) is None:
                send(work.db, self.index.sql(work.db, sight))

        fill()
        # Rows that came meanwhile are few; from the check on there can be no new ones.
        not_valid.set_not_null(work, item, self.column, fill=fill, finish=finish)

    def _begin(self, work: Work, item: Planned) -> None:
        before = work.look()
        (action,) = self.actions(work.db, before)
        send(work.db, f"ALTER TABLE {before.qualified} {action}")
        send(work.db, self._comment(before, string(_MARK)))
        work.check([item], before)

    def _comment(self, sight: Sight, text: str) -> str:
        return f"COMMENT ON COLUMN {sight.qualified}.{quoted(self.column)} IS {text}"

    def _left_over(self, db: Any, sight: Sight) -> bool:
        """Whether an earlier run died while it filled the column."""
        return bool(
            ask(
                db,
                "SELECT 1 FROM pg_attribute WHERE attrelid = %s AND attname = %s "
                "AND NOT attisdropped AND col_description(attrelid, attnum) = %s",
                sight.oid,
                self.column,
                _MARK,
            )
        )

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        named = self.index.name if self.index else None
        after = keeping(
            without_column(after, self.column),
            lambda it: before.find_constraint(it.name or "") is not None,
            lambda it: it.name != named,
        )
        return replace(before), after
