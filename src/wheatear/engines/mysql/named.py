"""What a DDL statement is about to touch: the names that stand where its grammar has them.

https://mariadb.com/kb/en/data-definition/, https://dev.mysql.com/doc/refman/8.4/en/sql-data-definition-statements.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from .tokens import Token, solid, unquoted

_SHOWN = ("TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE", "DATABASE")
_ALIASES = {"TABLES": "TABLE", "SCHEMA": "DATABASE", "INDEX": "INDEX"}
# Done twice they do no harm: GRANT, ANALYZE and their like.
_REPEATABLE = frozenset(
    "ANALYZE OPTIMIZE CHECK REPAIR FLUSH GRANT REVOKE RESET PURGE CHECKSUM CACHE KILL".split()
)
# What some versions alone execute stands in a comment, which is not read here.
_HIDES_NAMES = re.compile(r"/\*M?!.*?\b(?:RENAME|EXCHANGE|CONVERT)\b", re.IGNORECASE | re.DOTALL)
_INVISIBLE = frozenset({"EXCHANGE", "DISCARD", "IMPORT"})


@dataclass(frozen=True)
class Named:
    """What a statement touches.

    Attributes:
        things: Kind (as SHOW CREATE calls it) and name, quoted and perhaps qualified.
        repeatable: It may be done twice.
        invisible: What it does may leave every definition as it was: only a table's own number
            tells (TRUNCATE, a swap of two tables).
        known: Its grammar is one of those above.
        drops: It drops each thing by itself.
        altered: The names of those that must be there before it.
    """

    things: tuple[tuple[str, str], ...] = ()
    repeatable: bool = False
    invisible: bool = False
    known: bool = True
    drops: bool = False
    altered: frozenset[str] = frozenset()


class _Reader:
    """Cuts no further than it is asked to read: most of a long statement names nothing."""

    def __init__(self, sql: str) -> None:
        self._rest = solid(sql)
        self._tokens: list[Token] = []
        self._at = 0

    def _next(self) -> Token | None:
        """The next token; None at the end."""
        while self._at >= len(self._tokens):
            token = next(self._rest, None)
            if token is None:
                return None
            self._tokens.append(token)
        return self._tokens[self._at]

    def _all(self) -> Sequence[Token]:
        """All tokens from here on."""
        self._tokens += self._rest
        return self._tokens[self._at :]

    def word(self) -> str:
        """The next token, if it is a word, in capitals."""
        token = self._next()
        return token.text.upper() if token is not None and token.kind == "word" else ""

    def take(self, *words: str) -> bool:
        if self.word() in words:
            self._at += 1
            return True
        return False

    def skip_to(self, words: Sequence[str]) -> str:
        """Go past the next of these words; return it, or nothing if there is none."""
        while self._next() is not None:
            word = self.word()
            self._at += 1
            if word in words:
                return word
        return ""

    def existence(self) -> bool:
        """Skip IF [NOT] EXISTS; say whether it was there."""
        if not self.take("IF"):
            return False
        self.take("NOT")
        self.take("EXISTS")
        return True

    def name(self) -> str:
        """The next name, perhaps behind a database's; the point may stick to either, or to none."""
        parts: list[str] = []
        goes_on = True
        while (token := self._next()) is not None and (goes_on or token.text.startswith(".")):
            parts += _parts(token)
            goes_on = token.kind == "word" and token.text.endswith(".")
            self._at += 1
        return ".".join(f"`{part.replace('`', '``')}`" for part in parts if part)

    def names(self) -> list[str]:
        """Names with commas between them."""
        found = [self.name()]
        while self.take_mark(","):
            found.append(self.name())
        return found

    def take_mark(self, mark: str) -> bool:
        """Go past a mark, if it is next."""
        token = self._next()
        if token is None or token.text != mark:
            return False
        self._at += 1
        return True

    def patience(self) -> None:
        """Skip MariaDB's WAIT n or NOWAIT.

        https://mariadb.com/kb/en/wait-and-nowait/
        """
        if self.take("WAIT"):
            self._at += 1
        self.take("NOWAIT")

    def words(self) -> list[str]:
        """All words to the end, outside of parentheses."""
        return [
            one.text.upper() if one.kind == "word" else "" for one in self._all() if one.depth == 0
        ]

    def find(self, *words: str) -> bool:
        """Go past the next of these words outside of parentheses."""
        for at, one in enumerate(self._all(), self._at + 1):
            if one.depth == 0 and one.kind == "word" and one.text.upper() in words:
                self._at = at
                return True
        return False


def _parts(token: Token) -> list[str]:
    if token.kind == "name" or token.text[:1] == '"':
        return [unquoted(token.text)]
    return token.text.split(".") if token.kind == "word" else []


@lru_cache(maxsize=64)  # asked before a statement, and again of what the whole migration touched
def named(sql: str) -> Named:
    """Say what a statement touches."""
    if _HIDES_NAMES.search(sql):
        return Named(known=False)
    reader = _Reader(sql)
    word = reader.word()
    reader.take(word)
    if word in _REPEATABLE:
        return Named(repeatable=True)
    if word == "TRUNCATE":
        reader.take("TABLE")
        return Named((("TABLE", reader.name()),), invisible=True)
    read = _READERS.get(word)
    return read(reader) if read else Named(known=False)


def _renamed(reader: _Reader) -> Named:
    if not reader.take("TABLE", "TABLES"):
        return Named(known=False)
    perhaps = reader.existence()
    names = [reader.name()]
    reader.patience()
    while reader.take("TO") or reader.take_mark(","):
        names.append(reader.name())
        reader.patience()
    if len(names) % 2:
        return Named(known=False)
    things = tuple(dict.fromkeys(("TABLE", name) for name in names))
    # One that stands as a new name before need not be there: `a TO c, b TO a, c TO b`.
    altered = {one for at, one in enumerate(names) if at % 2 == 0 and one not in names[1:at:2]}
    return Named(things, invisible=len(names) > 2, altered=frozenset(() if perhaps else altered))


def _kind(reader: _Reader) -> str:
    kind = reader.skip_to([*_SHOWN, *_ALIASES, "USER", "ROLE", "SERVER"])
    return _ALIASES.get(kind, kind)


def _created(reader: _Reader) -> Named:
    replaces = reader.word() == "OR"
    kind = _kind(reader)
    if kind == "INDEX":
        return _of_table(reader, "ON")
    if kind not in _SHOWN:
        return Named(known=False)
    reader.existence()
    things = ((kind, reader.name()),)
    return Named(things, invisible=replaces and kind in ("TABLE", "SEQUENCE"))


def _dropped(reader: _Reader) -> Named:
    kind = _kind(reader)
    if kind == "INDEX":
        return _of_table(reader, "ON")
    if kind not in _SHOWN:
        return Named(known=False)
    reader.existence()
    return Named(tuple((kind, name) for name in reader.names()), drops=True)


def _of_table(reader: _Reader, word: str) -> Named:
    if not reader.find(word):
        return Named(known=False)
    name = reader.name()
    return Named((("TABLE", name),), altered=frozenset({name}))


def _altered(reader: _Reader) -> Named:
    kind = reader.skip_to([*_SHOWN, *_ALIASES, "USER", "ROLE", "SERVER", "INSTANCE", "TABLESPACE"])
    kind = _ALIASES.get(kind, kind)
    if kind == "USER":
        return Named(repeatable=True)
    if kind not in _SHOWN:
        return Named(known=False)
    perhaps = reader.existence()
    things = [(kind, reader.name())]
    altered = frozenset() if perhaps else frozenset({things[0][1]})
    words = reader.words()
    invisible = bool(_INVISIBLE & set(words)) or _pairs(words, "TRUNCATE", "PARTITION")
    if "EXCHANGE" in words and reader.find("TABLE"):
        things.append(("TABLE", reader.name()))
    elif _pairs(words, "CONVERT", "TABLE") or _pairs(words, "CONVERT", "PARTITION"):
        # MariaDB's: CONVERT TABLE name TO PARTITION …, CONVERT PARTITION … TO TABLE name
        if reader.find("CONVERT") and reader.find("TABLE"):
            things.append(("TABLE", reader.name()))
    elif kind == "TABLE" and (new := _new_name(reader)):
        things.append(("TABLE", new))
    return Named(tuple(things), invisible=invisible, altered=altered)


def _pairs(words: Sequence[str], first: str, second: str) -> bool:
    return any(pair == (first, second) for pair in pairwise(words))


def _new_name(reader: _Reader) -> str | None:
    """ALTER TABLE … RENAME [TO | AS | =] name; not RENAME COLUMN, INDEX or KEY."""
    while reader.find("RENAME"):
        if reader.word() in ("COLUMN", "INDEX", "KEY", "CONSTRAINT"):
            continue
        if not reader.take("TO", "AS"):
            reader.take_mark("=")
        return reader.name() or None
    return None


_READERS = {"RENAME": _renamed, "CREATE": _created, "DROP": _dropped, "ALTER": _altered}
