"""From a URL to a Peewee database, and from a database to its migrator."""

from __future__ import annotations

from typing import Any

import peewee

from wheatear.engines import engine_for
from wheatear.errors import ConfigError

_PYMYSQL_CLASSES = ("peewee", "playhouse.pool")


_FORMS = (
    "write it like sqlite:///app.db, postgresql://user:password@host:5432/name or "
    "mysql://user:password@host:3306/name; in user and password, write @ as %40, / as %2F and : "
    "as %3A."
)


def connect(url: str, **options: Any) -> Any:
    """Make a Peewee database from a URL; nothing is opened yet.

    Args:
        url: `sqlite:///app.db` (relative to the project's folder), `sqlite:////var/lib/app.db`,
            `postgresql://user:password@host:5432/name`, `mysql://…`, `mariadb://…`; with `+pool`
            after the scheme Peewee's pooled class; any other scheme that `playhouse.db_url` knows.
            User and password may be percent-encoded. What stands in the query goes to the driver.
            PostgreSQL is reached through psycopg 3 where it is installed, else psycopg2.
        **options: More arguments for the database's class.

    Returns:
        A `peewee.Database`.

    Raises:
        ConfigError: The URL cannot be understood, or its driver is not installed.
    """
    if not str(url).strip():
        raise ConfigError("The database URL is empty.", state="nothing was changed.", next=_FORMS)
    db = _made(url, options)
    if "?" in str(url) and not str(url).startswith("file:"):
        from wheatear.options import check_options  # noqa: PLC0415 - a plain URL does without

        check_options(str(url), db)
    return db


def _made(url: str, options: dict[str, Any]) -> Any:
    scheme, _, pooled = str(url).partition(":")[0].partition("+")
    if scheme in ("sqlite", "file") and not pooled:
        return _sqlite(url, options)
    from playhouse import db_url  # noqa: PLC0415 - it imports every class that is installed

    from wheatear import urls  # noqa: PLC0415

    if scheme in ("postgres", "postgresql"):
        options = {"prefer_psycopg3": True, **options}
    if scheme == "mariadb":
        url = url.replace("mariadb", "mysql", 1)
    try:
        db = db_url.connect(url, unquote_password=True, unquote_user=True, **options)
    except (RuntimeError, ValueError) as error:
        if urls.has_no_name(url):
            raise ConfigError(
                f"The database URL {urls.masked(url)} does not say the database's name.",
                state="nothing was changed.",
                next="write it behind the host and a slash: "
                f"{urls.masked(url).partition('?')[0].rstrip('/')}/name",
            ) from error
        raise ConfigError(
            f"The database URL {urls.masked(url)} cannot be understood.", next=_FORMS
        ) from error
    if isinstance(db, peewee.PostgresqlDatabase):
        _without_prepared_statements(db)
    _check_driver(db)
    return db


def _sqlite(url: str, options: dict[str, Any]) -> Any:
    """https://www.sqlite.org/uri.html is left to SQLite: `file:` goes through as it is."""
    if url.startswith("file:"):
        return peewee.SqliteDatabase(url, **{"uri": True, **options})
    path = url.removeprefix("sqlite:///")
    if "%" in path or "?" in path or path == url:
        from wheatear.urls import sqlite_url  # noqa: PLC0415 - a plain path does without

        path, query = sqlite_url(url)
        options = {**query, **options}
    return peewee.SqliteDatabase(path or ":memory:", **options)


def _without_prepared_statements(db: Any) -> None:
    """Behind pgbouncer a statement prepared on one connection is missing on the next."""
    if type(db._adapter).__name__ == "Psycopg3Adapter":
        db.connect_params.setdefault("prepare_threshold", None)


def _check_driver(db: Any) -> None:
    drivers = vars(peewee)
    missing = None
    if isinstance(db, peewee.PostgresqlDatabase) and not (
        drivers["psycopg"] or drivers["psycopg2"]
    ):
        missing = "postgresql", "PostgreSQL", "psycopg"
    if isinstance(db, peewee.MySQLDatabase) and not drivers["mysql"]:
        # playhouse's classes for other drivers bring their own
        if type(db).__module__ in _PYMYSQL_CLASSES:
            missing = "mysql", "MySQL and MariaDB", "PyMySQL"
    if missing:
        extra, engine, driver = missing
        raise ConfigError(
            f"The driver for {engine} is not installed ({driver}).",
            next=f'uv add "wheatear[{extra}]"',
        )


def migrator_for(db: Any, schema: str | None = None) -> Any:
    """Return the schema migrator for a Peewee database.

    Args:
        db: A `peewee.Database` of SQLite, PostgreSQL, MySQL or MariaDB, or an initialised proxy.
        schema: The schema of the tables, as playhouse's migrators take it.

    Returns:
        A `playhouse.migrate.SchemaMigrator`, to be called as playhouse's documentation describes.

    Raises:
        ConfigError: It is of a class that cannot run migrations.
    """
    return engine_for(db).migrator(schema)
