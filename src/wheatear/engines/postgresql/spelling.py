"""Names and statements as PostgreSQL spells them: quoting, and cutting what it prints."""

from __future__ import annotations

import re

_NAME = r'(?:"(?:[^"]|"")*"|[^\s".()]+)'
_NAMES = rf"\((?:{_NAME}|, )*\)"
_INDEX = re.compile(
    rf"CREATE (?:UNIQUE )?INDEX {_NAME} ON (?:ONLY )?{_NAME}(?:\.{_NAME})? USING ({_NAME}) \("
)
_KEY = re.compile(rf"(?:PRIMARY KEY|UNIQUE)((?: NULLS NOT DISTINCT)?) {_NAMES}(.*)", re.DOTALL)
_FOREIGN_KEY = re.compile(
    rf"FOREIGN KEY {_NAMES} REFERENCES {_NAME}(?:\.{_NAME})?{_NAMES}(.*)", re.DOTALL
)


def quoted(*names: str | None) -> str:
    """The identifier, with its schema before it where one is given."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names if name)


def clipped(name: str) -> str:
    """The name as the server keeps it: its first 63 bytes."""
    return name.encode()[:63].decode(errors="ignore")


def string(text: str) -> str:
    """A string literal that means the same whatever `standard_conforming_strings` is."""
    escaped = text.replace("'", "''")
    return "E'" + escaped.replace("\\", "\\\\") + "'" if "\\" in text else f"'{escaped}'"


def key_options(definition: str) -> str:
    """What a printed PRIMARY KEY or UNIQUE says besides its columns."""
    match = _KEY.fullmatch(definition)
    return "".join(match.groups()).strip() if match else definition


def foreign_key_options(definition: str) -> str:
    """What a printed FOREIGN KEY says after the columns it points at: MATCH, ON DELETE, …"""
    match = _FOREIGN_KEY.fullmatch(definition)
    return match[1].strip() if match else definition


def index_pieces(definition: str) -> tuple[str, tuple[str, ...], str]:
    """The method, the parts between the parentheses, and the rest of a printed CREATE INDEX."""
    match = _INDEX.match(definition)
    if match is None:
        return "", (definition,), ""
    parts, end = _parts(definition, match.end())
    return match[1], parts, definition[end:].strip()


_TOKEN = re.compile(
    r"""E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[^'"(),\[\]E]+|.""", re.S
)


def _parts(text: str, start: int) -> tuple[tuple[str, ...], int]:
    """Split at commas outside parentheses, brackets and quotes, up to the closing parenthesis."""
    parts, part, depth = [], "", 0
    for token in _TOKEN.finditer(text, start):
        if depth == 0 and token[0] in {",", ")"}:
            parts.append(part.strip())
            part = ""
            if token[0] == ")":
                return tuple(parts), token.end()
            continue
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token[0], 0)
        part += token[0]
    return (*parts, part.strip()), len(text)
