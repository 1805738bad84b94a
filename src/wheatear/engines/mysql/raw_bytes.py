"""Bytes in a definition that are no letters: MariaDB prints a BINARY column's default as it is.

PyMySQL takes all that a server says of a table for UTF-8, and a byte that is none leaves it in the
middle of an answer, the connection of no more use.
https://mariadb.com/kb/en/show-create-table/
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .literals import without_escapes
from .tokens import tokens

_CODEC = "wheatear_utf8"
_ESCAPED = re.compile("[\udc80-\udcff]")


def _encode(text: str, _errors: str = "strict") -> tuple[bytes, int]:
    return text.encode("utf-8", "surrogateescape"), len(text)


def _decode(raw: Any, _errors: str = "strict") -> tuple[str, int]:
    return bytes(raw).decode("utf-8", "surrogateescape"), len(raw)


def _find(name: str) -> codecs.CodecInfo | None:
    return codecs.CodecInfo(_encode, _decode, name=_CODEC) if name == _CODEC else None


codecs.register(_find)


@contextmanager
def taken(connection: Any) -> Iterator[None]:
    """For the block, PyMySQL's connection takes bytes that are no UTF-8 as they are."""
    encoding = getattr(connection, "encoding", None)
    ours = encoding in ("utf8", "utf-8")
    if ours:
        connection.encoding = _CODEC
    try:
        yield
    finally:
        if ours:
            connection.encoding = encoding


def with_bytes_in_hex(definition: str) -> str:
    """A definition in which texts that are no letters are in hexadecimal, as they may be said."""
    if not _ESCAPED.search(definition):
        return definition
    return "".join(
        f"x'{_encode(without_escapes(one.text[1:-1]).replace(chr(39) * 2, chr(39)))[0].hex()}'"
        if one.kind == "string" and _ESCAPED.search(one.text)
        else one.text
        for one in tokens(definition)
    )
