"""GET_LOCK on the connection that runs the DDL: while a statement of a dead runner is still at work
on the server, its connection lives and the lock is held.

https://mariadb.com/kb/en/get_lock/, https://dev.mysql.com/doc/refman/8.0/en/locking-functions.html
"""

from __future__ import annotations

import hashlib
from typing import Any


def lock_name(database: str) -> str:
    """Names are the server's, not the database's, and of 64 letters at most on MySQL."""
    name = f"wheatear:{database}"
    if len(name) <= 64:
        return name
    return f"wheatear:{hashlib.sha256(database.encode()).hexdigest()[:55]}"


def try_lock(db: Any, name: str, seconds: int) -> bool:
    """Take the lock if it can be had within so many seconds."""
    return bool(db.execute_sql("SELECT GET_LOCK(%s, %s)", (name, seconds)).fetchone()[0] == 1)


def release(db: Any, name: str) -> None:
    """Give it back."""
    db.execute_sql("DO RELEASE_LOCK(%s)", (name,))


def is_held_elsewhere(db: Any, name: str) -> bool:
    """Whether another connection holds it."""
    row = db.execute_sql("SELECT IS_USED_LOCK(%s), CONNECTION_ID()", (name,)).fetchone()
    return row[0] is not None and row[0] != row[1]


def is_connected(number: int) -> str:
    """The query that has a row while the server knows a connection."""
    return f"SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = {int(number)}"


def holder(db: Any, name: str) -> str:
    """Name the connection that holds the lock."""
    row = db.execute_sql(
        "SELECT ID, USER, HOST FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK(%s)",
        (name,),
    ).fetchone()
    if row is None:
        return "another run of migrations"
    return f"{row[1]}@{str(row[2]).rsplit(':', 1)[0]} (server connection {row[0]})"
