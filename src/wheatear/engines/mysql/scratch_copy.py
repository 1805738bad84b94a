"""A copy of a database's schema under a scratch name, on a connection of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import peewee

from wheatear.engines.engine import not_copied
from wheatear.engines.models import Statement, send, send_in_any_order, spelling_as
from wheatear.engines.mysql.engine import MysqlEngine
from wheatear.engines.mysql.reader import read_schema
from wheatear.engines.mysql.scratch import scratch
from wheatear.engines.mysql.tokens import quoted
from wheatear.engines.waiting import Waiting


class _Beside(peewee.MySQLDatabase):
    """Connects as another database does, past a pool."""

    def __init__(self, original: Any) -> None:
        super().__init__(original.database)
        self.original = original

    def _connect(self) -> Any:
        connect: Any = peewee.MySQLDatabase
        return connect._connect(self.original)


@contextmanager
def scratch_copy(original: MysqlEngine, *, empty: bool) -> Iterator[MysqlEngine]:
    """What SHOW CREATE says, executed once more; see `Engine.scratch_copy`."""
    db = spelling_as(original.db, _Beside(original.db))
    home = str(original.db.database)
    db.connect()
    try:
        with scratch(db) as name:
            db.database = name  # where the history is looked for
            if not empty:
                try:
                    _copy(db, home, original.lock_timeout)
                except peewee.PeeweeException as error:
                    raise not_copied(original, error) from error
            engine = MysqlEngine(db)
            engine.lock_timeout = original.lock_timeout
            with engine.opened(Waiting(None, lambda _: None)):
                yield engine
    finally:
        db.close()


def _copy(db: Any, home: str, lock_timeout: float) -> None:
    """Tables in any order, then what is made of them.

    https://mariadb.com/kb/en/show-create-table/: how it prints depends on `sql_mode`.
    """
    names = ("sql_mode", "foreign_key_checks", "lock_wait_timeout")
    before = db.execute_sql(f"SELECT {', '.join(f'@@SESSION.{name}' for name in names)}").fetchone()
    _set(db, names, ("", 0, max(round(lock_timeout), 1)))
    send(db, _tables(db, home))
    send_in_any_order(db, _views_and_triggers(db, home))
    _set(db, names, before)


def _set(db: Any, names: Sequence[str], values: Sequence[Any]) -> None:
    db.execute_sql(f"SET {', '.join(f'SESSION {name} = %s' for name in names)}", tuple(values))


def _tables(db: Any, home: str) -> Iterator[Statement]:
    rows = db.execute_sql(
        "SELECT table_name, table_type FROM information_schema.tables "
        "WHERE table_schema = %s AND table_type NOT LIKE '%%VIEW' "
        "ORDER BY table_type = 'SEQUENCE' DESC, table_name",
        (home,),
    ).fetchall()
    for name, kind in rows:
        what = "SEQUENCE" if kind == "SEQUENCE" else "TABLE"
        shown = _verbatim(f"SHOW CREATE {what} {quoted(home)}.{quoted(name)}")
        yield _verbatim(db.execute_sql(*shown).fetchone()[1])


def _views_and_triggers(db: Any, home: str) -> list[Statement]:
    (scratch_name,) = db.execute_sql("SELECT DATABASE()").fetchone()
    db.execute_sql(*_verbatim(f"USE {quoted(home)}"))
    try:
        found = read_schema(db).objects
    finally:
        db.execute_sql(f"USE {quoted(scratch_name)}")
    return [_verbatim(one.sql) for one in found if one.kind in {"view", "trigger"}]


def _verbatim(sql: str) -> Statement:
    """Peewee always hands parameters to the driver, which then looks for percent signs."""
    return sql.replace("%", "%%"), ()
