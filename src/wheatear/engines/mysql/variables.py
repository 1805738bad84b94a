"""The user variables that a statement says, and which of them it gives a value.

https://mariadb.com/kb/en/user-defined-variables/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .tokens import Token, quoted, tokens, unquoted

_MAY = re.compile(r"""(?<![\w@'"`])@[\w$.'"`]""")  # no address of somebody's mail, nor an account


class Variable(NamedTuple):
    """One that a statement says.

    Attributes:
        name: Quoted, in small letters: `@a` and `@A` are the same.
        is_given: The statement gives it a value.
    """

    name: str
    is_given: bool


def variables_in(sql: str) -> list[Variable]:
    """Each place where a statement says one, in order."""
    if "@" not in sql or not _MAY.search(sql):
        return []
    return list(_variables(_solid(sql.replace("%%", "%"))))  # as the driver sends it


def also_sets(sql: str) -> bool:
    """Whether a SET is about a variable of the server too, or of a stored program."""
    starts = list(_starts_of_set(_solid(sql)))
    return any(not _is_variable(token) for token in starts)


def _solid(sql: str) -> list[Token]:
    """A statement without blanks and comments, and `@` and a quoted name as one token."""
    found: list[Token] = []
    before: Token | None = None
    for token in tokens(sql):
        # 'root'@'localhost' is an account.
        if before is not None and before.text == "@" and token.kind in ("name", "string"):
            found[-1] = Token("word", f"@{unquoted(token.text)}", token.depth)
        elif token.kind == "word" and token.text[0] == "@" and _names_an_account(before):
            found.append(Token("mark", token.text, token.depth))
            before = None
            continue
        elif token.kind not in ("space", "comment"):
            found.append(token)
        before = token
    return found


def _names_an_account(before: Token | None) -> bool:
    return before is not None and before.kind in ("name", "string")


def _is_variable(token: Token) -> bool:
    return token.kind == "word" and token.text[0] == "@" and not token.text.startswith("@@")


def _variables(found: Sequence[Token]) -> Iterator[Variable]:
    starts = set(map(id, _starts_of_set(found)))
    into = False
    for at, token in enumerate(found):
        into = _word(token) == "INTO" or (into and (token.text == "," or _is_variable(token)))
        if _is_variable(token):
            after = "".join(one.text for one in found[at + 1 : at + 3])
            name = "@" + quoted(token.text[1:].lower())
            yield Variable(name, into or after == ":=" or id(token) in starts)


def _starts_of_set(found: Sequence[Token]) -> Iterator[Token]:
    """What stands before each `=` of a SET."""
    if not found or _word(found[0]) != "SET":
        return
    begins = True
    for token in found[1:]:
        if begins and _word(token) not in ("SESSION", "LOCAL", "GLOBAL"):
            yield token
            begins = False
        elif token.text == "," and not token.depth:
            begins = True


def _word(token: Token) -> str:
    return token.text.upper() if token.kind == "word" else ""
