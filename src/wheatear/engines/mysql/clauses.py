"""One column as SHOW CREATE TABLE prints it: its clauses, each of which can be changed alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .tokens import Token, joined, tokens, without_introducers

# The words that begin a clause after the type; what follows belongs to it up to the next one.
_BEGINS = {
    "CHARACTER": "charset",
    "COLLATE": "collate",
    "NOT": "null",
    "NULL": "null",
    "DEFAULT": "default",
    "ON": "update",
    "AUTO_INCREMENT": "auto",
    "GENERATED": "generated",
    "AS": "generated",
    "INVISIBLE": "invisible",
    "COMMENT": "comment",
    "CONSTRAINT": "check",
    "CHECK": "check",
    "REFERENCES": "references",
    "WITHOUT": "versioning",
    "WITH": "versioning",
    "PRIMARY": "key",
    "UNIQUE": "key",
    "KEY": "key",
}
# The words after which the next word cannot begin a clause: NOT | NULL, DEFAULT | NULL, …
_OPEN = {"NOT", "DEFAULT", "CHARACTER", "ON", "COMMENT", "COLLATE", "PRIMARY", "UNIQUE"}
# MariaDB's grammar: CHECK comes after all else; both servers print (and take) this order.
_ORDER = [
    *("type", "charset", "collate", "comment!", "generated", "null", "invisible", "default"),
    *("update", "auto", "versioning", "key", "comment", "references", "check"),
]
_NOW = re.compile(r"(?<= )current_timestamp(\(\d*\))?$", re.IGNORECASE)
# The types that have a character set, which a change between them keeps.
_TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set")


@dataclass(frozen=True)
class Clause:
    """One clause: `kind` says which of a column's attributes it is."""

    kind: str
    sql: str


@dataclass(frozen=True)
class ColumnClauses:
    """The clauses of one column, without its name."""

    clauses: tuple[Clause, ...]

    @classmethod
    def parse(cls, sql: str) -> ColumnClauses:
        """Cut the text that follows a column's name."""
        return cls(tuple(_clauses(sql)))

    def __str__(self) -> str:
        return " ".join(clause.sql for clause in self.clauses)

    def get(self, kind: str) -> str | None:
        """The SQL of the first clause of this kind, or None."""
        return next((clause.sql for clause in self.clauses if clause.kind == kind), None)

    @property
    def null(self) -> bool:
        """Whether the column takes NULL."""
        return self.get("null") != "NOT NULL"

    @property
    def default(self) -> str | None:
        """The default's SQL; None where there is none or it is NULL."""
        value = (self.get("default") or "")[len("DEFAULT ") :]
        return None if value.upper() in {"", "NULL"} else value

    def without(self, *kinds: str) -> ColumnClauses:
        """The same without these clauses."""
        return replace(self, clauses=tuple(c for c in self.clauses if c.kind not in kinds))

    def having(self, kind: str, sql: str) -> ColumnClauses:
        """The same with this clause, in the place of its kind."""
        others = [clause for clause in self.clauses if clause.kind != kind]
        rank = _ORDER.index(kind)
        before = [c for c in others if _ORDER.index(c.kind) <= rank]
        after = [c for c in others if _ORDER.index(c.kind) > rank]
        return replace(self, clauses=(*before, Clause(kind, sql), *after))

    def not_null(self) -> ColumnClauses:
        """The same without NULL; a default of NULL goes with it."""
        kept = self if self.default else self.without("default")
        return kept.having("null", "NOT NULL")

    def nullable(self) -> ColumnClauses:
        """The same with NULL, said outright: a TIMESTAMP would else be NOT NULL on some servers."""
        kept = self.having("null", "NULL")
        return (
            kept
            if self.default or self.get("generated")
            else kept.having("default", "DEFAULT NULL")
        )

    def of_type(self, sql: str) -> ColumnClauses:
        """The same as another type; texts keep their character set and collation."""
        kept = self if is_text(sql) else self.without("charset", "collate", "comment!")
        if is_json(self):
            kept = kept.without("charset", "collate", "check")
        kept = replace(kept, clauses=tuple(_as_precise(clause, sql) for clause in kept.clauses))
        return kept.having("type", sql)

    @property
    def content(self) -> frozenset[tuple[str, str]]:
        """What the column is, apart from how it is spelled: order, what NULL implies, and the
        character set of a collation, which MySQL writes where the statement did.
        """
        charset, collate = (self.get("charset") or "").split(), (self.get("collate") or "").split()
        implied = charset and collate and collate[-1].startswith(f"{charset[-1]}_")
        return frozenset(
            (clause.kind, without_introducers(clause.sql))
            for clause in self.clauses
            if clause.sql.upper() not in {"NULL", "DEFAULT NULL"}
            if not (implied and clause.kind == "charset")
        )


def is_text(type_sql: str) -> bool:
    """Whether a type has a character set."""
    return type_word(type_sql) in _TEXTS


def type_word(type_sql: str) -> str:
    """The first word of a type, in lower case: `varchar` of `VARCHAR(20)`."""
    return type_sql.partition("(")[0].strip().partition(" ")[0].lower()


def _as_precise(clause: Clause, type_sql: str) -> Clause:
    """The clause's CURRENT_TIMESTAMP with the type's digits: MySQL takes no others."""
    if clause.kind not in {"default", "update"}:
        return clause
    digits = type_sql.partition("(")[2].rstrip(") ")
    now = f"CURRENT_TIMESTAMP({digits})" if digits.isdigit() else "CURRENT_TIMESTAMP"
    return Clause(clause.kind, _NOW.sub(now, clause.sql))


def is_json(column: ColumnClauses) -> bool:
    """Whether the column is what MariaDB makes of JSON: a text with a CHECK of its own."""
    return (column.get("check") or "").startswith("CHECK (json_valid(")


def _clauses(sql: str) -> Iterator[Clause]:
    kind, parts, last = "type", list[Token](), ""
    for token in tokens(sql):
        begun = _begins(token, last)
        if begun and joined(parts):
            yield Clause(kind, joined(parts))
            parts = []
        kind = begun or kind
        parts.append(token)
        if token.kind != "space":
            last = token.text.upper() if token.kind == "word" else ""
    if joined(parts):
        yield Clause(kind, joined(parts))


def _begins(token: Token, last: str) -> str | None:
    if token.depth or token.text == ")":
        return None
    if token.kind == "comment":
        return "invisible" if "INVISIBLE" in token.text else "comment!"
    if token.kind != "word" or last in _OPEN or (last, token.text.upper()) == ("ALWAYS", "AS"):
        return None
    return _BEGINS.get(token.text.upper())
