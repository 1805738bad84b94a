"""PostgreSQL's statements cut into words.

https://www.postgresql.org/docs/current/sql-syntax-lexical.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from wheatear.engines.alterations import Word

_LEXICAL = r"""
      (?P<space>   \s+ | --[^\n]* )
    | (?P<comment> /\* )
    | (?P<string>  [eE]'(?:[^'\\]|\\.|'')*' | (?:[bBxXnN]|[uU]&)?'PLAIN*'
                   | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag) )
    | (?P<quoted>  "(?:[^"]|"")*" )
    | (?P<word>    [^\W\d][\w$]* )
    | (?P<number>  \d[\w.]* )
    | (?P<other>   . )
    """
_FLAGS = re.VERBOSE | re.DOTALL
_STANDARD = re.compile(_LEXICAL.replace("PLAIN", "(?:[^']|'')"), _FLAGS)
_ESCAPING = re.compile(_LEXICAL.replace("PLAIN", r"(?:[^'\\]|\\.|'')"), _FLAGS)
_COMMENT = re.compile(r"/\*|\*/")
_SMALL = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


class Token(NamedTuple):
    """A word, and where in the text it stands."""

    word: Word
    start: int
    end: int


def tokens_of(sql: str, *, escapes: bool = False) -> Iterator[Token]:
    """Cut a text into words, past white space and comments.

    Args:
        sql: The text, of one statement or several.
        escapes: `standard_conforming_strings` is off: a backslash escapes in any string.
    """
    pattern, at = _ESCAPING if escapes else _STANDARD, 0
    while match := pattern.match(sql, at):
        at = match.end()
        text, kind = match.group(), match.lastgroup
        if kind == "comment":
            at = _after_comment(sql, at)
        elif kind == "word":
            yield Token(Word(text.upper(), text.translate(_SMALL)), *match.span())
        elif kind == "quoted":
            yield Token(Word("", text[1:-1].replace('""', '"')), *match.span())
        elif kind in {"other", "number"}:
            yield Token(Word(text, None), *match.span())
        elif kind != "space":
            yield Token(Word("", None), *match.span())


def _after_comment(sql: str, at: int) -> int:
    """Comments nest."""
    depth = 1
    while depth and (match := _COMMENT.search(sql, at)):
        depth += 1 if match.group() == "/*" else -1
        at = match.end()
    return len(sql) if depth else at


def words_of(sql: str) -> list[Word]:
    """A statement's words; what is not quoted is in small letters to the server."""
    return [token.word for token in tokens_of(sql)]


def statements_of(sql: str, *, escapes: bool = False) -> list[list[Token]]:
    """The words of each statement in a text, without the semicolons between them.

    As psql does it: a semicolon inside parentheses (CREATE RULE) or in a function's body that
    begins with BEGIN ATOMIC ends none.
    https://github.com/postgres/postgres/blob/master/src/fe_utils/psqlscan.l
    """
    found: list[list[Token]] = [[]]
    depth = body = 0
    for token in tokens_of(sql, escapes=escapes):
        text = token.word.text
        depth = max(0, depth + (text in {"(", "["}) - (text in {")", "]"}))
        if text == ";" and not depth and not body:
            found.append([])
            continue
        if body:
            body += (text in {"BEGIN", "CASE"}) - (text == "END")
        elif text == "ATOMIC" and found[-1] and found[-1][-1].word.text == "BEGIN":
            body = int(found[-1][0].word.text == "CREATE")
        found[-1].append(token)
    return [one for one in found if one]
