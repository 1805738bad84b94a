"""Rows kept aside on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from wheatear.engines.alterations import Word
from wheatear.engines.aside import Aside, Stored
from wheatear.engines.postgresql import spelling
from wheatear.engines.postgresql.words import words_of


class PostgresqlAside(Aside):
    """A type that a user has made is kept as text: it may be dropped with what uses it."""

    # https://www.postgresql.org/docs/current/sql-insert.html
    overriding = " OVERRIDING SYSTEM VALUE"

    @property
    def schemas(self) -> set[str]:
        """The current one."""
        return {self.engine.home()}

    def words_of(self, sql: str) -> list[Word]:
        """By PostgreSQL's own rules."""
        return words_of(sql)

    def quoted(self, name: str) -> str:
        """In double quotes."""
        return spelling.quoted(name)

    def place(self, table: str) -> str:
        """In the current schema, whatever the search path is now."""
        return spelling.quoted(self.engine.home(), table)

    def find(self, name: str) -> str | None:
        """A table, partitioned or not."""
        rows = self.send(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace "
            "AND relname = %s AND relkind IN ('r', 'p')",
            (spelling.quoted(self.engine.home()), name),
        )
        return rows[0][0] if rows else None

    def columns(self, table: str) -> list[Stored]:
        """https://www.postgresql.org/docs/current/catalog-pg-attribute.html"""
        rows = self.send(
            "SELECT a.attname, format_type(a.atttypid, a.atttypmod), COALESCE(i.key, false), "
            "t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype <> 'c' "
            "AND (t.typelem = 0 OR e.typnamespace = 'pg_catalog'::regnamespace) "
            "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
            "LEFT JOIN pg_type e ON e.oid = t.typelem "
            "LEFT JOIN (SELECT unnest(x.indkey) AS attnum, true AS key FROM pg_index x "
            "  WHERE x.indrelid = %s::regclass AND x.indisprimary) i ON i.attnum = a.attnum "
            "WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped "
            "AND a.attgenerated = '' ORDER BY a.attnum",
            (self.place(table), self.place(table)),
        )
        return [Stored(name, type_, key, plain) for name, type_, key, plain in rows]

    def lock(self, table: str) -> None:
        """What is written between the copy and the drop would be lost: nothing can be."""
        if self.engine.in_transaction():
            self.send(f"LOCK TABLE {self.place(table)} IN ACCESS EXCLUSIVE MODE")

    def _read(self, column: Stored) -> str:
        name = self.quoted(column.name)
        return name if column.is_plain else f"{name}::text"

    def _written(self, value: str, column: Stored) -> str:
        return f"CAST({value} AS {column.type})"

    def points_at(self, table: str) -> set[str]:
        """https://www.postgresql.org/docs/current/catalog-pg-constraint.html"""
        rows = self.send(
            "SELECT n.nspname, c.relname FROM pg_constraint k "
            "JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE k.conrelid = %s::regclass AND k.confrelid <> k.conrelid AND k.contype = 'f'",
            (self.place(table),),
        )
        return {spelling.quoted(*names) for names in rows}

    def put_rows(self, table: str, names: Sequence[tuple[int, Stored]], store: str) -> None:
        """And the sequences of its columns go on after the highest value."""
        super().put_rows(table, names, store)
        for _, one in names:
            column = self.quoted(one.name)
            self.send(
                "SELECT setval(s.name::regclass, m.top) FROM (SELECT pg_get_serial_sequence("
                f"{spelling.string(self.place(table))}, {spelling.string(one.name)}) AS name) s, "
                f"(SELECT max({column}::text::numeric)::bigint AS top FROM {self.place(table)} "
                f"WHERE {column}::text ~ '^[0-9]{{1,18}}$') m "
                "WHERE s.name IS NOT NULL AND m.top IS NOT NULL"
            )

    def put_values(
        self,
        table: str,
        keys: Sequence[tuple[int, Stored]],
        names: Sequence[tuple[int, Stored]],
        store: str,
    ) -> None:
        """https://www.postgresql.org/docs/current/sql-update.html"""
        sets = ", ".join(
            f"{self.quoted(one.name)} = {self._written(f'k.c{at}', one)}" for at, one in names
        )
        same = " AND ".join(
            f"t.{self.quoted(one.name)} = {self._written(f'k.c{at}', one)}" for at, one in keys
        )
        self.send(
            f"UPDATE {self.place(table)} t SET {sets} FROM {self.place(store)} k WHERE {same}"
        )

    def index(self, store: str, keys: Sequence[tuple[int, Stored]]) -> None:
        """None: the server joins by a hash."""

    @contextmanager
    def without_triggers(self, table: str) -> Iterator[None]:
        """https://www.postgresql.org/docs/current/sql-altertable.html (DISABLE TRIGGER)"""
        rows = self.send(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal "
            "AND tgenabled = 'O'",
            (self.place(table),),
        )
        with self.engine.db.atomic():  # in a migration without a transaction, too
            for (name,) in rows:
                self.send(f"ALTER TABLE {self.place(table)} DISABLE TRIGGER {self.quoted(name)}")
            yield
            for (name,) in rows:
                self.send(f"ALTER TABLE {self.place(table)} ENABLE TRIGGER {self.quoted(name)}")
