"""A table as SHOW CREATE TABLE prints it: what the server itself says, entry by entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from .clauses import ColumnClauses, is_json
from .tokens import (
    Token,
    joined,
    list_of_names,
    names_in,
    quoted,
    same,
    tokens,
    unquoted,
    without_introducers,
)

_KEYS = ("PRIMARY", "UNIQUE", "KEY", "INDEX", "FULLTEXT", "SPATIAL")
_CONSTRAINTS = ("CONSTRAINT", "FOREIGN", "CHECK", "PERIOD", "LIKE")
PRIMARY = "PRIMARY"
# The counter moves with every row somebody inserts: it is no part of the definition.
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")

SOME_TYPE = "?"
"""In an expected column: the server spells the type its own way (BOOL is tinyint(1))."""
SOME_DEFAULT = "DEFAULT ?"
"""The same for a default: 7 or '7', (uuid()) or uuid()."""

Entries = Mapping[str, "str | None"]
"""Name to SQL; None stands for text that only the server knows."""


@dataclass(frozen=True)
class Definition:
    """The entries of one CREATE TABLE statement.

    Attributes:
        columns: Each column's clauses, in order.
        keys: Each key's text; the primary key is called PRIMARY.
        constraints: Each foreign key's and CHECK's text after `CONSTRAINT name`.
        table: The table's name.
        options: What follows the closing parenthesis, without AUTO_INCREMENT's counter.
    """

    columns: Entries
    keys: Entries
    constraints: Entries
    options: str = ""
    table: str = ""

    @classmethod
    def parse(cls, sql: str) -> Definition:
        """Cut what SHOW CREATE TABLE printed (names in backticks)."""
        columns: dict[str, str | None] = {}
        keys: dict[str, str | None] = {}
        constraints: dict[str, str | None] = {}
        entries, options = _entries(sql)
        for entry in entries:
            first = next(tokens(entry))
            if first.kind == "name":
                columns[unquoted(first.text)] = entry[len(first.text) :].strip()
            elif first.text.upper() in _KEYS:
                keys[_key_name(entry)] = entry
            else:
                name, text = _constraint(entry)
                constraints[name] = text
        table = next(unquoted(token.text) for token in tokens(sql) if token.kind == "name")
        return cls(columns, keys, constraints, _COUNTER.sub("", options), table)

    def column(self, name: str) -> ColumnClauses:
        """The clauses of this column."""
        return ColumnClauses.parse(self.columns[name] or "")

    def find_column(self, name: str) -> str | None:
        """The column's name as the server spells it, whatever the letter case of `name`."""
        return next((column for column in self.columns if same(column, name)), None)

    def with_column(self, name: str, sql: str | None) -> Definition:
        """The same with this column changed, or added at the end."""
        return replace(self, columns={**self.columns, name: sql})

    def with_key(self, name: str, sql: str | None = None) -> Definition:
        """The same with this key."""
        return replace(self, keys={**self.keys, name: sql})

    def with_constraint(self, name: str, sql: str | None = None) -> Definition:
        """The same with this constraint."""
        return replace(self, constraints={**self.constraints, name: sql})

    def without(
        self, *, column: str | None = None, key: str | None = None, constraint: str | None = None
    ) -> Definition:
        """The same without the entries named."""
        return replace(
            self,
            columns={k: v for k, v in self.columns.items() if k != column},
            keys={k: v for k, v in self.keys.items() if k != key},
            constraints={k: v for k, v in self.constraints.items() if k != constraint},
        )

    def foreign_keys(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Each foreign key's name, columns and text."""
        for name, text in self.constraints.items():
            if text and text.startswith("FOREIGN KEY"):
                yield name, list_of_names(_parenthesis(text)), text

    def is_in_foreign_key(self, column: str) -> bool:
        """Whether a foreign key of this table is made of this column."""
        return any(column in columns for _, columns, _ in self.foreign_keys())

    def key_columns(self, name: str) -> tuple[str, ...]:
        """The columns of a key, in order; an expression's too."""
        text = self.keys[name] or ""
        return list_of_names(_parenthesis(text))

    def checks(self) -> Iterator[tuple[str, str]]:
        """Each table-level CHECK's name and text."""
        for name, text in self.constraints.items():
            if text and text.startswith("CHECK"):
                yield name, text

    def mentions(self, sql: str | None, column: str) -> bool:
        """Whether an expression of this table mentions this column."""
        return column.lower() in names_in(sql or "")


def _entries(sql: str) -> tuple[list[str], str]:
    entries: list[str] = []
    parts: list[Token] = []
    inside = done = False
    for token in tokens(sql):
        if not inside and not done:
            inside = token.text == "("
        elif inside and token.text in {",", ")"} and token.depth == (token.text == ","):
            entries.append(joined(parts))
            parts = []
            inside, done = token.text == ",", token.text == ")"
        else:
            parts.append(token)
    return entries, joined(parts)


def _key_name(entry: str) -> str:
    first = next(token for token in tokens(entry) if token.kind in {"name", "mark"})
    return unquoted(first.text) if first.kind == "name" else PRIMARY


def _constraint(entry: str) -> tuple[str, str]:
    words = [token for token in tokens(entry) if token.kind != "space"]
    if words[0].text.upper() == "CONSTRAINT" and words[1].kind == "name":
        head = words[1].text
        return unquoted(head), entry.split(head, 1)[1].strip()
    return entry, entry


def _parenthesis(text: str) -> str:
    """What stands in the first parentheses."""
    inside: list[Token] = []
    for token in tokens(text):
        if token.text == ")" and token.depth == 0:
            break
        if token.depth > 0:
            inside.append(token)
    return joined(inside)


def differences(expected: Definition, actual: Definition) -> list[str]:
    """What the server says now that was not expected, a line for each entry."""
    found: list[str] = []
    if list(expected.columns) != list(actual.columns) and set(expected.columns) == set(
        actual.columns
    ):
        found.append("the order of the columns")
    for kind in ("columns", "keys", "constraints"):
        one, other = getattr(expected, kind), getattr(actual, kind)
        for name in [*one, *(name for name in other if name not in one)]:
            found += _difference(kind, name, one, other)
    if expected.options != actual.options:
        found.append(f"{expected.options} is now {actual.options}")
    return found


def _difference(kind: str, name: str, one: Entries, other: Entries) -> Iterator[str]:
    if name not in other:
        yield f"{kind[:-1]} {quoted(name)} is missing"
    elif name not in one:
        yield f"{kind[:-1]} {quoted(name)} is new: {other[name]}"
    elif not _equal(kind, one[name], other[name]):
        yield f"{quoted(name)} {one[name]} is now {other[name]}"


def _equal(kind: str, one: str | None, other: str | None) -> bool:
    if one is None or other is None or one == other:
        return True
    if kind != "columns":
        return without_introducers(one) == without_introducers(other)
    expected, actual = ColumnClauses.parse(one), ColumnClauses.parse(other)
    if expected.get("type") == SOME_TYPE:
        return _equal_but_for_type(expected, actual)
    if expected.get("default") == SOME_DEFAULT and actual.default is not None:
        expected, actual = expected.without("default"), actual.without("default")
    return expected.content == actual.content


def _equal_but_for_type(expected: ColumnClauses, actual: ColumnClauses) -> bool:
    if is_json(actual):
        actual = actual.without("check", "charset", "collate")
    if not {"charset", "collate"} & {clause.kind for clause in expected.clauses}:
        actual = actual.without("charset", "collate")  # of the table, if it is a text now
    # The server spells these as the type wants them: 5 or '5', current_timestamp(3).
    own = ("type", "default", "update")
    return (
        (expected.default is None) == (actual.default is None)
        and (expected.get("update") is None) == (actual.get("update") is None)
        and expected.without(*own).content == actual.without(*own).content
    )
