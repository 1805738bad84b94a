"""PostgreSQL's advisory lock, held by the migration's own transaction.

https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS

Polled, never waited for: a waiting session holds a snapshot that CREATE INDEX CONCURRENTLY waits
for in turn. Of the transaction, not of the session: behind pgbouncer a session is nobody's own.

Where a migration is not one transaction, the lock is held on a connection beside it. If that run is
killed, the server may close the one connection while the other's last COMMIT is still at work. So
every transaction of such a run takes a second lock, `writing`, and whoever gets the first one waits
until the second is free too: then all is seen that the dead run has done.
"""

from __future__ import annotations

import zlib
from typing import Any

_CLASS = 0x77686561  # "whea": the first of the lock's two keys
_WRITING = _CLASS + 1


def key(schema: str) -> tuple[int, int]:
    """The lock's two keys: Wheatear's own, and one for the schema that holds the history."""
    return _CLASS, zlib.crc32(schema.encode()) - 2**31


def writing(schema: str) -> str:
    """The query that takes the lock of whoever writes; nobody who does has to wait for it."""
    return f"SELECT pg_advisory_xact_lock({_WRITING}, {key(schema)[1]})"


def nobody_writes(schema: str) -> str:
    """The expression that says so, and takes that lock for the transaction."""
    return f"pg_try_advisory_xact_lock({_WRITING}, {key(schema)[1]})"


def is_held_elsewhere(db: Any, schema: str) -> bool:
    """Whether another connection holds the lock."""
    row = db.execute_sql(
        "SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted "
        "AND l.classid::bigint = %s AND l.objid::bigint = %s AND l.objsubid = 2 "
        "AND l.pid <> pg_backend_pid() "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        (_CLASS, key(schema)[1] % 2**32),
    ).fetchone()
    return bool(row[0])


def holder(db: Any, schema: str) -> str:
    """Name the connection that holds the lock."""
    row = db.execute_sql(
        "SELECT a.pid, a.application_name, a.usename, host(a.client_addr) "
        "FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = %s "
        "AND l.objid::bigint = %s AND l.objsubid = 2 "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        (_CLASS, key(schema)[1] % 2**32),
    ).fetchone()
    if row is None:
        return "another run of migrations"
    pid, application, user, address = row
    who = (
        application if str(application).startswith("wheatear ") else f"{user}@{address or 'local'}"
    )
    return f"{who} (server process {pid})"
