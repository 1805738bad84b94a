"""The tables whose rows a statement changes: the names that stand where its grammar has them.

https://mariadb.com/kb/en/changing-deleting-data/,
https://dev.mysql.com/doc/refman/8.4/en/sql-data-manipulation-statements.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from .tokens import Token, same, solid, tokens, unquoted

_MODIFIERS = ("LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "IGNORE", "CONCURRENT")
_VERBS = ("INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD", "CALL")
_JOINS = ("JOIN", "STRAIGHT_JOIN")
_SUBQUERIES = ("SELECT", "WITH", "VALUES", "TABLE")
# What may follow a table's name and is no alias of it.
_AFTER_TABLE = frozenset(
    "PARTITION USE FORCE IGNORE FOR INNER CROSS LEFT RIGHT NATURAL JOIN STRAIGHT_JOIN ON USING SET"
    " WHERE GROUP HAVING ORDER LIMIT UNION EXCEPT INTERSECT WINDOW PROCEDURE LOCK".split()
)
_AFTER_FROM = tuple("WHERE GROUP HAVING ORDER LIMIT UNION EXCEPT INTERSECT WINDOW".split())
_AFTER_SET = ("WHERE", "ORDER", "LIMIT", "RETURNING")
_DOTS = re.compile(r"\.|[^.]+")
_PORTION = re.compile(r"\bPORTION\b", re.IGNORECASE)
_DUPLICATE = re.compile(r"\bDUPLICATE\b", re.IGNORECASE)
_EVERY = frozenset({"INSERT", "UPDATE", "DELETE"})


class TableName(NamedTuple):
    """A name as it stands in a statement.

    Attributes:
        database: The one it is qualified with, or nothing.
        name: The table's, or a procedure's.
        alias: What the statement calls it.
    """

    database: str
    name: str
    alias: str = ""


class Targets(NamedTuple):
    """What a statement changes.

    Attributes:
        verb: INSERT, REPLACE, UPDATE, DELETE, CALL or DO.
        names: The tables; of CALL the procedure.
    """

    verb: str
    names: tuple[TableName, ...] = ()

    def events(self, sql: str) -> frozenset[str]:
        """The events of the triggers that it may fire.

        Args:
            sql: The text that it stands in.
        """
        if _PORTION.search(sql):  # MariaDB's FOR PORTION OF keeps the rest as rows of its own
            return _EVERY
        if self.verb == "REPLACE":
            return frozenset({"INSERT", "DELETE"})
        if self.verb == "INSERT" and _DUPLICATE.search(sql):
            return frozenset({"INSERT", "UPDATE"})
        return frozenset({self.verb})


def targets(sql: str) -> Targets | None:
    """What a statement changes; None if its text is not understood."""
    if _has_hidden_words(sql):
        return None
    reader = _Reader(_pieces(sql))
    found = _statement(reader)
    return None if reader.doubtful else found


def targets_inside(body: str) -> Iterator[Targets | None]:
    """What each statement changes that stands in the body of a trigger or a procedure."""
    if _has_hidden_words(body):
        yield None
    pieces = list(_pieces(body))
    for at, (before, piece) in enumerate(pairwise([Token("space", ""), *pieces])):
        word = _word(piece)
        if word not in _VERBS or before.text == "." or _word(before) in {"KEY", "FOR", "ON"}:
            continue
        after = pieces[at + 1].text if at + 1 < len(pieces) else ""
        if word in {"INSERT", "REPLACE"} and after == "(":  # the functions of these names
            continue
        yield _statement(_Reader(pieces[at:]))


def tables_of_view(sql: str) -> tuple[TableName, ...] | None:
    """The tables that a view's rows are of; None if its SELECT is not understood."""
    reader = _Reader(_pieces(sql))
    if not reader.skip_to("FROM"):
        return None
    found = reader.references(_AFTER_FROM)
    return None if found is None else tuple(found)


def _has_hidden_words(sql: str) -> bool:
    """Whether a comment is SQL to some servers: what it says is not read here."""
    if "/*!" not in sql and "/*M!" not in sql:
        return False
    return any(
        one.kind == "comment" and one.text.startswith(("/*!", "/*M!")) for one in tokens(sql)
    )


def _statement(reader: _Reader) -> Targets | None:
    reader.skip_marks(";(")
    if reader.word() == "WITH":
        reader.skip_to(*_VERBS, stay=True)
    verb = reader.word()
    if verb == "DO":
        return Targets(verb)
    reader.advance()
    if verb == "CALL":
        return _one(verb, reader)
    if verb == "LOAD":
        return _loaded(reader)
    reader.take_all(*_MODIFIERS)
    if verb in {"INSERT", "REPLACE"}:
        reader.take("INTO")
        return _one(verb, reader)
    if verb == "UPDATE":
        return _updated(reader)
    return _deleted(reader) if verb == "DELETE" else None


def _one(verb: str, reader: _Reader) -> Targets | None:
    name = reader.name()
    return Targets(verb, (name,)) if name else None


def _loaded(reader: _Reader) -> Targets | None:
    if reader.take("INDEX"):  # INTO CACHE
        return Targets("LOAD")
    if not reader.take("DATA", "XML"):
        return None
    found = reader.skip_to("REPLACE", "INTO")
    verb = "REPLACE" if found == "REPLACE" else "INSERT"
    if verb == "REPLACE":
        reader.take("INTO")
    return _one(verb, reader) if reader.take("TABLE") else None


def _updated(reader: _Reader) -> Targets | None:
    """Of several tables those that the columns behind SET are of."""
    tables = reader.references(("SET",), needed=True)
    if not tables:
        return None
    names = reader.tables_of_assignments() if tables[1:] else []
    return Targets("UPDATE", _meant(names, tables))


def _deleted(reader: _Reader) -> Targets | None:
    """DELETE FROM name; DELETE names FROM tables; DELETE FROM names USING tables."""
    begins_with_from = reader.take("FROM")
    names = reader.names()
    if names is None:
        return None
    if not reader.take("USING" if begins_with_from else "FROM"):
        return Targets("DELETE", tuple(names)) if begins_with_from else None
    tables = reader.references(("WHERE",))
    if not tables:
        return None
    return Targets("DELETE", _meant(names, tables))


def _meant(names: list[TableName], tables: list[TableName]) -> tuple[TableName, ...]:
    """The tables that are called by these names; all, where one of the names is unknown."""
    meant = [
        [table for table in tables if same(name.name, table.alias or table.name)] for name in names
    ]
    found = dict.fromkeys(table for some in meant for table in some)
    return tuple(found if meant and all(meant) else tables)


class _Reader:
    """Cuts no further than it is asked to read: most of a long statement names nothing."""

    def __init__(self, pieces: Iterable[Token]) -> None:
        self._rest = iter(pieces)
        self._next = next(self._rest, None)
        self.doubtful = False
        """A text with a backslash was passed: under NO_BACKSLASH_ESCAPES it may end elsewhere."""

    def advance(self) -> None:
        """Go past the next piece."""
        if self._next is not None and self._next.kind == "string" and "\\" in self._next.text:
            self.doubtful = True
        self._next = next(self._rest, None)

    def text(self) -> str:
        """The next piece's text; nothing at the end."""
        return self._next.text if self._next else ""

    def word(self) -> str:
        """The next piece, if it is a word, in capitals."""
        return _word(self._next)

    def take(self, *words: str) -> bool:
        if self.word() not in words:
            return False
        self.advance()
        return True

    def take_all(self, *words: str) -> None:
        while self.take(*words):
            pass

    def skip_marks(self, marks: str) -> None:
        while self.text() and self.text() in marks:
            self.advance()

    def skip_to(self, *words: str, stay: bool = False) -> str:
        """Go past the next of these words outside of parentheses; return it, or nothing."""
        depth = 0
        while self._next is not None:
            word = self.word()
            if not depth and word in words:
                if not stay:
                    self.advance()
                return word
            depth += {"(": 1, ")": -1}.get(self.text(), 0)
            self.advance()
        return ""

    def name(self) -> TableName | None:
        """The next name, perhaps behind a database's; `.*` behind it is skipped."""
        parts: list[str] = []
        while (part := _identifier(self._next)) is not None:
            parts.append(part)
            self.advance()
            if self.text() != ".":
                break
            self.advance()
        if self.text() == "*":
            self.advance()
        return TableName(parts[-2] if parts[1:] else "", parts[-1]) if parts else None

    def names(self) -> list[TableName] | None:
        """Names with commas between them."""
        found = []
        while (name := self.name()) is not None:
            found.append(name)
            if self.text() != ",":
                return found
            self.advance()
        return None

    def references(self, ends: tuple[str, ...], *, needed: bool = False) -> list[TableName] | None:
        """The tables that are joined, up to one of these words; those of subqueries are only read.

        Args:
            ends: The words behind them.
            needed: Whether one of these words has to come.
        """
        found: list[TableName] = []
        inside: list[bool] = []  # for each parenthesis that is open: it holds tables
        expected, last = True, ""
        while self.text() and (inside or self.text() not in {";", ")"}):
            word, text = self.word(), self.text()
            if not inside and word in ends:
                self.advance()
                return found
            if expected and text not in {"(", ")", ","} and word != "LATERAL":
                name = self._table()
                if name is None:
                    return None
                found += [] if self.text() == "(" else [name]  # a table that a function makes
                expected, last = False, ""
                continue
            self.advance()
            if text == "(":
                expected = expected and self.word() not in _SUBQUERIES
                inside.append(expected)
            elif text == ")":
                inside.pop()
                expected = False
            elif text == "," or (word in _JOINS and last != "FOR"):
                expected = all(inside)
            last = word
        return None if needed or inside else found

    def tables_of_assignments(self) -> list[TableName]:
        """What the columns that are set are called by, in front of their names; nothing if one has
        no such name.
        """
        found: list[TableName] = []
        depth, begins = 0, True
        while self.text() and (depth or (self.text() != ";" and self.word() not in _AFTER_SET)):
            if begins:
                column = self.name()
                if column is None or not column.database:
                    return []
                found.append(TableName("", column.database))
            begins = not depth and self.text() == ","
            depth += {"(": 1, ")": -1}.get(self.text(), 0)
            self.advance()
        return found

    def _table(self) -> TableName | None:
        name = self.name()
        if name is None:
            return None
        named = self.take("AS")
        alias = _identifier(self._next)
        if alias is None or (self.word() in _AFTER_TABLE and not named):
            return name
        self.advance()
        return name._replace(alias=alias)


def _pieces(sql: str) -> Iterator[Token]:
    """The tokens without space and comments; a point is always one by itself."""
    for token in solid(sql):
        if token.kind == "word" and "." in token.text:
            for text in _DOTS.findall(token.text):
                yield Token("mark" if text == "." else "word", text)
        else:
            yield token


def _word(piece: Token | None) -> str:
    return piece.text.upper() if piece is not None and piece.kind == "word" else ""


def _identifier(piece: Token | None) -> str | None:
    """The name that it spells; a text in double quotes is one under ANSI_QUOTES."""
    if piece is None:
        return None
    if piece.kind == "string" and piece.text[0] == '"':
        return unquoted(piece.text)
    return piece.name
