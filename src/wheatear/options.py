"""What stands behind the `?` of a database's URL: refused where the driver would not take it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import peewee

from wheatear.errors import ConfigError
from wheatear.urls import masked

# https://docs.python.org/3/library/sqlite3.html#sqlite3.connect; Peewee takes `timeout` for itself.
_SQLITE = ("cached_statements", "check_same_thread", "detect_types", "uri")
_NUMBERS = (
    *("timeout", "stale_timeout", "max_connections", "cached_statements", "detect_types", "port"),
    *("connect_timeout", "read_timeout", "write_timeout", "client_flag", "max_allowed_packet"),
)
_TLS = (
    "for TLS name the server's certificate: ssl_ca=FILE, with ssl_verify_identity=true to have the "
    "host's name checked too."
)


def check_options(url: str, db: Any) -> None:
    """Refuse what the driver would not take, or pass over.

    Args:
        url: The URL.
        db: The Peewee database that was made from it. What Peewee's class knows, it has taken.

    Raises:
        ConfigError: A name that the driver does not know, or a value that it cannot use.
    """
    given = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if isinstance(db, peewee.SqliteDatabase):
        _check_names(url, given, db, _SQLITE, "SQLite")
    elif isinstance(db, peewee.MySQLDatabase):
        names = _of_pymysql(db)
        if names is None:
            return
        _check_names(url, given, db, names, "PyMySQL")
        _check_pymysql(url, given)
    else:
        return  # libpq knows its own
    for name in _NUMBERS:
        if name in given and not _is_number(given[name]):
            raise _wrong(url, name, given[name], f"write a number, such as {name}=5.")


def _of_pymysql(db: Any) -> tuple[str, ...] | None:
    """The names of its options, if that is the driver."""
    try:
        from pymysql.connections import Connection  # noqa: PLC0415 - where it is used
    except ImportError:
        return None
    is_used = getattr(vars(peewee)["mysql"], "__name__", "") == "pymysql"
    if not is_used or type(db).__module__ not in ("peewee", "playhouse.pool"):
        return None
    code = Connection.__init__.__code__
    names: tuple[str, ...] = code.co_varnames
    return names[1 : code.co_argcount + code.co_kwonlyargcount]


def _check_names(
    url: str, given: dict[str, str], db: Any, known: tuple[str, ...], driver: str
) -> None:
    for name in given:
        if name in db.connect_params and name not in known:
            close = get_close_matches(name, (*known, "timeout"), n=1)
            mend = f"write {close[0]}, or take it out." if close else "take it out."
            if driver == "PyMySQL" and name.lower().startswith(("ssl", "tls", "usessl")):
                mend = _TLS
            raise ConfigError(
                f"The database URL {masked(url)} has an option that {driver} does not know: "
                f"{name}.",
                state="nothing was changed.",
                next=mend,
            )


def _check_pymysql(url: str, given: dict[str, str]) -> None:
    from pymysql.charset import charset_by_name  # noqa: PLC0415 - where it is used

    if "ssl" in given:
        raise _wrong(url, "ssl", given["ssl"], _TLS)
    charset = given.get("charset")
    if charset:
        try:
            known = charset_by_name(charset)
        except KeyError:
            known = None
        if known is None:
            raise _wrong(url, "charset", charset, "write charset=utf8mb4, or leave it out.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text.lower() in ("none", "null")
    return True


def _wrong(url: str, name: str, value: str, mend: str) -> ConfigError:
    return ConfigError(
        f"The database URL {masked(url)} gives the option {name} a value that cannot be used: "
        f"{value or 'none'}.",
        state="nothing was changed.",
        next=mend,
    )
