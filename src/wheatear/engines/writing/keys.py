"""Constraints and indexes as source."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence

import playhouse.migrate

from wheatear.engines.writing.words import Words, operation
from wheatear.schema import changes as kinds
from wheatear.schema.model import Constraint, Index, Table
from wheatear.schema.source import Items, Named, Source, text
from wheatear.schema.writer import Place, Step

_ACTIONS = "CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION"
_OPTIONS = re.compile(
    rf"(?:ON DELETE (?P<delete>{_ACTIONS})|ON UPDATE (?P<update>{_ACTIONS})"
    r"|DEFERRABLE(?P<deferrable> INITIALLY \w+)?)\s*",
    re.IGNORECASE,
)


class Keys(Words):
    """How constraints and indexes are written."""

    # Constraints

    def add_constraint(self, change: kinds.AddConstraint, place: Place) -> Iterator[Step]:
        """A foreign key of one column in its own words, any other as SQL."""
        del place
        one = change.constraint
        key = self.foreign_key(one)
        if key is not None:
            yield operation("add_foreign_key_constraint", text(change.table), *key)
            return
        name = text(one.name) if one.name else "None"
        yield operation("add_constraint", text(change.table), name, self.node(one))

    def foreign_key(self, one: Constraint) -> list[Source] | None:
        """The arguments of `add_foreign_key_constraint`, or None if those cannot say it."""
        options = foreign_key_options(one)
        if options is None or len(one.columns) != 1 or len(one.targets) != 1:
            return None
        name = [Named("constraint_name", text(one.name))] if one.name else []
        return [text(one.columns[0]), text(one.table or ""), text(one.targets[0]), *options, *name]

    def drop_constraint(self, change: kinds.DropConstraint, place: Place) -> Iterator[Step]:
        """By its name."""
        del place
        yield operation("drop_constraint", text(change.table), text(change.constraint.name or ""))

    # Indexes

    def column_of(self, part: str, table: Table) -> str | None:
        """The column that a part of an index is, if it is one and nothing more."""
        return part if any(column.name == part for column in table.columns) else None

    def part(self, part: str, table: Table) -> str:
        """A part of an index as SQL."""
        column = self.column_of(part, table)
        return part if column is None else self.quoted(column)

    def add_index(self, change: kinds.AddIndex, place: Place) -> Iterator[Step]:
        """By the operation, where it can say all of it."""
        table = place.now.table(change.table) or Table(change.table, ())
        yield self._index(table, change.index)

    def _index(self, table: Table, index: Index) -> Step:
        columns = [self.column_of(part, table) for part in index.parts]
        names = [column for column in columns if column is not None]
        if len(names) < len(columns) or not self.is_operation(index):
            return self.execute(self.create_index(table, index))
        arguments: list[Source] = [Items(tuple(text(name) for name in names))]
        if index.unique:
            arguments.append(Named("unique", "True"))
        if index.using:
            arguments.append(Named("using", text(index.using)))
        if index.where:
            arguments.append(Named("where", self.sql(index.where)))
        if index.name != self.index_name(table.name, names):
            arguments.append(Named("name", text(index.name)))
        return operation("add_index", text(table.name), *arguments)

    def index_name(self, table: str, columns: Sequence[str]) -> str:
        """The name that an index gets that is given none."""
        return str(playhouse.migrate.make_index_name(table, columns))

    def is_operation(self, index: Index) -> bool:
        """Whether `add_index` can say all but the parts."""
        return not index.extra

    @abstractmethod
    def create_index(self, table: Table, index: Index) -> str:
        """The statement."""

    def drop_index(self, change: kinds.DropIndex, place: Place) -> Iterator[Step]:
        """By its name."""
        del place
        yield operation("drop_index", text(change.table), text(change.index.name))


def foreign_key_options(one: Constraint) -> list[Named] | None:
    """A foreign key's actions as arguments; None where they say more."""
    if one.kind != "foreign key" or _OPTIONS.sub("", one.options).strip():
        return None
    found: dict[str, str] = {}
    for match in _OPTIONS.finditer(one.options):
        for event in ("delete", "update"):
            if match[event]:
                found[f"on_{event}"] = match[event]
        if match[0].upper().startswith("DEFERRABLE"):
            if not match["deferrable"]:
                return None
            found["deferrable"] = match["deferrable"].strip()
    return [Named(name, text(value)) for name, value in found.items()]
