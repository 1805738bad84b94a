"""A copy of a schema under a scratch name, in a transaction that is rolled back.

On a connection of its own: whatever runs there may fail, and the run's own connection is not in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import peewee

from wheatear.engines.engine import not_copied, own_transaction
from wheatear.engines.models import Statement, send, send_in_any_order, spelling_as
from wheatear.engines.postgresql.ddl import objects_of, tables_of
from wheatear.engines.postgresql.engine import PostgresqlEngine
from wheatear.engines.postgresql.reader import read_schema
from wheatear.engines.postgresql.scratch import check_locks, no_right, refuse_standby
from wheatear.engines.postgresql.spelling import quoted
from wheatear.engines.waiting import Waiting
from wheatear.schema.model import Schema
from wheatear.schema.related import related

_LOCK_TIMEOUT = "1s"


# Functions, and types that the reader does not read: composite ones, ranges, those of extensions.
_ABOUT = """
SELECT current_database(), has_database_privilege(current_database(), 'CREATE'),
  has_database_privilege(current_database(), 'TEMPORARY'),
  'wheatear_scratch_' || pg_backend_pid(),
  array_remove(current_schemas(false), n.nspname)::text[],
  EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid) OR
  EXISTS (SELECT FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typnamespace = n.oid AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c')
      AND (t.typtype NOT IN ('e', 'd') OR EXISTS (
        SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass
          AND e.objid = t.oid AND e.deptype = 'e')))
FROM pg_namespace n WHERE n.nspname = %(home)s"""


class _Beside(peewee.PostgresqlDatabase):
    """Connects as another database does, past a pool."""

    def __init__(self, original: Any) -> None:
        super().__init__(original.database)
        self.original = original

    def _connect(self) -> Any:
        connect: Any = peewee.PostgresqlDatabase
        return connect._connect(self.original)


class _Copy(PostgresqlEngine):
    """A schema in the middle of a transaction: each migration is a savepoint of it."""

    def __init__(self, db: Any, original: PostgresqlEngine) -> None:
        super().__init__(db)
        self.lock_timeout = original.lock_timeout
        self.original = original

    def within(self, namespace: str) -> None:
        """Take this schema for the current one."""
        self._schema = namespace

    @contextmanager
    def exclusively(
        self, waiting: Waiting, *, atomic: bool = True, foreign_keys: bool = False
    ) -> Iterator[None]:
        """Nobody else is there."""
        del waiting, atomic, foreign_keys
        with self.db.atomic():
            yield
            check_locks(
                self.db,
                self._schema,
                what="The migration",
                beyond="which is outside the scratch copy that it runs on",
                remedy="write its name without a schema, where it is one of this database's own.",
            )

    def read_schema(self, tables: Collection[str] | None = None) -> Schema:
        """With the names of the schema that was copied as it prints its own."""
        return read_schema(self.db, self._schema, tables, visible=self.original.home())

    def settled(self, before: Schema, after: Schema) -> tuple[Schema, Schema]:
        """In a transaction of its own, which this one's connection has no room for."""
        return self.original.settled(before, after)


@contextmanager
def scratch_copy(
    original: PostgresqlEngine, *, empty: bool, tables: Collection[str] | None = None
) -> Iterator[PostgresqlEngine]:
    """What was read of the schema, made once more; see `Engine.scratch_copy`."""
    db = spelling_as(original.db, _Beside(original.db))
    schema = Schema() if empty else original.read_schema()
    if tables is not None:
        schema = related(schema, tables)
    copy = _Copy(db, original)
    with (
        copy.opened(Waiting(None, lambda _: None)),
        own_transaction(db, begin=db.begin, commit=lambda _: db.rollback()),
    ):
        copy.within(_namespace(db, original.home()))
        try:
            send(db, map(_verbatim, tables_of(schema)))
            send_in_any_order(db, map(_verbatim, objects_of(schema)))
        except peewee.PeeweeException as error:
            raise not_copied(original, error) from error
        yield copy


def _namespace(db: Any, home: str) -> str:
    """A schema, or without the right to one that of temporary tables, first on the search path.

    The one that was copied is behind it only where it holds functions, or types of an extension,
    that the tables may need: what is not in the copy is to be missing, not to be found there.
    """
    refuse_standby(db)
    name, create, temporary, own, others, needed = db.execute_sql(_ABOUT, {"home": home}).fetchone()
    if create:
        db.execute_sql(f"CREATE SCHEMA {quoted(own)}")
    elif temporary:
        own = "pg_temp"
    else:
        raise no_right(name)
    path = ", ".join(map(quoted, [own, *([home] if needed else []), *others]))
    db.execute_sql(
        "SELECT set_config('search_path', %s, true), set_config('lock_timeout', %s, true)",
        (path, _LOCK_TIMEOUT),
    )
    return str(own)


def _verbatim(sql: str) -> Statement:
    """Without parameters: the drivers take a `%` for one only where there are some."""
    return sql.replace("%", "%%"), ()
