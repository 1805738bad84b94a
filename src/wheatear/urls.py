"""Databases' URLs: taken apart, and written without their secrets."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import peewee

from wheatear.errors import ConfigError
from wheatear.masking import MASK


def sqlite_url(url: str) -> tuple[str, dict[str, Any]]:
    """Return the path in an `sqlite:///` URL, and the arguments in its query.

    Raises:
        ConfigError: It names a host, or has too few slashes.
    """
    parts = urlsplit(url)
    if not parts.netloc and parts.path and not parts.path.startswith("/"):
        raise ConfigError(
            f"The database URL {masked(url)} cannot be understood.",
            next=f"write three slashes: sqlite:///{parts.path}",
        )
    if parts.netloc:
        host = parts.netloc.rpartition("@")[2]
        raise ConfigError(
            f"The database URL {masked(url)} names a host: {host}",
            next=f"write three slashes: sqlite:///{host}{parts.path}",
        )
    return unquote(parts.path)[1:], {key: _value(text) for key, text in parse_qsl(parts.query)}


def has_no_name(url: str) -> bool:
    """Whether a server's URL ends where the database's name would begin."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # which may be none
    except ValueError:
        return False
    is_server = parts.scheme.partition("+")[0] in ("postgres", "postgresql", "mysql")
    return is_server and bool(parts.hostname) and parts.path in ("", "/")


def _value(text: str) -> Any:
    plain = {"true": True, "false": False, "none": None, "null": None}
    if text.lower() in plain:
        return plain[text.lower()]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def url_of(db: Any) -> str:
    """Return where a database is, as a URL with its password masked.

    Args:
        db: A `peewee.Database`, no proxy.
    """
    name = str(db.database)
    if isinstance(db, peewee.SqliteDatabase):
        return name if name.startswith("file:") else f"sqlite:///{name}"
    if "://" in name or "=" in name:  # psycopg takes a connection string for a name
        return masked(name)
    scheme = "postgresql" if isinstance(db, peewee.PostgresqlDatabase) else "mysql"
    params = db.connect_params
    secret = params.get("password") or params.get("passwd")
    user = quote(str(params.get("user") or ""), safe="")
    login = f"{user}{':' + MASK if secret else ''}@" if user or secret else ""
    host = params.get("host") or params.get("unix_socket") or "localhost"
    port = f":{params['port']}" if params.get("port") else ""
    return f"{scheme}://{login}{host}{port}/{masked(name)}"


# A password that is not encoded may hold any character: it ends at the last @. Without an @, what
# follows the host's colon may be one unless it is a port.
_LOGIN = re.compile(r"(://[^:/?#@]*:)(?:.*(?=@)|(?!\d*(?:[/?#]|$))[^/?#]*)", re.DOTALL)
_SETTING = re.compile(
    r"""(\b\w*(?:password|passwd|passphrase|passfile)\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&#;]+)""",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """Return a URL or a connection string with whatever could be its password masked."""
    return _SETTING.sub(rf"\g<1>{MASK}", _LOGIN.sub(rf"\g<1>{MASK}", text, count=1))


def secrets_of(db: Any) -> list[str]:
    """Return the passwords that must not appear in any output about this database."""
    params = db.connect_params
    found = [str(params[key]) for key in ("password", "passwd") if params.get(key)]
    name = str(db.database)
    for secret in _secrets_in(name):
        found += [secret, unquote(secret)]
    return list(dict.fromkeys(form for one in found for form in (one, quote(one, safe=""))))


def _secrets_in(name: str) -> list[str]:
    """Of a URL or a connection string that stands for the database's name."""
    login = _LOGIN.search(name)
    found = [login.group()[len(login.group(1)) :]] if login else []
    return found + [match.group(2).strip("'") for match in _SETTING.finditer(name)]
