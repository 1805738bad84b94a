"""Constraints and indexes of MySQL and MariaDB as source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from wheatear.engines.mysql.tokens import quoted, same
from wheatear.engines.mysql.written_words import MysqlWords
from wheatear.engines.written import operation
from wheatear.schema import changes as kinds
from wheatear.schema.content import primary_key
from wheatear.schema.model import Column, Constraint, Index, Schema, Table
from wheatear.schema.source import text
from wheatear.schema.writer import Place, Step


class MysqlKeys(MysqlWords):
    """Keys, CHECKs and indexes; which of them the server makes by itself."""

    def is_named_so(self, one: Constraint, table: Table) -> bool:
        """The server counts a table's foreign keys, and its CHECKs."""
        names = [column.name for column in table.columns]
        same = [it for it in table.constraints if it.kind == one.kind and self._counts(it)]
        same.sort(key=lambda it: names.index(it.columns[0]) if it.columns else 0)
        if one.kind == "check":
            first = "CONSTRAINT_1" if self._mariadb else f"{table.name}_chk_1"
            return one.name == first and same == [one]
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
            served = any(self._serves(it, one.columns) for it in table.indexes if it != wanted)
            found += [index for index in table.indexes if index == wanted and not served]
        return found

    def _counts(self, one: Constraint) -> bool:
        return one.kind != "check" or not one.columns

    def add_constraint(self, change: kinds.AddConstraint, place: Place) -> Iterator[Step]:
        """A CHECK at a column is a part of the column."""
        table, one = change.table, change.constraint
        if one.kind == "primary key":
            kept = self._kept(table, one.columns, place)
            yield self._altered(table, [*kept, f"ADD {self.unnamed(one)}"])
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

    def add_index(self, change: kinds.AddIndex, place: Place) -> Iterator[Step]:
        """With those that would go as it comes."""
        kept = self._kept(change.table, self._serving(change.index), place)
        if not kept:
            yield from super().add_index(change, place)
            return
        yield self._altered(change.table, [*kept, self._added(change.table, change.index, place)])

    def _serving(self, index: Index) -> tuple[str, ...]:
        """The columns that it can serve a foreign key with: MySQL's, up to one that counts down."""
        downward = [at for at, part in enumerate(index.parts) if part.endswith(" DESC")]
        end = downward[0] if downward and not self._mariadb else None
        return self._bare_parts(index)[:end]

    def _added(self, table: str, index: Index, place: Place) -> str:
        now = place.now.table(table) or Table(table, ())
        kind, using, rest = self._index_parts(now, index)
        return f"ADD {kind} {quoted(index.name)}{using} {rest}"

    def _kept(self, name: str, columns: tuple[str, ...], place: Place) -> list[str]:
        """Clauses that keep the indexes which the server would drop as a key on `columns` comes.

        One that it made for a foreign key goes once another serves; the catalogue does not say
        which it made, but it does not call one as Peewee does. As a user's own it stays.
        https://mariadb.com/kb/en/foreign-keys/
        """
        now = place.now.table(name) or Table(name, ())
        going = [one.index for one in place.coming if isinstance(one, kinds.DropIndex)]
        made = {key.columns for key in self._keys(place.now.table(name), place.after.table(name))}
        clauses = []
        for index in now.indexes:
            own = index.parts
            might_go = not (index.unique or index.using or index.extra) and own in made
            named_by_peewee = index.name == self.index_name(name, own)
            if might_go and own == columns[: len(own)] and not named_by_peewee:
                if index not in going:
                    clauses += [f"DROP INDEX {quoted(index.name)}", self._added(name, index, place)]
        return clauses

    def drop_index(self, change: kinds.DropIndex, place: Place) -> Iterator[Step]:
        """One that a foreign key needs goes as another comes that serves it."""
        gone, come = self._exchanged(change, place)
        if not come:
            yield from super().drop_index(change, place)
            return
        clauses = [f"DROP INDEX {quoted(index.name)}" for index in gone]
        clauses += [self._added(change.table, index, place) for index in come]
        yield self._altered(change.table, clauses)

    def _exchanged(
        self, change: kinds.DropIndex, place: Place
    ) -> tuple[Sequence[Index], Sequence[Index]]:
        """The indexes that go at once, and those that come: one may have another's name."""
        gone, come = [change.index], list[Index]()
        for index in gone:  # it grows as it goes
            successor = self._successor(change.table, index, place)
            if successor is None:
                continue
            place.done.add(kinds.AddIndex(change.table, successor))
            come.append(successor)
            for one in place.coming:
                if isinstance(one, kinds.DropIndex) and one.table == change.table:
                    if one not in place.done and same(one.index.name, successor.name):
                        place.done.add(one)
                        gone.append(one.index)
        return gone, come

    def _successor(self, table: str, index: Index, place: Place) -> Index | None:
        """A new index for a foreign key that stays, if it uses the one that is dropped."""
        new = [
            one.index
            for one in place.coming
            if isinstance(one, kinds.AddIndex) and one.table == table
            if one not in place.done
        ]
        now = place.now.table(table) or Table(table, ())
        names = {column.name for column in now.columns}
        for columns in self._held(table, place.now):
            if not self._serves(index, columns):
                continue
            for it in new:
                if self._serves(it, columns) and {*self._bare_parts(it)} <= names:
                    return it
        return None

    def _held(self, name: str, schema: Schema) -> Iterator[tuple[str, ...]]:
        """The columns of a table that foreign keys use, on either side."""
        for table in schema.tables:
            for one in self._keys(table):
                yield from (one.columns,) if table.name == name else ()
                yield from (one.targets,) if one.table == name else ()

    def _keys(self, *tables: Table | None) -> Iterator[Constraint]:
        for table in filter(None, tables):
            yield from (one for one in table.constraints if one.kind == "foreign key")

    def _serves(self, index: Index, columns: tuple[str, ...]) -> bool:
        return self._bare_parts(index)[: len(columns)] == columns

    def _bare_parts(self, index: Index) -> tuple[str, ...]:
        return tuple(re.sub(r"(\(\d+\))?( DESC)?$", "", part) for part in index.parts)
