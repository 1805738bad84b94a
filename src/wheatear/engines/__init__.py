"""What Wheatear knows of each database, behind one protocol.

`engine_for` is the way in: it imports the one engine that is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import peewee

from wheatear.errors import ConfigError

if TYPE_CHECKING:
    from wheatear.engines.engine import Engine

OLDEST_PEEWEE = (4, 4)
# Before that its errors were the driver's own.
_OLDEST_OF = {"playhouse.apsw_ext": (4, 5)}

_UNSUITABLE = {
    "playhouse.pwasyncio": "its connections live in an event loop",
    "playhouse.sqliteq": "it writes from a thread of its own, outside any transaction",
    "playhouse.cockroachdb": "its schema changes are not transactional, and Wheatear has no engine "
    "for it yet",
    "playhouse.mysql_ext": "of the drivers of MySQL and MariaDB, Wheatear knows PyMySQL alone",
}
_INSTEAD = {
    "playhouse.pwasyncio": "the plain class for the same database (SqliteDatabase, "
    "PostgresqlDatabase, MySQLDatabase)",
    "playhouse.sqliteq": "SqliteDatabase on the same file",
    "playhouse.cockroachdb": "PostgreSQL, SQLite, MySQL or MariaDB",
    "playhouse.mysql_ext": "MySQLDatabase or PooledMySQLDatabase",
}


def engine_for(db: Any) -> Engine:
    """Return the engine of a Peewee database.

    Args:
        db: A `peewee.Database`, or an initialised proxy of one.

    Raises:
        ConfigError: It is none, not initialised, or of a class that cannot work.
    """
    db = resolved(db)
    if isinstance(db, peewee.SqliteDatabase):
        from wheatear.engines.sqlite.engine import SqliteEngine  # noqa: PLC0415

        return SqliteEngine(db)
    if isinstance(db, peewee.PostgresqlDatabase):
        from wheatear.engines.postgresql.engine import PostgresqlEngine  # noqa: PLC0415

        return PostgresqlEngine(db)
    if isinstance(db, peewee.MySQLDatabase):
        from wheatear.engines.mysql.engine import MysqlEngine  # noqa: PLC0415

        return MysqlEngine(db)
    raise ConfigError(
        f"Wheatear has no engine for {type(db).__module__}.{type(db).__qualname__}.",
        next="use one of Peewee's SQLite, PostgreSQL or MySQL classes.",
    )


def resolved(db: Any) -> Any:
    """Return the database behind a proxy, after checking that it can be used at all.

    Raises:
        ConfigError: It cannot.
    """
    _check_peewee("Wheatear", OLDEST_PEEWEE)
    if isinstance(db, peewee.Proxy):
        if db.obj is None:
            raise ConfigError(
                "`db` is a proxy that no database was given to.",
                next="call `db.initialize(...)` in migrations_config.py before it ends.",
            )
        db = db.obj
    if not isinstance(db, peewee.Database):
        raise ConfigError(
            f"`db` is not a Peewee database but {type(db).__qualname__}.",
            next='write `db = connect("sqlite:///app.db")`, or use any of Peewee\'s databases.',
        )
    for base in type(db).__mro__:
        if base.__module__ in _OLDEST_OF:
            _check_peewee(f"{type(db).__qualname__} with Wheatear", _OLDEST_OF[base.__module__])
        if base.__module__ in _UNSUITABLE:
            raise ConfigError(
                f"{type(db).__qualname__} cannot run migrations: {_UNSUITABLE[base.__module__]}.",
                next=f"in migrations_config.py, use {_INSTEAD[base.__module__]}.",
            )
    if db.deferred:
        raise ConfigError(
            "`db` has no database name yet.",
            next="call `db.init(...)` in migrations_config.py before it ends.",
        )
    return db


def _check_peewee(who: str, oldest: tuple[int, int]) -> None:
    version = str(vars(peewee)["__version__"])
    installed = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if installed < oldest:
        wanted = ".".join(map(str, oldest))
        raise ConfigError(
            f"{who} needs Peewee {wanted} or later; {version} is installed.",
            next=f'uv add "peewee>={wanted}"',
        )
