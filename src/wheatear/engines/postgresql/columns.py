"""Changes of what a column is: its null, default, type and name, and dropping it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import peewee

from wheatear.engines.called import called
from wheatear.engines.postgresql import field_ddl, not_valid
from wheatear.engines.postgresql.change import Change, Planned
from wheatear.engines.postgresql.faithful import (
    blurred,
    keeping,
    mentions,
    names_column,
    with_column,
    without_column,
)
from wheatear.engines.postgresql.literals import default_of, render
from wheatear.engines.postgresql.send import ask
from wheatear.engines.postgresql.sight import Sight
from wheatear.engines.postgresql.spelling import quoted
from wheatear.engines.warn import warn
from wheatear.errors import OperationError
from wheatear.schema.model import Column

if TYPE_CHECKING:
    from wheatear.engines.postgresql.work import Work


class FieldDiffersWarning(UserWarning):
    """The field given to `alter_column_type` says more than a type; only the type is changed."""


@dataclass(frozen=True)
class OfColumn(Change):
    """A change of one column that is there."""

    column: str
    names: ClassVar[tuple[str, ...]] = ("column",)

    def altered(self, sight: Sight, action: str) -> list[str]:
        """The one ALTER COLUMN action."""
        sight.column(self.column)
        return [f"ALTER COLUMN {quoted(self.column)} {action}"]


@dataclass(frozen=True)
class SetNotNull(OfColumn):
    @property
    def scans(self) -> bool:
        return True

    @property
    def stepwise(self) -> bool:
        return True

    def actions(self, db: Any, sight: Sight) -> list[str]:
        del db
        return self.altered(sight, "SET NOT NULL")

    def in_steps(self, work: Work, item: Planned) -> None:
        not_valid.set_not_null(work, item, self.column)

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        return with_column(before, self.column, null=False), after


@dataclass(frozen=True)
class DropNotNull(OfColumn):
    def actions(self, db: Any, sight: Sight) -> list[str]:
        del db
        return self.altered(sight, "DROP NOT NULL")

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        return with_column(before, self.column, null=True), after


@dataclass(frozen=True)
class SetDefault(OfColumn):
    value: Any

    def actions(self, db: Any, sight: Sight) -> list[str]:
        column = sight.column(self.column)
        if column.generated:
            raise OperationError(
                f'Column "{self.column}" is made by the database ({column.generated}), so it can '
                "have no default."
            )
        value = called(self.value) if callable(self.value) else self.value
        # As playhouse has it: SQL functions and quoted strings are SQL, all else is a value.
        if isinstance(value, str) and value.endswith((")", "'")):
            value = peewee.SQL(value)
        return self.altered(sight, f"SET DEFAULT {default_of(db, peewee.Field(), value)}")

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        default = after.column(self.column).default
        return with_column(before, self.column, default=default), after


@dataclass(frozen=True)
class DropDefault(OfColumn):
    def actions(self, db: Any, sight: Sight) -> list[str]:
        del db
        return self.altered(sight, "DROP DEFAULT")

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        return with_column(before, self.column, default=None), after


@dataclass(frozen=True)
class AlterType(OfColumn):
    field: Any
    cast: Any = None

    def actions(self, db: Any, sight: Sight) -> list[str]:
        column = sight.column(self.column)
        type_ = field_ddl.type_of(db, self.field)
        self._say_what_is_not_applied(db, column, type_)
        action = f"TYPE {type_}{self._collation(db, column, type_)}"
        if self.cast is not None:
            cast = render(db, self.cast) if isinstance(self.cast, peewee.Node) else self.cast
            action += f" USING {cast}"
        return self.altered(sight, action)

    def _collation(self, db: Any, column: Column, type_: str) -> str:
        """TYPE sets the collation too; said again, it stays what it was."""
        if self.field.collation:
            return f" COLLATE {self.field.collation}"
        if column.collation is None:
            return ""
        ((collatable,),) = ask(
            db, "SELECT typcollation <> 0 FROM pg_type WHERE oid = %s::regtype", type_
        )
        return f" COLLATE {column.collation}" if collatable else ""

    def _say_what_is_not_applied(self, db: Any, column: Column, type_: str) -> None:
        said = []
        name = f"{self.column!r}"
        if bool(self.field.null) != column.null:
            method = "drop_not_null" if self.field.null else "add_not_null"
            said.append(f"null={bool(self.field.null)} (migrator.{method}(…, {name}) does that)")
        default = self.field.default
        if default is not None and not callable(default):
            wanted = default_of(db, field_ddl.ready(db, self.field, self.column), default)
            if not _same_value(db, type_, column.default, wanted):
                said.append(
                    f"default={default!r} (migrator.add_column_default(…, {name}, …) does that)"
                )
        if (column.default or "").startswith("nextval(") and type_.upper() == "BIGINT":
            said.append(
                "the range of the sequence it takes its numbers from (ALTER SEQUENCE … AS bigint)"
            )
        if said:
            message = f"alter_column_type changes the type of {name} alone, not " + ", ".join(said)
            warn(message, FieldDiffersWarning)

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        return self._alike(before, after), self._alike(after, after)

    def _alike(self, sight: Sight, after: Sight) -> Sight:
        """The type left out, and how the engine reprints what the column is used in."""
        column = sight.column(self.column)
        new = after.column(self.column)
        free = self.field.collation or not _COLLATABLE.match(new.type)
        sight = with_column(
            blurred(sight, self.column),
            self.column,
            type="…",
            default=None if column.default is None else "…",
            collation=None if free else column.collation,
        )
        return replace(sight, triggers=sight.triggers)


_COLLATABLE = re.compile(r"text|character|name|citext|\"char\"")


def _same_value(db: Any, type_: str, default: str | None, wanted: str) -> bool:
    if default is None:
        return False
    try:
        with db.atomic():
            query = f"SELECT ({default})::{type_}::text = ({wanted})::{type_}::text"
            ((same,),) = ask(db, query.replace("%", "%%"))
            return bool(same)
    except peewee.PeeweeException:
        return False


@dataclass(frozen=True)
class RenameColumn(Change):
    column: str
    new: str
    alone: ClassVar[bool] = True
    names: ClassVar[tuple[str, ...]] = ("column", "new")

    def statements(self, db: Any, sight: Sight) -> list[str]:
        del db
        sight.column(self.column)
        old, new = quoted(self.column), quoted(self.new)
        return [f"ALTER TABLE {sight.qualified} RENAME COLUMN {old} TO {new}"]

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(self.new if name == self.column else name for name in names)

        old = blurred(before, self.column, self.new)
        own = before.table.name
        table = replace(
            old.table,
            columns=tuple(
                replace(it, name=self.new) if it.name == self.column else it
                for it in old.table.columns
            ),
            constraints=tuple(
                replace(
                    it,
                    columns=renamed(it.columns),
                    targets=renamed(it.targets) if it.table == own else it.targets,
                )
                for it in old.table.constraints
            ),
        )
        return replace(old, table=table), blurred(after, self.column, self.new)


@dataclass(frozen=True)
class DropColumn(OfColumn):
    cascade: bool = False

    def actions(self, db: Any, sight: Sight) -> list[str]:
        del db
        sight.column(self.column)
        cascade = " CASCADE" if self.cascade else ""
        return [f"DROP COLUMN {quoted(self.column)}{cascade}"]

    def forgive(self, before: Sight, after: Sight) -> tuple[Sight, Sight]:
        """Its own indexes and keys go with it; with CASCADE whatever else is about it."""
        gone = without_column(before, self.column)
        if self.cascade:
            for column in before.table.columns:
                if mentions(column.generated, self.column) and not after.has_column(column.name):
                    gone = without_column(gone, column.name)
            kept = {trigger.name for trigger in after.triggers}
            gone = replace(gone, triggers=tuple(it for it in gone.triggers if it.name in kept))
        gone = keeping(
            gone,
            lambda it: bool(after.find_constraint(it.name or "")) or not self._about(it),
            lambda it: bool(after.find_index(it.name)) or not self._about(it),
        )
        return gone, after

    def _about(self, thing: Any) -> bool:
        return names_column(thing, self.column)
