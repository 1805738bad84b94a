"""Rows kept aside on SQLite: values as they are stored, rowids too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from wheatear.engines.alterations import Word
from wheatear.engines.aside import Aside, Stored
from wheatear.engines.sqlite.grammar import parse
from wheatear.engines.sqlite.rows_of import rowid_name
from wheatear.engines.sqlite.tokens import fold, in_main, quote
from wheatear.engines.sqlite.touched import words_of


class SqliteAside(Aside):
    """A store's columns have no type, so that no value is converted."""

    schemas = frozenset({"main"})
    # Whose rows last_insert_rowid() knows nothing of:
    # https://www.sqlite.org/c3ref/last_insert_rowid.html
    list_options = " WITHOUT ROWID"

    def words_of(self, sql: str) -> list[Word]:
        """By SQLite's own tokenizer."""
        return words_of(sql)

    def fold(self, name: str) -> str:
        """In any letter case, of ASCII's letters."""
        return fold(name)

    def quoted(self, name: str) -> str:
        """In double quotes."""
        return quote(name)

    def place(self, table: str) -> str:
        """In the main database, whatever temporary table has the name."""
        return f"main.{quote(table)}"

    def find(self, name: str) -> str | None:
        """Virtual tables keep their rows in others, and are none here."""
        rows = self.send(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND rootpage > 0 "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        return next((stored for (stored,) in rows if fold(stored) == fold(name)), None)

    def columns(self, table: str) -> list[Stored]:
        """https://www.sqlite.org/pragma.html#pragma_table_xinfo"""
        rows = self.send("SELECT name, pk, hidden FROM pragma_table_xinfo(?, 'main')", (table,))
        return [Stored(name, is_key=bool(key)) for name, key, hidden in rows if not hidden]

    def keep(self, table: str, columns: Sequence[Stored], store: str) -> int:
        """With the rowids, where there are any; `+` takes the type away.

        No INSERT, which would be what last_insert_rowid() answers.
        https://www.sqlite.org/datatype3.html#affinity_of_expressions
        """
        read = [f"+{quote(one.name)} AS c{at}" for at, one in enumerate(columns, 1)]
        rowid = self._rowid(table)
        if rowid is not None:
            read.insert(0, f"{rowid} AS rowid")
        self.send(
            f"CREATE TABLE {self.place(store)} AS SELECT {', '.join(read)} FROM {self.place(table)}"
        )
        return self.count(store)

    def put_rows(self, table: str, names: Sequence[tuple[int, Stored]], store: str) -> None:
        """With their rowids; where a column is it, that comes later and counts."""
        written = [quote(one.name) for _, one in names]
        read = [f"c{at}" for at, _ in names]
        rowid = self._rowid(table)
        if rowid is not None:
            written, read = [rowid, *written], ["rowid", *read]
        self.send(
            f"INSERT OR ABORT INTO {self.place(table)} ({', '.join(written)}) "
            f"SELECT {', '.join(read)} FROM {self.place(store)} ORDER BY rowid"
        )

    def put_values(
        self,
        table: str,
        keys: Sequence[tuple[int, Stored]],
        names: Sequence[tuple[int, Stored]],
        store: str,
    ) -> None:
        """Keys may be NULL here: IS compares them."""
        same = " AND ".join(f"k.c{at} IS t.{quote(one.name)}" for at, one in keys)
        found = f"FROM {self.place(store)} k WHERE {same}"
        sets = ", ".join(f"{quote(one.name)} = (SELECT k.c{at} {found})" for at, one in names)
        self.send(
            f"UPDATE OR ABORT {self.place(table)} AS t SET {sets} WHERE EXISTS (SELECT 1 {found})"
        )

    @contextmanager
    def without_triggers(self, table: str) -> Iterator[None]:
        """Dropped, and made again by the same statements; their table is spelled as these do."""
        rows = self.send(
            "SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger' "
            "AND tbl_name = ? COLLATE NOCASE ORDER BY rowid",
            (table,),
        )
        with self.engine.db.atomic():  # in a migration without a transaction, too
            for name, _ in rows:
                self.send(f"DROP TRIGGER {self.place(name)}")
            yield
            for _, sql in rows:
                self.send(in_main(sql))

    def _rowid(self, table: str) -> str | None:
        ((sql,),) = self.send(
            "SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = ?", (table,)
        )
        return rowid_name(parse(sql))
