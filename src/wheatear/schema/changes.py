"""What can differ between two schemas, as data: what undoes it and what it destroys follow from it.

A change holds the whole value that it makes or removes, so that its inverse needs nothing else. An
engine turns a change into a migrator's operation; the writer prints that operation as source.
"""

from __future__ import annotations

from dataclasses import dataclass

from wheatear.schema.model import Column, Constraint, Index, Object, Table
from wheatear.schema.widening import is_wider


class Change:
    """One difference between two schemas."""

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        raise NotImplementedError

    @property
    def destroys(self) -> str | None:
        """What data it destroys that its inverse cannot bring back, in words; None for nothing."""
        return None


@dataclass(frozen=True)
class AddTable(Change):
    """A table that is new; foreign keys that wait for other tables are changes of their own."""

    table: Table

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return DropTable(self.table)


@dataclass(frozen=True)
class DropTable(Change):
    """A table that is no more."""

    table: Table

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return AddTable(self.table)

    @property
    def destroys(self) -> str | None:
        """What is lost."""
        return f"all rows of table {self.table.name}"


@dataclass(frozen=True)
class RenameTable(Change):
    """A table under another name, with all it holds."""

    old: str
    new: str

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return RenameTable(self.new, self.old)


@dataclass(frozen=True)
class AlterTable(Change):
    """A table with other options or another comment; its columns and constraints stay."""

    before: Table
    after: Table

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return AlterTable(self.after, self.before)


@dataclass(frozen=True)
class AddColumn(Change):
    """A column that is new."""

    table: str
    column: Column

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return DropColumn(self.table, self.column)


@dataclass(frozen=True)
class DropColumn(Change):
    """A column that is no more."""

    table: str
    column: Column

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return AddColumn(self.table, self.column)

    @property
    def destroys(self) -> str | None:
        """What is lost."""
        if self.column.generated is not None:
            return None
        return f"the values of column {self.column.name} of table {self.table}"


@dataclass(frozen=True)
class RenameColumn(Change):
    """A column under another name, with its values."""

    table: str
    old: str
    new: str

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return RenameColumn(self.table, self.new, self.old)


@dataclass(frozen=True)
class AlterColumn(Change):
    """A column of another type, nullability, default, collation, generation or comment."""

    table: str
    before: Column
    after: Column

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return AlterColumn(self.table, self.after, self.before)

    @property
    def destroys(self) -> str | None:
        """What is lost."""
        if self.before.type == self.after.type or is_wider(self.before.type, self.after.type):
            return None
        return (
            f"whatever of column {self.after.name} of table {self.table} does not fit in "
            f"{self.after.type} (it was {self.before.type})"
        )


@dataclass(frozen=True)
class AddConstraint(Change):
    """A constraint that is new."""

    table: str
    constraint: Constraint

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return DropConstraint(self.table, self.constraint)


@dataclass(frozen=True)
class DropConstraint(Change):
    """A constraint that is no more."""

    table: str
    constraint: Constraint

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return AddConstraint(self.table, self.constraint)


@dataclass(frozen=True)
class AddIndex(Change):
    """An index that is new."""

    table: str
    index: Index

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return DropIndex(self.table, self.index)


@dataclass(frozen=True)
class DropIndex(Change):
    """An index that is no more."""

    table: str
    index: Index

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return AddIndex(self.table, self.index)


@dataclass(frozen=True)
class AddObject(Change):
    """A view, trigger, sequence or the like that is new."""

    object: Object

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return DropObject(self.object)


@dataclass(frozen=True)
class DropObject(Change):
    """A view, trigger, sequence or the like that is no more."""

    object: Object

    @property
    def inverse(self) -> Change:
        """The change that undoes it."""
        return AddObject(self.object)
