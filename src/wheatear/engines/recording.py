"""What a step did to the schema, found without reading the whole of it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from wheatear.engines.alterations import Alteration, Drops

if TYPE_CHECKING:  # a recorder is made by every run that does something
    from wheatear.schema.model import Schema


# What may bring the rows of a table into another one.
_COPIES = re.compile(
    r"\b(?:INSERT|REPLACE|COPY|LOAD|MERGE|SELECT|CALL|EXECUTE|DO)\b", re.IGNORECASE
)


class Renamed(NamedTuple):
    """A table, or a column, under another name.

    Attributes:
        table: The table's name before the step.
        old: The name before the step: the table's own, or the column's.
        new: The name after it.
        is_column: Whether it is the column's.
    """

    table: str
    old: str
    new: str
    is_column: bool = False


class Dropped(NamedTuple):
    """A table, or with `column` one of its columns, that is gone: what has its name is another one.

    Attributes:
        table: The table's name before the step.
        column: The column's name before the step.
        copied: Its rows may have been copied into the table that has its name now.
    """

    table: str
    column: str | None = None
    copied: bool = False


class Touched(NamedTuple):
    """What a step has touched, before and after it, as what JSON knows.

    Attributes:
        before: Whole tables with what belongs to them, and other things; see `Recorder.schema_of`.
        after: The same afterwards.
        renames: What the step renamed, as far as that is certain.
        dropped: What it dropped, as far as that is certain.
    """

    before: Any
    after: Any
    renames: tuple[Renamed, ...] = ()
    dropped: tuple[Dropped, ...] = ()


class Recorder(ABC):
    """Knows the schema while a run goes on, and tells what each of its steps touched."""

    @abstractmethod
    def begin(self) -> None:
        """Before a step, under the lock: know what is there.

        What a recorder knows is what the step before left; it looks again where others may have
        changed it meanwhile, if that can be told for next to nothing.
        """

    @abstractmethod
    def touched(self, sent: Sequence[str], *, only_creates: bool) -> Touched | None:
        """After the step: what it touched, or None for nothing.

        Args:
            sent: The step's statements that took effect, in order.
            only_creates: They made things and changed nothing that was there.
        """

    @abstractmethod
    def forget(self) -> None:
        """What was known may have been rolled back."""

    def schema(self) -> Any:
        """All of the schema, as `Engine.kept` says it, if that is known without reading it."""
        return None

    @abstractmethod
    def schema_of(self, kept: Any) -> Schema:
        """The schema that `Touched.before` or `after` says.

        Raises:
            ValueError: It is none.
            OperationError: There is no right to make the scratch namespace that it takes.
        """


class Identities:
    """Follows tables and their columns through statements that rename and drop.

    Args:
        tables: The names of the tables that were there before the step.
        fold: How names compare.
    """

    def __init__(self, tables: Iterable[str], fold: Any) -> None:
        self._fold = fold
        self._original: dict[str, str] = {fold(name): name for name in tables}
        """By the name that a table has now, the one that it had before the step."""
        self._now: dict[str, str] = {name: name for name in self._original.values()}
        self._dropped: dict[str, str] = {}
        """By the name under which a table was dropped, the one that it had before the step."""
        self._columns: dict[str, dict[str, tuple[str, str]]] = {}
        """By table (before the step) and column (now, folded), its old and its new name."""
        self._gone: dict[str, dict[str, str]] = {}
        """By table (before the step) the dropped columns' old names, folded and not."""

    def follow(self, alterations: Iterable[Alteration]) -> None:
        """Take what one statement renames and drops, in order."""
        for one in alterations:
            if isinstance(one, Drops):
                if one.column is None:
                    self.table_dropped(one.table)
                else:
                    self.column_dropped(one.table, one.column)
            elif one.column is None:
                self.table_renamed(one.table, one.new)
            else:
                self.column_renamed(one.table, one.column, one.new)

    def original(self, table: str) -> str | None:
        """The name before the step of a table that is called so now; None if it was not there."""
        return self._original.get(self._fold(table))

    def table_renamed(self, old: str, new: str) -> None:
        """A table is called otherwise; one made in this step may take a dropped one's place."""
        original = self._original.pop(self._fold(old), None)
        if original is None:
            original = self._dropped.pop(self._fold(new), None)
        if original is not None:
            self._original[self._fold(new)] = original
            self._now[original] = new

    def table_dropped(self, name: str) -> None:
        """A table is gone."""
        original = self._original.pop(self._fold(name), None)
        if original is not None:
            self._dropped[self._fold(name)] = original

    def column_renamed(self, table: str, old: str, new: str) -> None:
        """A column is called otherwise."""
        original = self._original.get(self._fold(table))
        if original is not None and not self._is_new(original, old):
            columns = self._columns.setdefault(original, {})
            first, _ = columns.pop(self._fold(old), (old, old))
            columns[self._fold(new)] = (first, new)

    def column_dropped(self, table: str, name: str) -> None:
        """A column is gone: what takes its name later is another one."""
        original = self._original.get(self._fold(table))
        if original is not None and not self._is_new(original, name):
            first, _ = self._columns.get(original, {}).pop(self._fold(name), (name, name))
            self._gone.setdefault(original, {})[self._fold(first)] = first

    def table_rebuilt(self, table: str, columns: Iterable[str], now: Iterable[str]) -> None:
        """A table was copied into one that takes its place, which has not all its columns.

        Args:
            table: The table's name now.
            columns: Its columns before the step.
            now: Those of the copy.
        """
        original, there = self._original.get(self._fold(table)), {*map(self._fold, now)}
        called = {
            self._fold(first): name
            for first, name in self._columns.get(original or "", {}).values()
        }
        for column in columns:
            name = called.get(self._fold(column), column)
            if self._fold(name) not in there:
                self.column_dropped(table, name)

    def _is_new(self, original: str, name: str) -> bool:
        """Whether the column that had this name before the step is elsewhere, or gone."""
        columns, folded = self._columns.get(original, {}), self._fold(name)
        if folded in columns:
            return False
        elsewhere = {self._fold(first) for first, _ in columns.values()}
        return folded in elsewhere or folded in self._gone.get(original, {})

    def dropped(self, sent: Sequence[str]) -> tuple[Dropped, ...]:
        """What is gone.

        Args:
            sent: All statements of the step, which may have copied rows.
        """
        there = set(self._original.values())
        tables = [name for name in self._now if name not in there]
        copied = bool(tables) and may_copy(sent)
        columns = [
            Dropped(table, column)
            for table, gone in self._gone.items()
            for column in gone.values()
            if table in there
        ]
        return (*(Dropped(name, None, copied) for name in tables), *columns)

    def renames(self) -> tuple[Renamed, ...]:
        """What is called otherwise now, tables first."""
        there = set(self._original.values())
        tables = [
            Renamed(name, name, now)
            for name, now in self._now.items()
            if name in there and name != now
        ]
        columns = [
            Renamed(table, old, new, is_column=True)
            for table, pairs in self._columns.items()
            for old, new in pairs.values()
            if table in there and old != new
        ]
        return (*tables, *columns)


def may_copy(sent: Iterable[str]) -> bool:
    """Whether a step's statements may have brought the rows of a table into another one."""
    return any(_COPIES.search(sql) for sql in sent)
