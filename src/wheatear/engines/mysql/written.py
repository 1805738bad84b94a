"""Changes as a migration on MySQL and MariaDB writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple

from wheatear.engines.fields import Stock
from wheatear.engines.mysql.literals import literal
from wheatear.engines.mysql.tokens import quoted
from wheatear.engines.written import Spelled, operation
from wheatear.schema import changes as kinds
from wheatear.schema.content import primary_key
from wheatear.schema.model import Column, Constraint, Index, Table
from wheatear.schema.source import Call, Items, Named, Source, call, text
from wheatear.schema.writer import Place, Step

_EMPTY = {
    "date": "'1970-01-01'",
    "datetime": "'1970-01-01'",
    "timestamp": "'1970-01-02'",
    "time": "'00:00'",
    "year": "1970",
}
_NUMBERS = (
    "tinyint",
    "smallint",
    "mediumint",
    "int",
    "bigint",
    "decimal",
    "float",
    "double",
    "bit",
)

_AUTOMATIC = {
    "int(11)": "AutoField",
    "int": "AutoField",
    "bigint(20)": "BigAutoField",
    "bigint": "BigAutoField",
}


def is_computed(generated: str | None) -> bool:
    """Whether it is an expression's value."""
    return generated is not None and generated.startswith("GENERATED")


class Options(NamedTuple):
    """A table's options: its engine, `utf8mb4 COLLATE …`, and what else."""

    engine: str
    charset: str
    others: dict[str, str]

    def changed_from(self, was: Options) -> Iterator[str]:
        """The engine and the others, where they differ."""
        if self.engine != was.engine:
            yield f"ENGINE={self.engine}"
        for name in dict.fromkeys((*was.others, *self.others)):
            if was.others.get(name) != self.others.get(name):
                yield f"{name}={self.others.get(name, 'DEFAULT')}"


_OPTIONS = re.compile(r"ENGINE=(\S+)(?: DEFAULT CHARSET=(\S+) COLLATE=(\S+))? ?(.*)", re.DOTALL)


def options_of(options: str) -> Options:
    """The reader's options in parts; that a table is partitioned cannot be said with them."""
    match = _OPTIONS.fullmatch(options)
    if match is None:
        return Options("", "", {})
    engine, charset, collation, rest = match.groups()
    pairs = [word.partition("=") for word in rest.split()]
    others = {name: value for name, equals, value in pairs if equals}
    return Options(engine, f"{charset} COLLATE {collation}" if charset else "", others)


class MysqlSpelling(Spelled):
    """What the migrator of MySQL and MariaDB takes.

    Args:
        options: What a table gets that says none: its engine, charset and collation.
    """

    stock: ClassVar[Stock] = {
        "int(11)": "IntegerField",
        "int": "IntegerField",
        "bigint(20)": "BigIntegerField",
        "bigint": "BigIntegerField",
        "smallint(6)": "SmallIntegerField",
        "smallint": "SmallIntegerField",
        "text": "TextField",
        "float": "FloatField",
        "double": "DoubleField",
        "tinyint(1)": "BooleanField",
        "blob": "BlobField",
        "date": "DateField",
        "time": "TimeField",
        "datetime": "DateTimeField",
        "varchar({})": "CharField(max_length={})",
        "char({})": "FixedCharField(max_length={})",
        "decimal({},{})": "DecimalField(max_digits={}, decimal_places={})",
    }

    def __init__(self, options: str) -> None:
        self._options = options

    def quoted(self, name: str) -> str:
        """In backticks."""
        return quoted(name)

    def empty(self, column: Column, place: Place) -> str:
        """By type; of an enum the first label."""
        del place
        if label := re.match(r"enum\(('(?:[^']|'')*')", column.type):
            return label[1]
        first = re.split(r"[ (]", column.type)[0]
        return "0" if first in _NUMBERS else _EMPTY.get(first, "''")

    def table_settings(self, table: Table) -> list[tuple[str, Source]] | None:
        """The same as any other's, as a rule."""
        if self._names_clash(table):
            return None
        said = tuple(text(self.escaped(phrase)) for phrase in self._settings(table))
        return [("table_settings", Items(said))] if said else []

    def _names_clash(self, table: Table) -> bool:
        """Whether an index has the name of one that the server makes before it comes."""
        keys = [one for one in table.constraints if one.kind == "foreign key"]
        taken = {name for one in keys for name in (one.name, one.columns[0])}
        implied = self.implied_indexes(table)
        return any(index.name in taken for index in table.indexes if index not in implied)

    def indexes_created(self, table: Table) -> Sequence[Index]:
        """All."""
        return table.indexes

    def create_table(self, table: Table, place: Place) -> str:
        """With its indexes, so that the server makes none for a foreign key."""
        parts = self.parts_of_table(table, place)
        for index in table.indexes:
            kind, using, rest = self._index_parts(table, index)
            parts.append(f"{kind} {quoted(index.name)}{using} {rest}")
        inside = ",\n    ".join(parts)
        return f"CREATE TABLE {quoted(table.name)} (\n    {inside}\n){self.table_options(table)}"

    def table_options(self, table: Table) -> str:
        """What it would not get by itself."""
        return "".join(f" {phrase}" for phrase in self._settings(table))

    def _settings(self, table: Table) -> list[str]:
        """That a table is partitioned cannot be said with its options."""
        options = table.options.removesuffix(" partitioned")
        engine, charset, rest = options.partition(" DEFAULT CHARSET=")
        parts = [engine, f"{charset}{rest}".strip()] if options != self._options else []
        parts += [f"COMMENT={literal(table.comment)}"] if table.comment else []
        return [part for part in parts if part]

    def key_field(self, column: Column, table: Table, place: Place, *said: Source) -> Call:
        """AUTO_INCREMENT, as Peewee has it."""
        automatic = _AUTOMATIC.get(column.type)
        if automatic and column.generated == "AUTO_INCREMENT":
            return call(automatic, *said)
        return super().key_field(column, table, place, *said)

    def reference_arguments(self, one: Constraint, table: Table) -> list[Named]:
        """Its name, unless the server would choose the same."""
        found = super().reference_arguments(one, table)
        if not self.is_named_so(one, table):
            found.append(Named("constraint_name", text(one.name or "")))
        return found

    def is_named_so(self, one: Constraint, table: Table) -> bool:
        """The server counts a table's foreign keys, and its CHECKs."""
        names = [column.name for column in table.columns]
        same = [it for it in table.constraints if it.kind == one.kind and self._counts(it)]
        same.sort(key=lambda it: names.index(it.columns[0]) if it.columns else 0)
        if one.kind == "check":
            return one.name == "CONSTRAINT_1" and same == [one]
        number = same.index(one) + 1 if one in same else 0
        return not one.name or one.name == f"{table.name}_ibfk_{number}"

    def implied_indexes(self, table: Table) -> Sequence[Index]:
        """A foreign key that no key serves gets an index of its name, or of its column's."""
        key = primary_key(table)
        found = []
        for one in table.constraints:
            if one.kind != "foreign key" or key[: len(one.columns)] == one.columns:
                continue
            plain = Index(one.name or "", one.columns)
            named_so = replace(plain, name=one.columns[0])
            wanted = named_so if self.is_named_so(one, table) else plain
            found += [index for index in table.indexes if index == wanted]
        return found

    def _counts(self, one: Constraint) -> bool:
        return one.kind != "check" or not one.columns

    # Columns

    def add_column(self, change: kinds.AddColumn, place: Place) -> Iterator[Step]:
        """One that counts has to be a key at once; one that is computed needs no words but SQL."""
        table, column = change.table, change.column
        if column.generated == "AUTO_INCREMENT":
            clauses = [f"ADD COLUMN {self.definition(column, place)}"]
            key = self._key_to_come(table, place)
            if key is not None and key.columns == (column.name,):
                clauses.append(f"ADD {self.unnamed(key)}")
                place.done.add(kinds.AddConstraint(table, key))
            yield self._altered(table, clauses)
        elif is_computed(column.generated):
            yield self._altered(table, [f"ADD COLUMN {self.definition(column, place)}"])
        else:
            yield from super().add_column(change, place)

    def _new_column(self, table: str, column: Column, place: Place) -> Step:
        """With the CHECK that stands at it."""
        step = super()._new_column(table, column, place)
        after = place.after.table(table)
        checks = self.inline(after).get(column.name, []) if after else []
        if column.default is not None or len(checks) != 1 or not isinstance(step.source, Call):
            return step
        if (added := kinds.AddConstraint(table, checks[0])) not in place.coming:
            return step
        place.done.add(added)
        field = self.field(column, place, extra=checks)
        return step._replace(source=replace(step.source, items=(*step.source.items[:2], field)))

    def alter_column(self, change: kinds.AlterColumn, place: Place) -> Iterator[Step]:
        """What is more than type, default and NULL is said as a whole."""
        before, after = change.before, change.after
        computed = is_computed(after.generated) or is_computed(before.generated)
        if computed and replace(before, comment=None) != replace(after, comment=None):
            yield from self._made_anew(change, place)
        elif self._rest(before) != self._rest(after):
            fill = place.fills.get((change.table, after.name))
            if fill and before.null and not after.null:
                yield self.execute(self.update(change.table, after.name, fill))
            yield self._altered(change.table, [self._modified(change.table, after, place)])
        else:
            yield from super().alter_column(change, place)

    def _rest(self, column: Column) -> tuple[str | None, ...]:
        return column.generated, column.collation, column.comment

    def _made_anew(self, change: kinds.AlterColumn, place: Place) -> Iterator[Step]:
        """A column that is computed from now on, or no more."""
        table = place.now.table(change.table) or Table(change.table, ())
        name = change.after.name
        own = [index for index in table.indexes if self._is_about(index, name)]
        for index in own:
            yield operation("drop_index", text(table.name), text(index.name))
        yield operation("drop_column", text(table.name), text(name))
        yield from self.add_column(kinds.AddColumn(table.name, change.after), place)
        for index in own:
            yield self._index(table, index)

    def _is_about(self, index: Index, name: str) -> bool:
        return any(re.match(rf"{re.escape(name)}(\(|$| )", part) for part in index.parts)

    def _altered(self, table: str, clauses: Sequence[str]) -> Step:
        return self.execute(f"ALTER TABLE {quoted(table)} {', '.join(clauses)}")

    def inline(self, table: Table) -> dict[str, list[Constraint]]:
        """MariaDB keeps a CHECK at the column where it was written."""
        found: dict[str, list[Constraint]] = {}
        for one in table.constraints:
            if one.kind == "check" and one.columns:
                found.setdefault(one.columns[0], []).append(one)
        return found

    def _modified(self, table: str, column: Column, place: Place) -> str:
        """The column as a whole, with the CHECK that stands at it."""
        now = place.now.table(table) or Table(table, ())
        checks = self.inline(now).get(column.name, [])
        return f"MODIFY COLUMN {self.definition(column, place, checks)}"

    # Constraints

    def unnamed(self, one: Constraint) -> str:
        """A key's parts may have lengths and directions."""
        if one.kind == "primary key" and one.sql:
            return f"PRIMARY KEY ({one.sql})"
        return super().unnamed(one)

    def add_constraint(self, change: kinds.AddConstraint, place: Place) -> Iterator[Step]:
        """A CHECK at a column is a part of the column."""
        table, one = change.table, change.constraint
        if one.kind == "primary key":
            yield self._altered(table, [f"ADD {self.unnamed(one)}"])
        elif one.kind == "check" and one.columns:
            column = self._column(table, one.columns[0], place)
            modified = self._modified(table, column, place)
            yield self._altered(table, [f"{modified} {self.unnamed(one)}"])
        else:
            yield from super().add_constraint(change, place)

    def drop_constraint(self, change: kinds.DropConstraint, place: Place) -> Iterator[Step]:
        """The server calls a primary key PRIMARY, and a column's CHECK by the column."""
        table, one = change.table, change.constraint
        if one.kind == "primary key":
            yield from self._without_key(table, place)
        elif one.kind == "check" and one.columns:
            yield operation("drop_constraint", text(table), text(one.columns[0]))
        else:
            yield from super().drop_constraint(change, place)

    def _without_key(self, name: str, place: Place) -> Iterator[Step]:
        """With the column that counts, which has to be a key as long as it does."""
        clauses = ["DROP PRIMARY KEY"]
        now, after = place.now.table(name), place.after.table(name)
        counting = [one for one in now.columns if one.generated == "AUTO_INCREMENT"] if now else []
        for column in counting:
            to_be = after.column(column.name) if after else None
            if to_be is None:
                clauses.append(f"DROP COLUMN {quoted(column.name)}")
                place.done.add(kinds.DropColumn(name, column))
            elif to_be.generated != "AUTO_INCREMENT":
                clauses.append(self._modified(name, replace(column, generated=None), place))
            elif (key := self._key_to_come(name, place)) is not None:
                clauses.append(f"ADD {self.unnamed(key)}")
                place.done.add(kinds.AddConstraint(name, key))
        yield self._altered(name, clauses)

    def _key_to_come(self, name: str, place: Place) -> Constraint | None:
        keys = (
            one.constraint
            for one in place.coming
            if isinstance(one, kinds.AddConstraint) and one.table == name
        )
        return next((key for key in keys if key.kind == "primary key"), None)

    def _column(self, table: str, name: str, place: Place) -> Column:
        now = place.now.table(table) or Table(table, ())
        return now.column(name) or Column(name, "")

    # Tables

    def alter_table(self, change: kinds.AlterTable, place: Place) -> Iterator[Step]:
        """A charset is that of the columns too, but of those that have their own."""
        before, after = change.before, change.after
        clauses = []
        if before.options != after.options:
            was, is_ = options_of(before.options), options_of(after.options)
            clauses = list(is_.changed_from(was))
            if is_.charset and is_.charset != was.charset:
                clauses.insert(0, f"CONVERT TO CHARACTER SET {is_.charset}")
                now = place.now.table(before.name) or before
                clauses += [
                    self._modified(before.name, column, place)
                    for column in now.columns
                    if column.collation or "text" in column.type
                ]
        if before.comment != after.comment:
            clauses.append(f"COMMENT = {literal(after.comment or '')}")
        yield self._altered(before.name, clauses)
        if "ENGINE=Aria" in before.options and "ENGINE=Aria" not in after.options:
            # It leaves a mark on the table, which only another engine can take away.
            yield self._altered(before.name, ["page_checksum=DEFAULT"])

    def phrases(self, column: Column) -> list[str]:
        """And its comment."""
        found = super().phrases(column)
        stamp = column.type.startswith("timestamp") and not is_computed(column.generated)
        if stamp and column.null:
            found.insert(0, "NULL")
        if column.comment:
            found.append(f"COMMENT {literal(column.comment)}")
        return found

    # Indexes

    def part(self, part: str, table: Table) -> str:
        """A column, quoted, with its length and direction."""
        for column in sorted(table.columns, key=lambda column: -len(column.name)):
            rest = part[len(column.name) :]
            if part.startswith(column.name) and re.fullmatch(r"(\(\d+\))?( DESC)?", rest):
                return quoted(column.name) + rest
        return part

    def create_index(self, table: Table, index: Index) -> str:
        """The statement."""
        kind, using, rest = self._index_parts(table, index)
        return f"CREATE {kind} {quoted(index.name)}{using} ON {quoted(table.name)} {rest}"

    def _index_parts(self, table: Table, index: Index) -> tuple[str, str, str]:
        special = index.using in {"FULLTEXT", "SPATIAL"}
        kind = f"{index.using} INDEX" if special else "INDEX"
        kind = f"UNIQUE {kind}" if index.unique else kind
        using = f" USING {index.using}" if index.using and not special else ""
        parts = ", ".join(self.part(part, table) for part in index.parts)
        extra = f" {index.extra}" if index.extra else ""
        return kind, using, f"({parts}){extra}"

    def drop_index(self, change: kinds.DropIndex, place: Place) -> Iterator[Step]:
        """One that a foreign key needs goes as another comes that serves it."""
        now = place.now.table(change.table) or Table(change.table, ())
        successor = self._successor(change, now, place)
        if successor is None:
            yield from super().drop_index(change, place)
            return
        place.done.add(kinds.AddIndex(change.table, successor))
        kind, using, rest = self._index_parts(now, successor)
        added = f"ADD {kind} {quoted(successor.name)}{using} {rest}"
        yield self._altered(change.table, [f"DROP INDEX {quoted(change.index.name)}", added])

    def _successor(self, change: kinds.DropIndex, now: Table, place: Place) -> Index | None:
        """A new index for a foreign key that stays, if it uses the one that is dropped."""
        new = [
            one.index
            for one in place.coming
            if isinstance(one, kinds.AddIndex) and one.table == change.table
            if one not in place.done
        ]
        names = {column.name for column in now.columns}
        for columns in self._held(change.table, place):
            if self._beginning(change.index, columns) != columns:
                continue
            for index in new:
                fits = self._beginning(index, columns) == columns
                if fits and {self._bare(part) for part in index.parts} <= names:
                    return index
        return None

    def _held(self, name: str, place: Place) -> Iterator[tuple[str, ...]]:
        """The columns of a table that foreign keys use, on either side."""
        for table in place.now.tables:
            for one in table.constraints:
                if one.kind == "foreign key":
                    yield from (one.columns,) if table.name == name else ()
                    yield from (one.targets,) if one.table == name else ()

    def _beginning(self, index: Index, columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._bare(part) for part in index.parts[: len(columns)])

    def _bare(self, part: str) -> str:
        return re.sub(r"(\(\d+\))?( DESC)?$", "", part)
