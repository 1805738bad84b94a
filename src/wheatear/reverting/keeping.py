"""Dropped rows are kept aside before the statement that drops them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from wheatear.capture import Statement
from wheatear.engines.alterations import Drops
from wheatear.engines.engine import first_line
from wheatear.engines.operating import is_rebuilding
from wheatear.errors import MigrationFailedError
from wheatear.reverting.aside import KeptAside, store_text
from wheatear.schema.ours import KEPT, is_ours

if TYPE_CHECKING:
    from wheatear.engines.alterations import Alteration
    from wheatear.engines.aside import Aside, Stored

_log = logging.getLogger("wheatear")

# What may drop something begins with one of these.
_WORDS = {"CREATE", "DROP", "ALTER", "RENAME"}


class _Whole(NamedTuple):
    """What is kept of a table.

    Attributes:
        id: Its number.
        name: What the table was called when it was dropped.
        was: The same before the migration.
        columns: Its columns when it was dropped.
        names: What they were called before the migration.
    """

    id: int
    name: str
    was: str
    columns: Sequence[Stored]
    names: Sequence[str]

    def store(self, restored: Sequence[Stored]) -> str:
        """What is noted of it, if these of its columns were dropped."""
        pairs = [*zip(self.columns, self.names, strict=True)]
        keys = [name for one, name in pairs if one.is_key]
        return store_text(self.names, keys, [name for one, name in pairs if one in restored])


class _Text:
    """What one text is about to do: nothing of it is done when it is looked at.

    Args:
        aside: The engine's.
    """

    def __init__(self, aside: Aside) -> None:
        self._aside = aside
        self.events: list[Alteration | str] = []
        """In order; a table that is made by its name."""
        self._tables: dict[str, str] = {}
        self._columns: dict[tuple[str, str], str] = {}
        """By the names that the text's statements so far give them, folded, those of now."""

    def as_it_is(self, drop: Drops) -> Drops:
        """What is dropped, by the names of now."""
        table = self._table(drop.table)
        return Drops(
            table, drop.column and self._columns.get(self._key(table, drop.column), drop.column)
        )

    def makes(self, table: str) -> None:
        """A statement makes a table, if there is none."""
        away = {
            self._aside.fold_table(one.table)
            for one in self.events
            if not isinstance(one, str) and one.column is None
        }
        if self._aside.fold_table(table) in away or self._aside.find(table) is None:
            self.events.append(table)

    def changes(self, alterations: Sequence[Alteration]) -> None:
        """What one statement renames and drops; its drops are by the names before it."""
        self.events += sorted(alterations, key=lambda one: not isinstance(one, Drops))
        for one in alterations:
            if isinstance(one, Drops):
                continue
            if one.column is None:
                self._tables[self._aside.fold_table(one.new)] = self._table(one.table)
            else:
                table = self._table(one.table)
                was = self._columns.pop(self._key(table, one.column), one.column)
                self._columns[self._key(table, one.new)] = was

    def _table(self, name: str) -> str:
        return self._tables.get(self._aside.fold_table(name), name)

    def _key(self, table: str, column: str) -> tuple[str, str]:
        return self._aside.fold_table(table), self._aside.fold(column)


class Keeper:
    """Keeps what one migration is about to drop.

    Args:
        kept: Where.
        migration: The migration.
        run: The run.
    """

    def __init__(self, kept: KeptAside, migration: str, run: str) -> None:
        self._kept = kept
        self._aside = kept.aside
        self._migration = migration
        self._run = run
        self._made: set[str] = set()
        """Tables that the migration has made itself, folded."""
        self._was: dict[str, str] = {}
        """By the name that a table has now, folded, its name before the migration."""
        self._columns: dict[str, dict[str, str]] = {}
        """By the same, and a column's name now, folded, the column's name before the migration."""
        self._whole: list[_Whole] = []

    def concerns(self, statement: Statement) -> bool:
        """Whether a statement that is about to be sent may drop something."""
        return not is_rebuilding() and (statement.word in _WORDS or ";" in statement.sql)

    def before(self, statement: Statement) -> None:
        """Look at such a statement, past the log.

        Raises:
            MigrationFailedError: What it drops cannot be copied.
        """
        text = _Text(self._aside)
        for words in self._aside.statements(statement.sql):
            name, replaces = self._aside.made_by(words)
            if name is not None:
                if replaces:
                    self._keep(Drops(name))
                text.makes(name)
            found = self._aside.alterations(words)
            for one in found:
                if isinstance(one, Drops):
                    self._keep(text.as_it_is(one))
            text.changes(found)
        self._follow(text)

    def settle(self) -> None:
        """After the migration: a table that is there again was made anew; what it lacks is kept."""
        fold = self._aside.fold
        for whole in self._whole:
            table = self._aside.find(whole.name) or self._aside.find(whole.was)
            if table is None or not self._aside.has_rows(table):
                continue
            now = {fold(one.name) for one in self._aside.columns(table)}
            lost = [one for one in whole.columns if fold(one.name) not in now]
            keys = [one for one in whole.columns if one.is_key]
            if lost and keys and not set(lost) & set(keys):
                self._kept.change(whole.id, store=whole.store(lost))
            else:
                if lost:
                    self._warn_of(table, [one.name for one in lost])
                self._kept.remove(whole.id)

    def _follow(self, text: _Text) -> None:
        """What a text will have made, renamed and dropped when the next one comes."""
        fold, fold_table = self._aside.fold, self._aside.fold_table
        for one in text.events:
            if isinstance(one, str):
                self._made.add(fold_table(one))
                continue
            before = fold_table(one.table)
            if isinstance(one, Drops):
                if one.column is None:
                    self._made.discard(before)
            elif one.column is None:
                after = fold_table(one.new)
                self._was[after] = self._was.pop(before, one.table)
                self._columns[after] = self._columns.pop(before, {})
                was_made = before in self._made
                self._made -= {before, after}
                if was_made:
                    self._made.add(after)
            else:
                columns = self._columns.setdefault(before, {})
                columns[fold(one.new)] = columns.pop(fold(one.column), one.column)

    def _keep(self, drop: Drops) -> None:
        """Keep what is dropped, but for what the migration has made itself."""
        fold = self._aside.fold
        table = self._aside.find(drop.table)
        if table is None or is_ours(table) or self._aside.fold_table(table) in self._made:
            return
        stored = [one for one in self._aside.columns(table) if self._was_there(table, one)]
        if drop.column is None:
            self._copy(table, stored, ())
            return
        column = next((one for one in stored if fold(one.name) == fold(drop.column)), None)
        keys = [one for one in stored if one.is_key]
        if column is None:
            return
        if not keys or column in keys:
            self._warn_of(table, [column.name])
        else:
            self._copy(table, [*keys, column], (column,))

    def _was_there(self, table: str, column: Stored) -> bool:
        """Whether a column is none that the migration has made under the name of a renamed one."""
        fold, renamed = self._aside.fold, self._columns.get(self._aside.fold_table(table), {})
        name = fold(column.name)
        return name in renamed or name not in map(fold, renamed.values())

    def _name_before(self, table: str, column: Stored) -> str:
        renamed = self._columns.get(self._aside.fold_table(table), {})
        return renamed.get(self._aside.fold(column.name), column.name)

    def _copy(self, table: str, stored: list[Stored], restored: tuple[Stored, ...]) -> None:
        if not stored or not self._aside.has_rows(table):
            return
        was = self._was.get(self._aside.fold_table(table), table)
        names = [self._name_before(table, one) for one in stored]
        try:
            id_ = self._kept.add(self._migration, self._run, was)
            rows = self._aside.keep(table, stored, f"{KEPT}_{id_}")
            whole = _Whole(id_, table, was, stored, names)
            self._kept.change(id_, row_count=rows, store=whole.store(restored))
        except Exception as error:
            if self._kept.engine.is_lock_timeout(error):
                raise  # it is tried again
            raise MigrationFailedError(
                f"the rows of table {table}, which is to lose them, cannot be kept: "
                f"{first_line(error)}",
                next="mend that, or set `keep_dropped = False` in migrations_config.py to lose "
                "them.",
            ) from error
        if not restored:
            self._whole.append(whole)

    def _warn_of(self, table: str, columns: list[str]) -> None:
        _log.warning(
            "the values of column %s of table %s are not kept: without its primary key nothing "
            "says which row they belong to",
            ", ".join(columns),
            table,
        )
