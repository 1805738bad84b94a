"""Expressions as MySQL's catalogue has them: quotes and backslashes escaped, each text with its
character set before it, and its bytes taken for Latin-1.

https://dev.mysql.com/doc/refman/8.4/en/charset-introducer.html
"""

from __future__ import annotations

import re

from .literals import without_escapes
from .tokens import Token, collated, tokens, without_introducers

_ESCAPED = re.compile(r"\\(['\\])")
_TEXT = re.compile(r"(?:_([a-z0-9]+) ?)?'(.*)'", re.DOTALL)
_UTF8 = frozenset({"utf8mb4", "utf8mb3", "utf8"})


def as_written(expression: str) -> str:
    """The expression as it can be said again, without the character sets that need not be said."""
    found = list(_tokens(expression))
    kept = collated(found)
    return without_introducers("".join(_said(one, at in kept) for at, one in enumerate(found)))


def has_text_in_another_set(expression: str) -> bool:
    """Whether letters beyond ASCII are in another character set than the connection's."""
    return any(
        not token.text.isascii() and _character_set(token) not in _UTF8
        for token in _tokens(expression)
        if token.kind == "string"
    )


def _tokens(expression: str) -> list[Token]:
    return list(tokens(_ESCAPED.sub(r"\1", expression)))


def _character_set(token: Token) -> str:
    text = _TEXT.fullmatch(token.text)
    return (text and text[1]) or "utf8mb4"


def _said(token: Token, collated: bool) -> str:
    """A text of another character set as its bytes, unless it can be sent in the connection's."""
    if token.text.isascii():
        return token.text
    try:
        raw = b"".join(map(_byte, token.text))
        character_set = _character_set(token) if token.kind == "string" else "utf8mb4"
        if character_set in _UTF8:
            return raw.decode("utf-8")
    except UnicodeError:
        return token.text
    if character_set == "latin1" and not collated:
        return "".join(map(_letter, raw))
    content = _TEXT.fullmatch(token.text)
    return f"_{character_set} x'{_bytes(content[2]).hex()}'" if content else token.text


def _bytes(content: str) -> bytes:
    """Those of what stands between the quotes."""
    return b"".join(map(_byte, without_escapes(content).replace("''", "'")))


def _byte(letter: str) -> bytes:
    """What MySQL calls latin1 is Windows' character set.

    https://dev.mysql.com/doc/refman/8.4/en/charset-we-sets.html
    """
    try:
        return letter.encode("cp1252")
    except UnicodeError:
        return letter.encode("latin-1")


def _letter(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeError:
        return chr(byte)
