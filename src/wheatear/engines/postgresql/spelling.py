"""Names and statements as PostgreSQL spells them: quoting, and cutting what it prints."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r'(?:"(?:[^"]|"")*"|[^\s".,()]+)'
_NAMES = rf"\(((?:{_NAME}|, )*)\)"
_INDEX = re.compile(
    rf"CREATE (?:UNIQUE )?INDEX ({_NAME}) ON (?:ONLY )?{_NAME}(?:\.{_NAME})? USING ({_NAME}) \("
)
_KEY = re.compile(rf"(?:PRIMARY KEY|UNIQUE)((?: NULLS NOT DISTINCT)?) {_NAMES}(.*)", re.DOTALL)
_FOREIGN_KEY = re.compile(
    rf"FOREIGN KEY {_NAMES} REFERENCES ((?:{_NAME}\.)?{_NAME}){_NAMES}(.*)", re.DOTALL
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


def unquoted(name: str) -> str:
    """The name itself; one with its schema before it stays as it is printed."""
    if re.fullmatch(_NAME, name) and name.startswith('"'):
        return name[1:-1].replace('""', '"')
    return name


def _names(text: str) -> tuple[str, ...]:
    return tuple(unquoted(name) for name in re.findall(_NAME, text))


@dataclass(frozen=True)
class Key:
    """A printed PRIMARY KEY, UNIQUE or FOREIGN KEY, cut into its pieces."""

    columns: tuple[str, ...]
    table: str | None = None
    targets: tuple[str, ...] = ()
    options: str = ""


def key(definition: str) -> Key:
    """Cut what `pg_get_constraintdef` prints of a key."""
    if match := _KEY.fullmatch(definition):
        before, columns, after = match.groups()
        return Key(_names(columns), options=f"{before}{after}".strip())
    if match := _FOREIGN_KEY.fullmatch(definition):
        columns, table, targets, options = match.groups()
        return Key(_names(columns), unquoted(table), _names(targets), options.strip())
    return Key((), options=definition)


def index_pieces(definition: str) -> tuple[str, str, tuple[str, ...], str]:
    """Name, method, the parts between the parentheses, and the rest of a printed CREATE INDEX."""
    match = _INDEX.match(definition)
    if match is None:
        return definition, "", (), ""
    parts, end = _parts(definition, match.end())
    return unquoted(match[1]), match[2], parts, definition[end:].strip()


_TOKEN = re.compile(
    r"""E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[^'"(),\[\]E]+|.""", re.DOTALL
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
