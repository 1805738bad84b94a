"""Models as temporary tables, in a transaction that is rolled back: no live table is touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from wheatear.engines.engine import own_transaction
from wheatear.engines.models import Statement, send
from wheatear.engines.postgresql.reader import read_schema
from wheatear.engines.postgresql.spelling import quoted
from wheatear.errors import ConfigError, OperationError
from wheatear.schema.model import Schema

# Whatever is in nobody else's way may wait for nobody.
_LOCK_TIMEOUT = "1s"


def created(db: Any, home: str, statements: Sequence[Statement]) -> Schema:
    """Create in `pg_temp`, or without the right to it in a schema of its own, read, roll back.

    Args:
        db: The database; not in a transaction.
        home: Its current schema: types and functions are looked for there.
        statements: What to run.
    """
    with scratch(db, home) as namespace:
        send(db, statements)
        check_locks(db, namespace)
        return read_schema(db, namespace, visible=home)


@contextmanager
def scratch(db: Any, home: str) -> Iterator[str]:
    """A transaction in which tables are made in a namespace of their own; it is rolled back."""
    with own_transaction(db, begin=db.begin, commit=lambda _: db.rollback()):
        namespace = _namespace(db)
        db.execute_sql(
            "SELECT set_config('search_path', %s || ', ' || %s || ', ' || "
            "current_setting('search_path'), true), set_config('lock_timeout', %s, true)",
            (namespace, quoted(home), _LOCK_TIMEOUT),
        )
        yield namespace


def _namespace(db: Any) -> str:
    """https://www.postgresql.org/docs/current/ddl-priv.html: TEMPORARY, else CREATE."""
    refuse_standby(db)
    name, temporary, create, own = db.execute_sql(
        "SELECT current_database(), has_database_privilege(current_database(), 'TEMPORARY'), "
        "has_database_privilege(current_database(), 'CREATE'), "
        "'wheatear_scratch_' || pg_backend_pid()"
    ).fetchone()
    if temporary:
        return "pg_temp"
    if not create:
        raise no_right(name)
    db.execute_sql(f"CREATE SCHEMA {quoted(own)}")
    return str(own)


def no_right(database: str) -> OperationError:
    """The error for a user who may make no namespace."""
    return OperationError(
        "This needs a scratch namespace, but this user may make neither temporary tables nor a "
        f"schema in the database {database}.",
        state="nothing was changed.",
        next=f"GRANT TEMPORARY ON DATABASE {quoted(database)} TO CURRENT_USER;  -- as its owner "
        "(naming the user), or use a development database, where this user may.",
    )


def refuse_standby(db: Any) -> None:
    """https://www.postgresql.org/docs/current/hot-standby.html"""
    if db.execute_sql("SELECT pg_is_in_recovery()").fetchone()[0]:
        raise OperationError(
            "This needs a scratch namespace, and a standby takes no writes.",
            state="nothing was changed.",
            next="connect to the primary server.",
        )


def check_locks(
    db: Any,
    namespace: str,
    what: str = "A model's definition",
    beyond: str = "which is no model's",
    remedy: str = "look in the models for SQL that names it, or make a model of it.",
) -> None:
    """Refuse what escaped the scratch: it holds a lock outside it.

    Raises:
        ConfigError: Something did.
    """
    row = db.execute_sql(
        "SELECT c.oid::regclass::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' "
        "AND l.mode NOT IN ('AccessShareLock', 'RowShareLock') "
        "AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema', %s) "
        "AND n.nspname NOT LIKE 'pg\\_temp\\_%%' AND n.nspname NOT LIKE 'pg\\_toast\\_temp\\_%%' "
        "ORDER BY c.relkind = 'i' LIMIT 1",
        (namespace,),
    ).fetchone()
    if row:
        raise ConfigError(
            f"{what} reaches the table {row[0]}, {beyond}.",
            state="nothing was changed: what it did was rolled back.",
            next=remedy,
        )
