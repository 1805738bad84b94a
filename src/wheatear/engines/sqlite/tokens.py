"""SQLite's tokens, by the rules of its own tokenizer (tokenize.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

Kind = Literal["word", "quoted", "string", "other"]


class Token(NamedTuple):
    """One token that means something; white space and comments lie between tokens.

    `word` is a bare identifier or keyword, `quoted` a name in `"`, `[` or a backtick, `string` a
    literal in single quotes (which SQLite takes as a name where only a name may stand), `other`
    a number, a blob, an operator or a parenthesis.
    """

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """What the token says when it stands for a name: without its quotes."""
        if self.kind in {"word", "other"}:
            return self.text
        if self.text[0] == "[":
            return self.text[1:-1]
        quote = self.text[0]
        return self.text[1:-1].replace(quote * 2, quote)

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in capitals here and in any letter case there."""
        return self.kind == "word" and self.text.upper() in words


# White space is these five characters and a byte-order mark: Python's \s would take in NBSP, which
# SQLite reads as a letter. Any character beyond ASCII is a letter.
_TOKEN = re.compile(
    r"""
      (?P<space>   [ \t\n\f\r]+ | \ufeff | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<string>  '(?:[^']|'')*' )
    | (?P<quoted>  "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] )
    | (?P<blob>    [xX]'[^']*' )
    | (?P<number>  (?: 0[xX][0-9a-fA-F_]+ | (?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)
                       (?:[eE][+-]?[0-9][0-9_]*)? ) )
    | (?P<word>    [A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]* )
    | (?P<other>   . )
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS: dict[str, Kind] = {"string": "string", "quoted": "quoted", "word": "word"}


def tokens_of(sql: str) -> list[Token]:
    """Return the tokens of `sql`, in order, each with its place."""
    return [
        Token(_KINDS.get(match.lastgroup or "", "other"), match.group(), *match.span())
        for match in _TOKEN.finditer(sql)
        if match.lastgroup != "space"
    ]


def after_parenthesis(tokens: Sequence[Token], opening: int) -> int:
    """Return the index after the parenthesis that closes the one at `opening`."""
    depth = 0
    for at in range(opening, len(tokens)):
        token = tokens[at]
        if token.kind == "other":
            if token.text == "(":
                depth += 1
            elif token.text == ")":
                depth -= 1
                if not depth:
                    return at + 1
    raise ValueError("a parenthesis is not closed")


def quote(name: str) -> str:
    """Return the name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def plain_type(declared: str) -> str:
    """Return a declared type as SQLite takes it: a quoted one without its quotes."""
    return tokens_of(declared)[0].name if declared[:1] in {'"', "'", "`", "["} else declared


def literal(text: str) -> str:
    """Return the text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def fold(name: str) -> str:
    """Return the name as SQLite compares it: only the letters of ASCII lose their case."""
    return name.lower() if name.isascii() else name.translate(_LOWER)


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def mentions(expression: str, name: str) -> bool:
    """Whether an expression says this name as a column's, not as a function's or a type's."""
    folded = fold(name)
    tokens = tokens_of(expression)
    for at, token in enumerate(tokens):
        if token.kind not in {"word", "quoted"} or fold(token.name) != folded:
            continue
        called = at + 1 < len(tokens) and tokens[at + 1].text == "("
        typed = at > 0 and tokens[at - 1].is_word("AS", "COLLATE")
        if not called and not typed:
            return True
    return False


def names(sql: str, name: str) -> bool:
    """Whether a text says this name, as whatever."""
    folded = fold(name)
    return any(token.kind != "other" and fold(token.name) == folded for token in tokens_of(sql))


_LETTER = re.compile(r"[A-Za-z0-9_$.\"'`\[\u0080-\U0010ffff]")


def splice(sql: str, start: int, end: int, new: str) -> str:
    """Replace `sql[start:end]`, with a space where two tokens would else become one."""
    before, after = sql[:start], sql[end:]
    if new and before and _LETTER.match(before[-1]) and _LETTER.match(new[0]):
        new = " " + new
    left = new[-1:] or before[-1:]
    if after and left and (_LETTER.match(left) or left in ")]") and _LETTER.match(after[0]):
        new += " "
    return before + new + after


def cut(sql: str, start: int, end: int) -> str:
    """Remove `sql[start:end]` and the blanks before it, but not the end of a comment's line."""
    begin = start
    while begin and sql[begin - 1] in " \t":
        begin -= 1
    if begin and sql[begin - 1] in "\r\n" and not _ends_in_line_comment(sql[:begin]):
        while begin and sql[begin - 1] in " \t\r\n":
            begin -= 1
    return splice(sql, begin, end, "")


def _ends_in_line_comment(sql: str) -> bool:
    last = ""
    for match in _TOKEN.finditer(sql):
        if match.group().strip(" \t\n\f\r"):
            last = match.group() if match.lastgroup == "space" else ""
    return last.startswith("--")


def in_main(sql: str) -> str:
    """Write the schema before the name that a CREATE INDEX, TRIGGER or VIEW makes.

    Else it would belong to a temporary table of the same name.
    """
    tokens = tokens_of(sql)
    made = ("INDEX", "TRIGGER", "VIEW")
    at = next(at for at, token in enumerate(tokens) if token.is_word(*made)) + 1
    if tokens[at].is_word("IF") and tokens[at + 1].is_word("NOT"):
        at += 3
    if tokens[at + 1].text == ".":
        return sql
    return f"{sql[: tokens[at].start]}main.{sql[tokens[at].start :]}"


def as_temporary(sql: str) -> str:
    """Return the CREATE of a temporary trigger or view: the stored text does not say TEMP."""
    at = next(token.start for token in tokens_of(sql) if token.is_word("TRIGGER", "VIEW"))
    return f"CREATE TEMP {sql[at:]}"
