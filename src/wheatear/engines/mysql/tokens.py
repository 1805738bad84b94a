"""MySQL's SQL cut into tokens, so that what a change does not name stays letter for letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

TokenKind = Literal["space", "comment", "name", "string", "word", "mark"]

# A versioned comment such as /*!80023 INVISIBLE */ is SQL to the server; as one token it stays
# as it is. Strings double their quote or escape it. Everything else is a mark of one character.
_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>/\*.*?\*/ | \#[^\n]* | --(?=\s)[^\n]*)
    | (?P<name>`(?:[^`]|``)*`)
    | (?P<string>(?:\b[nNbBxX]|_[a-z0-9]+\ ?)?(?:'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"))
    | (?P<word>[\w$@.]+)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)


# Those that a connection may have: a text in one of them can be sent in another.
_INTRODUCER = re.compile(r"^_(?:utf8mb[34]|utf8|latin1|ascii) ?(?=['\"])")


class Token(NamedTuple):
    """One token and the depth of parentheses it stands in (a parenthesis counts as outside)."""

    kind: TokenKind
    text: str
    depth: int = 0

    @property
    def name(self) -> str | None:
        """The identifier that a quoted name or a word spells."""
        if self.kind == "name":
            return unquoted(self.text)
        return self.text if self.kind == "word" else None


def tokens(sql: str) -> Iterator[Token]:
    """Cut `sql` into tokens; joined together they are `sql` again."""
    depth = 0
    for match in _TOKEN.finditer(sql):
        text = match.group()
        if text == ")":
            depth -= 1
        yield Token(match.lastgroup, text, depth)  # type: ignore[arg-type]
        if text == "(":
            depth += 1


def solid(sql: str) -> Iterator[Token]:
    """Those that are no space and no comment."""
    return (one for one in tokens(sql) if one.kind not in ("space", "comment"))


def joined(parts: Iterable[Token]) -> str:
    """The SQL that these tokens are, without space at its ends."""
    return "".join(part.text for part in parts).strip()


def names_in(sql: str) -> frozenset[str]:
    """Each identifier or word in `sql`, in lower case: what it could refer to."""
    found: set[str] = set()
    for token in tokens(sql):
        if token.kind == "name" or token.text[:1] == '"':
            found.add(unquoted(token.text).lower())
        elif token.kind == "word":
            found.update(token.text.lower().split("."))
    return frozenset(found)


def renamed(sql: str, old: str, new: str) -> str:
    """`sql` with each quoted name `old` turned into `new`."""
    return "".join(
        quoted(new) if token.kind == "name" and same(unquoted(token.text), old) else token.text
        for token in tokens(sql)
    )


def without_introducers(sql: str) -> str:
    """`sql` without the character sets that MySQL writes before texts: it reads an expression anew
    with each ALTER, and then may write another one. One that a collation belongs to stays.

    https://dev.mysql.com/doc/refman/8.4/en/charset-introducer.html
    """
    if "_" not in sql:
        return sql
    found = list(tokens(sql))
    kept = collated(found)
    return "".join(
        _INTRODUCER.sub("", token.text) if token.kind == "string" and at not in kept else token.text
        for at, token in enumerate(found)
    )


def collated(found: Sequence[Token]) -> set[int]:
    """At which of these tokens a collation follows."""
    solid = [at for at, token in enumerate(found) if token.kind != "space"]
    return {at for at, then in pairwise(solid) if found[then].text.upper() == "COLLATE"}


def list_of_names(sql: str) -> tuple[str, ...]:
    """The quoted names in `sql`, in order."""
    return tuple(unquoted(token.text) for token in tokens(sql) if token.kind == "name")


def quoted(name: str) -> str:
    """`name` as an identifier."""
    return "`" + name.replace("`", "``") + "`"


def unquoted(text: str) -> str:
    """The name that a quoted identifier spells."""
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def same(one: str, other: str) -> bool:
    """Whether two names are the same column, index or constraint: letter case does not matter."""
    return one.lower() == other.lower()
