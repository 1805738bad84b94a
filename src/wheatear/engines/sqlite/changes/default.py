"""A column's DEFAULT, set and dropped."""

from __future__ import annotations

from dataclasses import dataclass

from wheatear.engines.sqlite import edits
from wheatear.engines.sqlite.draft import Draft, RefusedError
from wheatear.engines.sqlite.tokens import after_parenthesis, tokens_of


@dataclass(frozen=True)
class SetDefault:
    """New rows that do not say a value get this one (SQL)."""

    column: str
    value: str

    def draw(self, draft: Draft) -> None:
        """Rows that are stored keep what they show: see `stored_short` in `make.py`."""
        column = draft.column(self.column)
        if column.last("generated"):
            raise RefusedError(f"column {column.name} is generated, and has no default")
        facts = draft.expected.column(column.name)
        value = as_default(self.value)
        if facts and facts.default == reported(value):
            draft.note(f"the default of column {column.name} of {draft.table} is {value} already")
            return
        draft.definition = edits.set_default(draft.definition, column, value)
        draft.expect_column(column.name, default=reported(value))
        draft.new_defaults.append(column.name)


@dataclass(frozen=True)
class DropDefault:
    """New rows that do not say a value get NULL."""

    column: str

    def draw(self, draft: Draft) -> None:
        """Rows that are stored keep what they show."""
        column = draft.column(self.column)
        clauses = column.all("default")
        if not clauses:
            draft.note(f"column {column.name} of {draft.table} has no default")
            return
        draft.definition = edits.drop_clauses(draft.definition, *clauses)
        draft.expect_column(column.name, default=None)
        draft.new_defaults.append(column.name)


def as_default(value: str) -> str:
    """Return SQL as DEFAULT takes it: an expression in parentheses, a literal as it is.

    A name alone is a text behind DEFAULT (parse.y, `ccons ::= DEFAULT id`): in parentheses it would
    be a column's. https://www.sqlite.org/quirks.html, section 8
    """
    if is_literal(value) or _is_parenthesised(value) or _is_name(value):
        return value.strip()
    return f"({value})"


def _is_name(value: str) -> bool:
    """Whether the SQL is one word, in quotes or without; CURRENT_TIME is none but stands alone."""
    tokens = tokens_of(value)
    return len(tokens) == 1 and tokens[0].kind in {"word", "quoted"}


def is_literal(value: str) -> bool:
    """Whether the SQL is one literal, with a sign or without, in parentheses or without."""
    tokens = tokens_of(value)
    while len(tokens) > 1 and tokens[0].text == "(" and tokens[-1].text == ")":
        tokens = tokens[1:-1]
    if tokens and tokens[0].text in {"-", "+"}:
        tokens = tokens[1:]
    if len(tokens) != 1:
        return False
    only = tokens[0]
    number_or_blob = only.kind == "other" and (only.text[0].isdigit() or only.text[0] in "xX.")
    return only.kind == "string" or number_or_blob or only.is_word("NULL", "TRUE", "FALSE")


def reported(value: str) -> str:
    """Return a default as `table_xinfo` reports it: without its parentheses."""
    return value[1:-1].strip(" \t\n\f\r") if _is_parenthesised(value) else value


def _is_parenthesised(value: str) -> bool:
    tokens = tokens_of(value)
    return bool(tokens) and tokens[0].text == "(" and after_parenthesis(tokens, 0) == len(tokens)
