"""Models in a scratch database: DDL commits here, so its name tells what it is, and it is dropped.

Whoever makes one holds a named lock on its name, which ends with the connection: a scratch
database whose lock is free belongs to a run that died, and the next one drops it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import peewee

from wheatear.engines.models import Statement, send
from wheatear.engines.mysql.reader import read_schema
from wheatear.engines.mysql.server_errors import error_number
from wheatear.engines.mysql.tokens import quoted
from wheatear.errors import OperationError
from wheatear.schema.model import Schema

PREFIX = "wheatear_scratch_"
# ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR and a read-only
# server's.
_NO_RIGHT = {1044, 1045, 1142, 1227}


def created(db: Any, statements: Sequence[Statement]) -> Schema:
    """Create in a database of its own, read, drop it."""
    with scratch(db):
        send(db, statements)
        return read_schema(db)


@contextmanager
def scratch(db: Any) -> Iterator[str]:
    """Make the connection's current database a new one for the block; yields its name."""
    home, charset, collation, user = db.execute_sql(
        "SELECT DATABASE(), @@character_set_database, @@collation_database, CURRENT_USER()"
    ).fetchone()
    _sweep(db)
    name = PREFIX + uuid.uuid4().hex
    db.execute_sql("SELECT GET_LOCK(%s, 0)", (name,)).fetchone()
    try:
        _create(db, name, f"CHARACTER SET {charset} COLLATE {collation}", user)
        try:
            db.execute_sql(f"USE {quoted(name)}")
            yield name
        finally:
            db.execute_sql(f"USE {quoted(home)}")
            db.execute_sql(f"DROP DATABASE IF EXISTS {quoted(name)}")
    finally:
        with suppress(peewee.PeeweeException):  # it ends with the connection
            db.execute_sql("SELECT RELEASE_LOCK(%s)", (name,)).fetchone()


def _create(db: Any, name: str, options: str, user: str) -> None:
    try:
        db.execute_sql(f"CREATE DATABASE {quoted(name)} {options}")
    except peewee.PeeweeException as error:
        if error_number(error) not in _NO_RIGHT:
            raise
        account = "@".join(f"'{part}'" for part in user.rsplit("@", 1))
        pattern = PREFIX.replace("_", "\\_")
        raise OperationError(
            "This needs a scratch database, which this user may not make.",
            state="nothing was changed.",
            next=f"GRANT ALL ON `{pattern}%`.* TO {account};  -- or connect as a user who may.",
        ) from error


def _sweep(db: Any) -> None:
    """Drop what runs that died have left."""
    pattern = PREFIX.replace("_", "\\_") + "%"
    rows = db.execute_sql(
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE %s",
        (pattern,),
    ).fetchall()
    for (name,) in rows:
        if db.execute_sql("SELECT IS_FREE_LOCK(%s)", (name,)).fetchone()[0]:
            with suppress(peewee.PeeweeException):  # another's, who may drop it
                db.execute_sql(f"DROP DATABASE IF EXISTS {quoted(name)}")
