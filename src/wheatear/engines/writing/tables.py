"""Tables as source."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from wheatear.engines.models_written import model_of
from wheatear.engines.writing.columns import Columns
from wheatear.engines.writing.keys import foreign_key_options
from wheatear.engines.writing.words import operation
from wheatear.schema import changes as kinds
from wheatear.schema.content import type_name
from wheatear.schema.model import Column, Constraint, Index, Table
from wheatear.schema.source import Call, Named, Source, text
from wheatear.schema.writer import Place, Step


class Tables(Columns):
    """How tables are written."""

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
        return type_name(column.type) in {"integer", "int", "int(11)"}

    def key_field(self, column: Column, table: Table, place: Place, *said: Source) -> Call:
        """The field of a column that is the primary key."""
        del table
        return self.field(column, place, *said, Named("primary_key", "True"))

    def is_plain_reference(self, one: Constraint, table: Table) -> bool:
        """Whether a ForeignKeyField says all of a foreign key."""
        del table
        return foreign_key_options(one) is not None

    def reference_arguments(self, one: Constraint, table: Table) -> list[Named]:
        """What a ForeignKeyField says beside what it points at: its name, if it needs one."""
        name = (
            [] if self.is_named_so(one, table) else [Named("constraint_name", text(one.name or ""))]
        )
        return [*(foreign_key_options(one) or []), *name]

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
