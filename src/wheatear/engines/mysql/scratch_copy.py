"""A copy of a database's schema under a scratch name, on a connection of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import peewee

from wheatear.engines.engine import not_copied
from wheatear.engines.models import Statement, send, send_in_any_order, spelling_as
from wheatear.engines.mysql.engine import MysqlEngine
from wheatear.engines.mysql.raw_bytes import taken, with_bytes_in_hex
from wheatear.engines.mysql.reader import read_schema
from wheatear.engines.mysql.scratch import scratch
from wheatear.engines.mysql.tokens import quoted
from wheatear.engines.waiting import Waiting
from wheatear.schema.model import Schema
from wheatear.schema.related import related


class _Beside(peewee.MySQLDatabase):
    """Connects as another database does, past a pool."""

    def __init__(self, original: Any) -> None:
        super().__init__(original.database)
        self.original = original

    def _connect(self) -> Any:
        connect: Any = peewee.MySQLDatabase
        return connect._connect(self.original)


@contextmanager
def scratch_copy(
    original: MysqlEngine, *, empty: bool, tables: Collection[str] | None = None
) -> Iterator[MysqlEngine]:
    """What SHOW CREATE says, executed once more; see `Engine.scratch_copy`."""
    db = spelling_as(original.db, _Beside(original.db))
    home = str(original.db.database)
    db.connect()
    try:
        with scratch(db) as name:
            db.database = name  # where the history is looked for
            if not empty:
                try:
                    _copy(db, home, original.lock_timeout, tables)
                except peewee.PeeweeException as error:
                    raise not_copied(original, error) from error
            engine = MysqlEngine(db)
            engine.lock_timeout = original.lock_timeout
            with engine.opened(Waiting(None, lambda _: None)):
                yield engine
    finally:
        db.close()


def _copy(db: Any, home: str, lock_timeout: float, tables: Collection[str] | None) -> None:
    """Tables in any order, then what is made of them.

    https://mariadb.com/kb/en/show-create-table/: how it prints depends on `sql_mode`.
    """
    names = ("sql_mode", "foreign_key_checks", "lock_wait_timeout")
    before = db.execute_sql(f"SELECT {', '.join(f'@@SESSION.{name}' for name in names)}").fetchone()
    _set(db, names, ("", 0, max(round(lock_timeout), 1)))
    schema = _read(db, home)
    if tables is not None:
        schema = related(schema, tables)
    send(db, _tables(db, home, schema))
    others = [one.sql for one in schema.objects if one.kind in {"view", "trigger"}]
    send_in_any_order(db, map(_verbatim, others))
    _set(db, names, before)


def _set(db: Any, names: Sequence[str], values: Sequence[Any]) -> None:
    db.execute_sql(f"SET {', '.join(f'SESSION {name} = %s' for name in names)}", tuple(values))


def _tables(db: Any, home: str, schema: Schema) -> Iterator[Statement]:
    """What makes sequences and tables; a foreign key may lead to a table that is left out."""
    sequences = [("SEQUENCE", one.name) for one in schema.objects if one.kind == "sequence"]
    for what, name in (*sequences, *(("TABLE", table.name) for table in schema.tables)):
        shown = _verbatim(f"SHOW CREATE {what} {quoted(home)}.{quoted(name)}")
        with taken(db.connection()):
            text = db.execute_sql(*shown).fetchone()[1]
        yield _verbatim(with_bytes_in_hex(text))


def _read(db: Any, home: str) -> Schema:
    (scratch_name,) = db.execute_sql("SELECT DATABASE()").fetchone()
    db.execute_sql(*_verbatim(f"USE {quoted(home)}"))
    try:
        return read_schema(db)
    finally:
        db.execute_sql(f"USE {quoted(scratch_name)}")


def _verbatim(sql: str) -> Statement:
    """Peewee always hands parameters to the driver, which then looks for percent signs."""
    return sql.replace("%", "%%"), ()
