"""Reads a CREATE TABLE statement, after the grammar of SQLite's own parser (parse.y).

It is for statements that SQLite has accepted: it does not judge them, and refuses only what it
cannot place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from .definition import Clause, ColumnDefinition, Definition, Reference, UnreadableDefinitionError
from .tokens import Token, after_parenthesis, tokens_of


@lru_cache(maxsize=512)
def parse(sql: str) -> Definition:
    """Read a CREATE TABLE statement.

    Raises:
        UnreadableDefinitionError: It is not one.
    """
    try:
        return _Parser(sql).table()
    except (IndexError, ValueError) as error:
        raise UnreadableDefinitionError(f"cannot read the definition {sql!r}: {error}") from error


_CLAUSE_WORDS = (
    *("CONSTRAINT", "DEFAULT", "NULL", "NOT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES"),
    *("COLLATE", "GENERATED", "AS", "DEFERRABLE"),
)
_TABLE_WORDS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")
_END_OF_TYPE = frozenset(_CLAUSE_WORDS) - {"GENERATED"}


class _Parser:
    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.tokens = tokens_of(sql)
        self.at = 0

    def peek(self, ahead: int = 0) -> Token:
        at = self.at + ahead
        if at < len(self.tokens):
            return self.tokens[at]
        return Token("other", "", len(self.sql), len(self.sql))

    def next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def word(self, *words: str) -> bool:
        """Step over the next token if it is one of these keywords."""
        if self.peek().is_word(*words):
            self.at += 1
            return True
        return False

    def punctuation(self, text: str) -> bool:
        token = self.peek()
        return token.kind == "other" and token.text == text

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.word(word):
                raise ValueError(f"expected {word}, found {self.peek().text!r}")

    def end(self) -> int:
        """Where the last token that was read ends."""
        return self.tokens[self.at - 1].end

    def parenthesised(self) -> str:
        """Step over a parenthesis; return what is between, as it is spelled."""
        if not self.punctuation("("):
            raise ValueError(f"expected (, found {self.peek().text!r}")
        opening = self.peek()
        self.at = after_parenthesis(self.tokens, self.at)
        return self.sql[opening.end : self.tokens[self.at - 1].start].strip(" \t\n\f\r")

    def table(self) -> Definition:
        self.expect("CREATE")
        self.word("TEMP", "TEMPORARY")
        self.expect("TABLE")
        if self.peek().is_word("IF") and self.peek(1).is_word("NOT"):
            self.at += 3
        name = self.next()
        if self.punctuation("."):
            self.at += 1
            name = self.next()
        if not self.punctuation("("):
            raise ValueError(f"expected (, found {self.peek().text!r}")
        self.at += 1
        commas: list[int] = []
        columns = [self.column()]
        constraints: list[Clause] = []
        while not self.punctuation(")"):
            if self.punctuation(","):
                commas.append(self.next().start)
            if self.peek().is_word(*_TABLE_WORDS):
                constraints.append(self.table_constraint())
            else:
                columns.append(self.column())
        end = self.next().start
        return Definition(
            self.sql,
            name.name,
            name.start,
            name.end,
            tuple(columns),
            tuple(constraints),
            frozenset(self.options()),
            end,
            tuple(commas),
        )

    def options(self) -> Iterator[str]:
        while self.peek().text:
            if self.word("WITHOUT"):
                yield f"WITHOUT {self.next().text.upper()}"
            elif self.punctuation(",") or self.punctuation(";"):
                self.at += 1
            else:
                yield self.next().text.upper()

    def column(self) -> ColumnDefinition:
        name = self.next()
        if name.kind == "other":
            raise ValueError(f"expected a column, found {name.text!r}")
        type_, type_end = self.type(name)
        clauses: list[Clause] = []
        while not (self.punctuation(",") or self.punctuation(")")):
            clauses.append(self.clause(self.column_clause))
        return ColumnDefinition(
            name.name, type_, name.start, name.end, type_end, self.end(), tuple(clauses)
        )

    def type(self, name: Token) -> tuple[str, int]:
        """GENERATED and ALWAYS may belong to a type's name; only before AS they begin a clause."""
        first = self.at
        while self.peek().kind != "other" and not self.peek().is_word(*_END_OF_TYPE):
            self.at += 1
        if self.peek().is_word("AS") and self.at - first >= 2:
            before = self.tokens[self.at - 2 : self.at]
            if before[0].is_word("GENERATED") and before[1].is_word("ALWAYS"):
                self.at -= 2
        if self.at == first:
            return "", name.end
        if self.punctuation("("):
            self.at = after_parenthesis(self.tokens, self.at)
        return self.sql[self.tokens[first].start : self.end()], self.end()

    def clause(self, read: Callable[[int, str | None], Clause]) -> Clause:
        """A clause with the CONSTRAINT before it; one that names nothing stands alone."""
        start = self.peek().start
        name = None
        while self.word("CONSTRAINT"):
            name = self.next().name
            if self.peek().is_word("CONSTRAINT") or not self.peek().is_word(
                *_CLAUSE_WORDS, "FOREIGN"
            ):
                return Clause("name alone", start, self.end(), name)
        return read(start, name)

    def column_clause(self, start: int, name: str | None) -> Clause:
        word = self.next().text.upper()
        if word == "NOT":
            word += f" {self.peek().text.upper()}"
        if word not in _COLUMN_CLAUSES:
            raise ValueError(f"expected a constraint, found {word!r}")
        made: dict[str, Any] = _COLUMN_CLAUSES[word](self)
        made["conflict"] = self.on_conflict()
        if made["kind"] == "primary key":
            made["autoincrement"] = self.word("AUTOINCREMENT")
        return Clause(start=start, end=self.end(), name=name, **made)

    def primary_key(self) -> dict[str, Any]:
        self.expect("KEY")
        self.word("ASC", "DESC")
        return {"kind": "primary key"}

    def not_null(self) -> dict[str, Any]:
        self.expect("NULL")
        return {"kind": "not null"}

    def deferrable(self) -> dict[str, Any]:
        self.word("DEFERRABLE")  # behind NOT; without NOT it is read already
        self.initially()
        return {"kind": "deferrable"}

    def generated(self) -> dict[str, Any]:
        if self.word("ALWAYS"):
            self.expect("AS")
        sql = self.parenthesised()
        stored = self.peek().is_word("STORED")
        self.word("STORED", "VIRTUAL")
        return {"kind": "generated", "sql": sql, "stored": stored}

    def default(self) -> str:
        if self.punctuation("("):
            return f"({self.parenthesised()})"
        start = self.peek().start
        while self.punctuation("-") or self.punctuation("+"):
            self.at += 1
        self.at += 1
        return self.sql[start : self.end()]

    def on_conflict(self) -> str:
        if self.peek().is_word("ON") and self.peek(1).is_word("CONFLICT"):
            self.at += 3
            return self.tokens[self.at - 1].text.upper()
        return ""

    def reference(self) -> Reference:
        table = self.next().name
        targets = self.names() if self.punctuation("(") else ()
        start = self.end()
        while True:
            if self.word("ON"):
                self.at += 1
                self.at += 2 if self.peek().is_word("SET", "NO") else 1
            elif self.word("MATCH"):
                self.at += 1
            else:
                break
        if self.peek().is_word("DEFERRABLE") or (
            self.peek().is_word("NOT") and self.peek(1).is_word("DEFERRABLE")
        ):
            self.word("NOT")
            self.expect("DEFERRABLE")
            self.initially()
        return Reference(table, targets, self.sql[start : self.end()].strip(" \t\n\f\r"))

    def initially(self) -> None:
        if self.word("INITIALLY"):
            self.at += 1

    def names(self) -> tuple[str, ...]:
        """The first token of each part of a parenthesis: `(a, "b" COLLATE x DESC)`."""
        last = after_parenthesis(self.tokens, self.at) - 1
        found = [self.tokens[self.at + 1].name]
        depth = 0
        for at in range(self.at + 1, last):
            token = self.tokens[at]
            if token.kind == "other":
                depth += {"(": 1, ")": -1}.get(token.text, 0)
                if token.text == "," and not depth:
                    found.append(self.tokens[at + 1].name)
        self.at = last + 1
        return tuple(found)

    def table_constraint(self) -> Clause:
        return self.clause(self.table_clause)

    def table_clause(self, start: int, name: str | None) -> Clause:
        word = self.next().text.upper()
        if word not in _TABLE_CLAUSES:
            raise ValueError(f"expected a table constraint, found {word!r}")
        made: dict[str, Any] = _TABLE_CLAUSES[word](self)
        made["conflict"] = self.on_conflict()
        return Clause(start=start, end=self.end(), name=name, **made)

    def table_primary_key(self) -> dict[str, Any]:
        self.expect("KEY")
        opening = self.at
        columns = self.names()
        inside = self.tokens[opening : self.at]
        counts = any(token.is_word("AUTOINCREMENT") for token in inside)
        text = self.inside(opening)
        return {
            "kind": "primary key",
            "columns": columns,
            "autoincrement": counts,
            "inside": text,
        }

    def table_unique(self) -> dict[str, Any]:
        opening = self.at
        return {"kind": "unique", "columns": self.names(), "inside": self.inside(opening)}

    def inside(self, opening: int) -> str:
        """The text of the parenthesis that began at this token and was just read."""
        return self.sql[self.tokens[opening].end : self.tokens[self.at - 1].start].strip()

    def table_foreign_key(self) -> dict[str, Any]:
        self.expect("KEY")
        columns = self.names()
        self.expect("REFERENCES")
        return {"kind": "foreign key", "columns": columns, "reference": self.reference()}


_COLUMN_CLAUSES: dict[str, Callable[[_Parser], dict[str, Any]]] = {
    "DEFAULT": lambda parser: {"kind": "default", "sql": parser.default()},
    "NULL": lambda _: {"kind": "null"},
    "NOT NULL": _Parser.not_null,
    "PRIMARY": _Parser.primary_key,
    "UNIQUE": lambda _: {"kind": "unique"},
    "CHECK": lambda parser: {"kind": "check", "sql": parser.parenthesised()},
    "COLLATE": lambda parser: {"kind": "collate", "sql": parser.next().name},
    "REFERENCES": lambda parser: {"kind": "foreign key", "reference": parser.reference()},
    "NOT DEFERRABLE": _Parser.deferrable,
    "DEFERRABLE": _Parser.deferrable,
    "GENERATED": _Parser.generated,
    "AS": _Parser.generated,
}
_TABLE_CLAUSES: dict[str, Callable[[_Parser], dict[str, Any]]] = {
    "PRIMARY": _Parser.table_primary_key,
    "UNIQUE": _Parser.table_unique,
    "CHECK": lambda parser: {"kind": "check", "sql": parser.parenthesised()},
    "FOREIGN": _Parser.table_foreign_key,
}
