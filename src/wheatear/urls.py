"""Databases' URLs: taken apart, and written without their secrets."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import peewee

from wheatear.errors import ConfigError

MASK = "***"


def sqlite_url(url: str) -> tuple[str, dict[str, Any]]:
    """Return the path in an `sqlite:///` URL, and the arguments in its query.

    Raises:
        ConfigError: It names a host.
    """
    parts = urlsplit(url)
    if parts.netloc:
        raise ConfigError(
            f"The database URL {masked(url)} names a host: {parts.netloc}",
            next=f"write three slashes: sqlite:///{parts.netloc}{parts.path}",
        )
    return unquote(parts.path)[1:], {key: _value(text) for key, text in parse_qsl(parts.query)}


def _value(text: str) -> Any:
    plain = {"true": True, "false": False, "none": None, "null": None}
    if text.lower() in plain:
        return plain[text.lower()]
    try:
        return int(text)
    except ValueError:
        return text


def url_of(db: Any) -> str:
    """Return where a database is, as a URL with its password masked.

    Args:
        db: A `peewee.Database`, no proxy.
    """
    name = str(db.database)
    if isinstance(db, peewee.SqliteDatabase):
        return name if name.startswith("file:") else f"sqlite:///{name}"
    if "://" in name:  # psycopg takes a connection string for a name
        return masked(name)
    scheme = "postgresql" if isinstance(db, peewee.PostgresqlDatabase) else "mysql"
    params = db.connect_params
    secret = params.get("password") or params.get("passwd")
    user = quote(str(params.get("user") or ""), safe="")
    login = f"{user}{':' + MASK if secret else ''}@" if user or secret else ""
    host = params.get("host") or params.get("unix_socket") or "localhost"
    port = f":{params['port']}" if params.get("port") else ""
    return f"{scheme}://{login}{host}{port}/{masked(name)}"


def masked(text: str) -> str:
    """Return a URL or a connection string with whatever could be its password masked."""
    try:
        parts = urlsplit(text)
        secret = parts.password
    except ValueError:
        return MASK
    if secret is not None:
        login, _, place = parts.netloc.rpartition("@")
        parts = parts._replace(netloc=f"{login.split(':', 1)[0]}:{MASK}@{place}")
    query = [
        (key, MASK if "pass" in key.lower() else value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    if any("pass" in key.lower() for key, _ in query):
        parts = parts._replace(query=urlencode(query, safe=MASK))
    return urlunsplit(parts) if "://" in text else text


def secrets_of(db: Any) -> list[str]:
    """Return the passwords that must not appear in any output about this database."""
    params = db.connect_params
    found = [str(params[key]) for key in ("password", "passwd") if params.get(key)]
    name = str(db.database)
    if "://" in name and (secret := urlsplit(name).password):
        found += [secret, unquote(secret)]
    return found
