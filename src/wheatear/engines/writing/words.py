"""The words that source is made of: names, SQL, fields."""

from __future__ import annotations

import builtins
import keyword
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import playhouse.migrate

from wheatear.engines.fields import FieldClass, Stock, field_class, sql
from wheatear.schema.model import Column, Constraint, Table
from wheatear.schema.source import Call, Items, Named, Source, call, text
from wheatear.schema.writer import Place, Step, execute


class Words(ABC):
    """How an engine spells names, SQL and fields."""

    stock: ClassVar[Stock]

    @abstractmethod
    def quoted(self, name: str) -> str:
        """An identifier."""

    def escaped(self, sql_text: str) -> str:
        """SQL as Peewee hands it to the driver: with percent signs doubled, but on SQLite."""
        return sql_text.replace("%", "%%")

    @abstractmethod
    def empty(self, column: Column, place: Place) -> str:
        """The empty value of a column's type as SQL: 0, '', …"""

    @cached_property
    def reserved(self) -> Collection[str]:
        """See `Spelling.reserved`."""
        own = {"db", "migrator", "migrate_forward", "migrate_backward", "atomic"}
        return frozenset({*vars(playhouse.migrate), *dir(builtins), *keyword.kwlist, *own})

    def sql(self, sql_text: str) -> Call:
        """A `SQL(…)`."""
        return sql(self.escaped(sql_text))

    def execute(self, sql_text: str, *, note: str | None = None) -> Step:
        """A `db.execute_sql(…)`."""
        return execute(self.escaped(sql_text), note=note)

    def listed(self, names: Sequence[str]) -> str:
        """Identifiers between parentheses."""
        return f"({', '.join(self.quoted(name) for name in names)})"

    # Fields

    def field_class(self, column: Column, place: Place) -> FieldClass:
        """The class of a column's field."""
        return field_class(column.type, self.stock, place.module, self.escaped)

    def phrases(self, column: Column) -> list[str]:
        """What stands behind a column's type and NOT NULL, but its collation."""
        found = [] if column.default is None else [f"DEFAULT {column.default}"]
        return found if column.generated is None else [*found, column.generated]

    def field(
        self, column: Column, place: Place, *more: Source, extra: Sequence[Constraint] = ()
    ) -> Call:
        """A column's field, without a key or an index; `extra` are constraints that it says."""
        arguments = [Named("null", "True")] if column.null else []
        phrases: tuple[Source, ...] = tuple(self.sql(phrase) for phrase in self.phrases(column))
        if column.collation and extra:  # behind a CHECK, MariaDB takes no COLLATE
            phrases = (self.sql(f"COLLATE {column.collation}"), *phrases)
        phrases += tuple(self.node(one) for one in extra)
        if phrases:
            arguments.append(Named("constraints", Items(phrases, "[]")))
        if column.collation and not extra:
            arguments.append(Named("collation", text(column.collation)))
        return self.field_class(column, place).field(*more, *arguments)

    def python_default(self, column: Column, name: str) -> str | None:
        """A constant default as Python has it, if the field would give the same SQL again."""
        default = column.default or ""
        if name.endswith("IntegerField") and re.fullmatch(r"-?\d{1,18}", default):
            return str(int(default)) if str(int(default)) == default else None
        if name in {"CharField", "TextField"} and re.fullmatch(r"'[^'\\%]*'", default):
            return text(default[1:-1])
        return None

    def definition(self, column: Column, place: Place, extra: Sequence[Constraint] = ()) -> str:
        """A column in a CREATE TABLE."""
        del place
        words = [self.quoted(column.name), column.type]
        words += [f"COLLATE {column.collation}"] if column.collation else []
        words += [] if column.null else ["NOT NULL"]
        said = [*self.phrases(column), *(self.unnamed(one) for one in extra)]
        return " ".join([*(word for word in words if word), *said])

    def inline(self, table: Table) -> dict[str, list[Constraint]]:
        """By column, the constraints that are a part of it."""
        del table
        return {}

    # Constraints

    def constraint(self, constraint: Constraint) -> str:
        """A constraint with its name, as a CREATE TABLE has it."""
        name = f"CONSTRAINT {self.quoted(constraint.name)} " if constraint.name else ""
        return name + self.unnamed(constraint)

    def unnamed(self, one: Constraint) -> str:
        """A constraint without its name."""
        words = one.options
        if one.kind == "check":
            said = f"CHECK ({one.sql})"
        elif one.kind == "exclude":
            said = f"EXCLUDE {one.sql}"
        elif one.kind == "foreign key":
            targets = f" {self.listed(one.targets)}" if one.targets else ""
            said = f"FOREIGN KEY {self.listed(one.columns)} REFERENCES {self.target(one)}{targets}"
        else:
            said = f"{one.kind.upper()} {self.listed(one.columns)}"
        return f"{said} {words}".rstrip()

    def target(self, constraint: Constraint) -> str:
        """The table that a foreign key points at."""
        return self.quoted(constraint.table or "")

    def node(self, one: Constraint) -> Source:
        """A constraint without its name."""
        if one.kind == "check" and not one.options:
            return call("Check", text(self.escaped(one.sql or "")))
        return self.sql(self.unnamed(one))


def operation(name: str, *arguments: Source) -> Step:
    """A call of the migrator."""
    return Step(Call(f"migrator.{name}", arguments))


def with_argument(step: Step, argument: Source) -> Step:
    """The step with one more argument."""
    if not isinstance(step.source, Call):
        return step
    return step._replace(source=replace(step.source, items=(*step.source.items, argument)))
