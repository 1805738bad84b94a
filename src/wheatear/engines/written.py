"""Changes as a migration writes them: what all engines have in common."""

from __future__ import annotations

import builtins
import keyword
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import playhouse.migrate

from wheatear.engines.fields import FieldClass, Stock, field_class, sql
from wheatear.engines.models_written import model_of
from wheatear.schema import changes as kinds
from wheatear.schema.content import same_type, type_name
from wheatear.schema.model import Column, Constraint, Index, Table
from wheatear.schema.source import Call, Items, Named, Source, call, text
from wheatear.schema.writer import Place, Step, execute

_ACTIONS = "CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION"
_OPTIONS = re.compile(
    rf"(?:ON DELETE (?P<delete>{_ACTIONS})|ON UPDATE (?P<update>{_ACTIONS})"
    r"|DEFERRABLE(?P<deferrable> INITIALLY \w+)?)\s*",
    re.IGNORECASE,
)
_LITERAL = re.compile(r"[-+]?\d+(\.\d+)?|'(?:[^']|'')*'|true|false", re.IGNORECASE)


class Spelled(ABC):
    """An engine's `Spelling`: a method for each kind of change, in that kind's name."""

    stock: ClassVar[Stock]

    # Words

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

    # Tables

    def steps(self, change: kinds.Change, place: Place) -> Sequence[Step]:
        """See `Spelling.steps`."""
        found = getattr(self, _METHODS[type(change)])(change, place)
        steps = list(found)
        if change.destroys and steps:
            loses = [at for at, step in enumerate(steps) if _name(step).endswith(_LOSE)]
            at = loses[0] if loses else 0
            steps[at] = steps[at]._replace(note=f"loses {change.destroys}")
        return steps

    def add_table(self, change: kinds.AddTable, place: Place) -> Iterator[Step]:
        """As a model, where one gives exactly the table; else as the statement."""
        table = change.table
        model = model_of(self, table, place)
        if model is None:
            yield self.execute(self.create_table(table, place))
        else:
            yield Step(model.name, "table")
        done = model.indexes if model else self.indexes_created(table)
        implied = self.implied_indexes(table)
        for index in table.indexes:
            if index not in done and index not in implied:
                yield self._index(table, index)._replace(late=True)
        for step in self.rest_of_table(table):
            yield step._replace(late=True)

    def indexes_created(self, table: Table) -> Sequence[Index]:
        """Indexes that `create_table` makes too."""
        del table
        return ()

    def implied_indexes(self, table: Table) -> Sequence[Index]:
        """Indexes that a new table has by itself."""
        del table
        return ()

    # What a model can say of a table

    @abstractmethod
    def table_settings(self, table: Table) -> list[tuple[str, Source]] | None:
        """What a model's Meta says of the table's options; None where it cannot."""

    def is_plain_key(self, key: Constraint, table: Table) -> bool:
        """Whether `primary_key` says all of a primary key."""
        del table
        return not (key.options or key.sql or key.name)

    def is_automatic(self, column: Column) -> bool:
        """Whether an AutoField stands for the column where a foreign key points at it."""
        return type_name(column.type) in {"integer", "int(11)"}

    def key_field(self, column: Column, table: Table, place: Place, *said: Source) -> Call:
        """The field of a column that is the primary key."""
        del table
        return self.field(column, place, *said, Named("primary_key", "True"))

    def is_plain_reference(self, one: Constraint, table: Table) -> bool:
        """Whether a ForeignKeyField says all of a foreign key."""
        del table
        return foreign_key_options(one) is not None

    def reference_arguments(self, one: Constraint, table: Table) -> list[Named]:
        """What a ForeignKeyField says beside what it points at."""
        del table
        return foreign_key_options(one) or []

    def is_named_so(self, one: Constraint, table: Table) -> bool:
        """Whether a new table's constraint is called that if it is given no name."""
        del table
        return not one.name

    def constraint_node(self, one: Constraint, table: Table) -> Source:
        """A constraint in a Meta's `constraints`."""
        return self.node(one) if self.is_named_so(one, table) else self.sql(self.constraint(one))

    def rest_of_table(self, table: Table) -> Iterator[Step]:
        """What no CREATE TABLE says."""
        del table
        yield from ()

    def create_table(self, table: Table, place: Place) -> str:
        """The statement."""
        inside = ",\n    ".join(self.parts_of_table(table, place))
        return (
            f"CREATE TABLE {self.quoted(table.name)} (\n    {inside}\n){self.table_options(table)}"
        )

    def parts_of_table(self, table: Table, place: Place) -> list[str]:
        """The columns and constraints of a CREATE TABLE."""
        inline = self.inline(table)
        own = [one for ones in inline.values() for one in ones]
        parts = [
            self.definition(column, place, inline.get(column.name, ())) for column in table.columns
        ]
        return parts + [self.constraint(one) for one in table.constraints if one not in own]

    def table_options(self, table: Table) -> str:
        """What stands behind the parenthesis, with a space before it."""
        return f" {table.options}" if table.options else ""

    def drop_table(self, change: kinds.DropTable, place: Place) -> Iterator[Step]:
        """By its name."""
        del place
        yield operation("drop_table", text(change.table.name))

    def rename_table(self, change: kinds.RenameTable, place: Place) -> Iterator[Step]:
        """By its names."""
        del place
        yield operation("rename_table", text(change.old), text(change.new))

    def alter_table(self, change: kinds.AlterTable, place: Place) -> Iterator[Step]:
        """Options and comment."""
        raise NotImplementedError

    # Columns

    def add_column(self, change: kinds.AddColumn, place: Place) -> Iterator[Step]:
        """With its default; rows get a value where it takes no NULL and has none."""
        table, column = change.table, change.column
        if column.null or column.default is not None or column.generated is not None:
            yield self._new_column(table, column, place)
            return
        given = place.fills.get((table, column.name))
        value = given or self.empty(column, place)
        note = None if given else f"rows that are there get {value} in column {column.name}"
        if _LITERAL.fullmatch(value):
            step = self._new_column(table, replace(column, default=value), place)
            yield step._replace(note=note)
            yield operation("drop_column_default", text(table), text(column.name))
        else:
            yield self._new_column(table, replace(column, null=True), place)
            yield self.execute(self.update(table, column.name, value), note=note)
            yield operation("add_not_null", text(table), text(column.name))

    def _new_column(self, table: str, column: Column, place: Place) -> Step:
        name = self.field_class(column, place).name
        default = self.python_default(column, name)
        if default is None:
            field = self.field(column, place)
        else:
            bare = replace(column, default=None)
            field = self.field(bare, place, Named("default", default))
        return operation("add_column", text(table), text(column.name), field)

    def update(self, table: str, column: str, value: str) -> str:
        """What gives all rows without a value one."""
        name = self.quoted(column)
        return f"UPDATE {self.quoted(table)} SET {name} = {value} WHERE {name} IS NULL"

    def drop_column(self, change: kinds.DropColumn, place: Place) -> Iterator[Step]:
        """By its name."""
        del place
        yield operation("drop_column", text(change.table), text(change.column.name))

    def rename_column(self, change: kinds.RenameColumn, place: Place) -> Iterator[Step]:
        """By its names."""
        del place
        yield operation("rename_column", text(change.table), text(change.old), text(change.new))

    def alter_column(self, change: kinds.AlterColumn, place: Place) -> Iterator[Step]:
        """Type, default and NULL, each by its operation."""
        table, before, after = change.table, change.before, change.after
        name = after.name
        if not same_type(before, after) or before.collation != after.collation:
            yield self.alter_type(change, place)
        if before.default != after.default:
            yield self.alter_default(table, after)
        if before.null and not after.null:
            fill = place.fills.get((table, name))
            if fill:
                yield self.execute(self.update(table, name, fill))
            yield operation("add_not_null", text(table), text(name))
        if after.null and not before.null:
            yield operation("drop_not_null", text(table), text(name))

    def alter_type(self, change: kinds.AlterColumn, place: Place) -> Step:
        """The type alone."""
        said = [Named("null", "True")] if change.before.null else []
        if change.before.collation != change.after.collation:
            said.append(Named("collation", text(change.after.collation or '"default"')))
        field = self.field_class(change.after, place).field(*said)
        return operation("alter_column_type", text(change.table), text(change.after.name), field)

    def alter_default(self, table: str, after: Column) -> Step:
        """Another default or none."""
        if after.default is None:
            return operation("drop_column_default", text(table), text(after.name))
        number = re.fullmatch(r"-?(0|[1-9]\d{0,17})", after.default)
        value = after.default if number else self.sql(after.default)
        return operation("add_column_default", text(table), text(after.name), value)

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

    def node(self, one: Constraint) -> Source:
        """A constraint without its name."""
        if one.kind == "check" and not one.options:
            return call("Check", text(self.escaped(one.sql or "")))
        return self.sql(self.unnamed(one))

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

    # Anything else

    def add_object(self, change: kinds.AddObject, place: Place) -> Iterator[Step]:
        """By the statement that was read."""
        del place
        yield self.execute(change.object.sql)

    def drop_object(self, change: kinds.DropObject, place: Place) -> Iterator[Step]:
        """By its kind and name."""
        del place
        thing = change.object
        kind = "TABLE" if thing.kind == "virtual table" else thing.kind.upper()
        yield self.execute(f"DROP {kind} {self.quoted(thing.name)}")


_METHODS: dict[type[kinds.Change], str] = {
    kinds.AddTable: "add_table",
    kinds.DropTable: "drop_table",
    kinds.RenameTable: "rename_table",
    kinds.AlterTable: "alter_table",
    kinds.AddColumn: "add_column",
    kinds.DropColumn: "drop_column",
    kinds.RenameColumn: "rename_column",
    kinds.AlterColumn: "alter_column",
    kinds.AddConstraint: "add_constraint",
    kinds.DropConstraint: "drop_constraint",
    kinds.AddIndex: "add_index",
    kinds.DropIndex: "drop_index",
    kinds.AddObject: "add_object",
    kinds.DropObject: "drop_object",
}


def operation(name: str, *arguments: Source) -> Step:
    """A call of the migrator."""
    return Step(Call(f"migrator.{name}", arguments))


_LOSE = ("alter_column_type", "drop_column", "drop_table")


def _name(step: Step) -> str:
    return step.source.name if isinstance(step.source, Call) else ""


def with_argument(step: Step, argument: Source) -> Step:
    """The step with one more argument."""
    if not isinstance(step.source, Call):
        return step
    return step._replace(source=replace(step.source, items=(*step.source.items, argument)))


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
