"""Python values and the server's own string literals as SQL text."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from peewee import Node

from .tokens import tokens

# What SHOW CREATE TABLE escapes, whatever the session's sql_mode says.
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPE = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "b": "\b", "Z": "\x1a", "'": "''"}
_KEPT = {"%": r"\%", "_": r"\_"}


def literal(value: Any, *, backslash: bool = True) -> str:
    """`value` as a literal.

    Args:
        value: What a field's `db_value` returned.
        backslash: Whether a backslash escapes in this session (no NO_BACKSLASH_ESCAPES).
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"x'{bytes(value).hex()}'"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dt.timedelta):
        value = _clock(value)
    elif isinstance(value, dt.datetime):
        value = value.isoformat(" ")
    return _string(str(value), backslash=backslash)


def respelled(sql: str) -> str:
    """SQL as SHOW CREATE TABLE prints it, for a session in which a backslash does not escape."""
    return "".join(
        without_escapes(token.text) if token.kind == "string" else token.text
        for token in tokens(sql)
    )


def with_escapes(sql: str) -> str:
    """SQL of a session in which a backslash does not escape, as SHOW CREATE TABLE prints it."""
    return "".join(
        token.text.replace("\\", "\\\\") if token.kind == "string" else token.text
        for token in tokens(sql)
    )


def sql_of(node: Any, context: Any, *, backslash: bool = True) -> str:
    """A Peewee node as SQL text, its parameters written as literals.

    Peewee's SQL is a template for the driver: `%s` is a parameter, `%%` a percent sign. A lone
    percent sign is an error there; here it stands for itself where there are no parameters.
    """
    sql, params = context.sql(node).query()
    try:
        return str(sql % tuple(literal(value, backslash=backslash) for value in params))
    except (TypeError, ValueError):
        if params:
            raise
        return str(sql)


def is_sql(value: Any) -> bool:
    """Whether a default is SQL already: a node, or text that playhouse takes for SQL."""
    return isinstance(value, Node) or (isinstance(value, str) and value.endswith((")", "'")))


def _string(text: str, *, backslash: bool) -> str:
    if backslash:
        text = text.replace("\\", "\\\\").replace("\0", "\\0").replace("\x1a", "\\Z")
    return "'" + text.replace("'", "''") + "'"


def without_escapes(text: str) -> str:
    """A literal's text without its escapes; quotes in it are doubled."""
    return _ESCAPED.sub(lambda m: _KEPT.get(m[1], _UNESCAPE.get(m[1], m[1])), text)


def _clock(value: dt.timedelta) -> str:
    sign = "-" if value < dt.timedelta() else ""
    value = abs(value)
    minutes, seconds = divmod(value.days * 86400 + value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06}" if value.microseconds else ""
    return f"{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}"
