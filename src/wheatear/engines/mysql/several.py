"""A text of several statements, where the client allows such (CLIENT.MULTI_STATEMENTS).

The semicolons in a stored program's body, or in BEGIN NOT ATOMIC … END, end no statement.
https://mariadb.com/kb/en/programmatic-compound-statements/
"""

from __future__ import annotations

from typing import Any

from .tokens import Token, joined, tokens

_MULTI_STATEMENTS = 1 << 16  # https://mariadb.com/kb/en/connection/#capabilities
_PROGRAMS = {"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"}
_LOOPS = {"IF", "LOOP", "WHILE", "REPEAT", "FOR"}
_HEAD = 16  # CREATE OR REPLACE DEFINER = `x`@`y` SQL SECURITY … PROCEDURE


def are_allowed(connection: Any) -> bool:
    """Whether the server takes several; a driver that does not tell may allow them."""
    flags = getattr(connection, "client_flag", None)
    return flags is None or bool(flags & _MULTI_STATEMENTS)


def statements_of(sql: str) -> list[str]:
    """Each statement's text, without the semicolons between them."""
    found: list[list[Token]] = [[]]
    depth, before = 0, ""
    for token in tokens(sql):
        if token.kind in {"space", "comment"}:
            if token.kind == "comment" and token.text.startswith(("/*!", "/*M!")):
                found[-1].append(token)  # it is read by the server
            continue
        word = token.text.upper() if token.kind == "word" else token.text
        if word == ";" and not (_is_program(found[-1]) and (depth > 0 or not _begins(found[-1]))):
            found.append([])
            depth, before = 0, ""
            continue
        if before != "END" or word not in {*_LOOPS, "CASE"}:
            depth += (word in {"BEGIN", "CASE"}) - (word == "END")
        elif word in _LOOPS:
            depth += 1  # END IF has closed no BEGIN
        found[-1].append(token)
        before = word
    return [" ".join(token.text for token in one) for one in found if joined(one)]


def _words(statement: list[Token]) -> list[str]:
    return [token.text.upper() for token in statement if token.kind == "word"]


def _is_program(statement: list[Token]) -> bool:
    """It has a body, or is one."""
    words = _words(statement[:_HEAD])
    if words[:1] == ["CREATE"]:
        return not _PROGRAMS.isdisjoint(words)
    return words[:2] == ["BEGIN", "NOT"] or words[:1] in [[loop] for loop in (*_LOOPS, "CASE")]


def _begins(statement: list[Token]) -> bool:
    """Without BEGIN the body may be an IF or a loop; then all to the end of the text is its."""
    return "BEGIN" in _words(statement)
