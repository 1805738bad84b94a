"""PostgreSQL's statements cut into words.

https://www.postgresql.org/docs/current/sql-syntax-lexical.html
"""

from __future__ import annotations

import re

from wheatear.engines.alterations import Word

_TOKEN = re.compile(
    r"""
      (?P<space>   \s+ | --[^\n]* | /\*.*?\*/ )
    | (?P<string>  [eE]'(?:[^'\\]|\\.|'')*' | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'
                   | (?P<tag>\$\w*\$).*?(?P=tag) )
    | (?P<quoted>  "(?:[^"]|"")*" )
    | (?P<word>    [^\W\d][\w$]* )
    | (?P<other>   . )
    """,
    re.VERBOSE | re.DOTALL,
)


def words_of(sql: str) -> list[Word]:
    """A statement's words; what is not quoted is in small letters to the server."""
    words = []
    for match in _TOKEN.finditer(sql):
        text = match.group()
        if match.lastgroup == "word":
            words.append(Word(text.upper(), text.lower()))
        elif match.lastgroup == "quoted":
            words.append(Word("", text[1:-1].replace('""', '"')))
        elif match.lastgroup == "other":
            words.append(Word(text, None))
        elif match.lastgroup != "space":
            words.append(Word("", None))
    return words
