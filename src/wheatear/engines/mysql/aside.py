"""Rows kept aside on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from wheatear.engines.alterations import Word
from wheatear.engines.aside import Aside, Stored
from wheatear.engines.mysql import tokens
from wheatear.engines.mysql.touched import words_in
from wheatear.errors import MigrationFailedError


class MysqlAside(Aside):
    """DDL commits here, so a store that is made stays, whatever becomes of the migration."""

    @property
    def schemas(self) -> set[str]:
        """The current database."""
        return {self.engine.home()}

    def words_of(self, sql: str) -> list[Word]:
        """By the tokens of MySQL."""
        return words_in(sql)

    def fold(self, name: str) -> str:
        """In any letter case."""
        return name.lower()

    def fold_table(self, name: str) -> str:
        """https://mariadb.com/kb/en/identifier-case-sensitivity/"""
        return name.lower() if self._folds_tables else name

    @cached_property
    def _folds_tables(self) -> bool:
        return bool(self.send("SELECT @@lower_case_table_names")[0][0])

    def quoted(self, name: str) -> str:
        """In backticks."""
        return tokens.quoted(name)

    def place(self, table: str) -> str:
        """In the connection's database."""
        return f"{tokens.quoted(self.engine.home())}.{tokens.quoted(table)}"

    def find(self, name: str) -> str | None:
        """A table that is no view."""
        rows = self.send(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s "
            "AND table_name = %s AND table_type = 'BASE TABLE'",
            (self.engine.home(), name),
        )
        return rows[0][0] if rows else None

    def columns(self, table: str) -> list[Stored]:
        """https://mariadb.com/kb/en/information-schema-columns-table/"""
        rows = self.send(
            "SELECT column_name, column_key, extra, generation_expression "
            "FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
            "ORDER BY ordinal_position",
            (self.engine.home(), table),
        )
        return [
            Stored(
                name,
                is_key=key == "PRI",
                touch=f"t.{self.quoted(name)} = t.{self.quoted(name)}"
                if "on update" in extra.lower()
                else "",
            )
            for name, key, extra, expression in rows
            if not expression
        ]

    def put_rows(self, table: str, names: Sequence[tuple[int, Stored]], store: str) -> None:
        """Rows may point at rows of their own table, which are checked one by one as they come.

        https://mariadb.com/kb/en/foreign-keys/
        """
        with self._zero_as_it_is():
            if not self._points_at_itself(table):
                super().put_rows(table, names, store)
                return
            ((before,),) = self.send("SELECT @@SESSION.foreign_key_checks")
            self.send("SET SESSION foreign_key_checks = 0")
            try:
                super().put_rows(table, names, store)
            finally:
                self.send(f"SET SESSION foreign_key_checks = {int(before)}")
        for key, parent, pairs in self._keys(table):
            same = " AND ".join(
                f"p.{self.quoted(target)} = t.{self.quoted(column)}" for column, target in pairs
            )
            given = " AND ".join(f"t.{self.quoted(column)} IS NOT NULL" for column, _ in pairs)
            if self.send(
                f"SELECT 1 FROM {self.place(table)} t LEFT JOIN {parent} p ON {same} "
                f"WHERE {given} AND p.{self.quoted(pairs[0][1])} IS NULL LIMIT 1"
            ):
                raise MigrationFailedError(
                    f"rows that were kept of table {table} point at rows that are no longer "
                    f"there (foreign key {key}).",
                    next="put those rows back first, or run `purge --older-than 0d` to do without "
                    "what was kept.",
                )

    @contextmanager
    def _zero_as_it_is(self) -> Iterator[None]:
        """Else a key of 0 becomes the next number.

        https://mariadb.com/kb/en/sql-mode/ (NO_AUTO_VALUE_ON_ZERO)
        """
        ((before,),) = self.send("SELECT @@SESSION.sql_mode")
        self.send("SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_AUTO_VALUE_ON_ZERO')")
        try:
            yield
        finally:
            self.send("SET SESSION sql_mode = %s", (before,))

    def points_at(self, table: str) -> set[str]:
        """What SHOW CREATE TABLE calls foreign keys."""
        return {parent for _, parent, _ in self._keys(table)} - {self.place(table)}

    def _points_at_itself(self, table: str) -> bool:
        return any(parent == self.place(table) for _, parent, _ in self._keys(table))

    def _keys(self, table: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """Each foreign key's name, the table it points at, and the pairs of columns."""
        rows = self.send(
            "SELECT constraint_name, referenced_table_schema, referenced_table_name, "
            "column_name, referenced_column_name FROM information_schema.key_column_usage "
            "WHERE table_schema = %s AND table_name = %s AND referenced_table_name IS NOT NULL "
            "ORDER BY constraint_name, ordinal_position",
            (self.engine.home(), table),
        )
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for name, schema, parent, column, target in rows:
            place = f"{self.quoted(schema)}.{self.quoted(parent)}"
            found.setdefault((name, place), []).append((column, target))
        return [(name, place, pairs) for (name, place), pairs in found.items()]

    def put_values(
        self,
        table: str,
        keys: Sequence[tuple[int, Stored]],
        names: Sequence[tuple[int, Stored]],
        store: str,
    ) -> None:
        """What is written at each UPDATE keeps its value.

        https://mariadb.com/kb/en/update/
        """
        put = {one.name for _, one in names}
        sets = [f"t.{self.quoted(one.name)} = k.c{at}" for at, one in names]
        sets += [one.touch for one in self.columns(table) if one.touch and one.name not in put]
        same = " AND ".join(f"t.{self.quoted(one.name)} = k.c{at}" for at, one in keys)
        self.send(
            f"UPDATE {self.place(table)} t JOIN {self.place(store)} k ON {same} "
            f"SET {', '.join(sets)}"
        )
