"""Rows kept aside on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Sequence

from wheatear.engines.alterations import Word
from wheatear.engines.aside import Aside, Stored
from wheatear.engines.mysql import tokens
from wheatear.engines.mysql.touched import words_of


class MysqlAside(Aside):
    """DDL commits here, so a store that is made stays, whatever becomes of the migration."""

    @property
    def schemas(self) -> set[str]:
        """The current database."""
        return {self.engine.home()}

    def words_of(self, sql: str) -> list[Word]:
        """By the tokens of MySQL."""
        return words_of(sql)

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
