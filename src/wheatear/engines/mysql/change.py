"""What an operation comes to on one table: clauses of an ALTER, and the definition they lead to."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from wheatear.errors import Sense

from .clauses import ColumnClauses
from .definition import Definition
from .literals import literal, respelled, sql_of, with_escapes
from .session import Session
from .tokens import names_in, quoted


class RefusedError(Exception):
    """An operation that cannot be made as it stands; the run says which and where."""

    sense: Sense | None = None

    def __init__(self, what: str, next: str | None = None) -> None:  # noqa: A002 - as in errors.py
        super().__init__(what)
        self.what = what
        self.next = next


class NamesError(RefusedError):
    """What the operation names is not there, or is there already."""

    sense = "names"


class RowsError(RefusedError):
    """Rows do not fit what the operation says."""

    sense = "rows"


@dataclass(frozen=True)
class TableState:
    """A table as it is, or as it will be when the changes planned so far are made.

    Attributes:
        name: The table's name.
        sql_name: The same quoted, with its schema if one was given.
        schema: The database it is in.
        definition: What SHOW CREATE TABLE says of it, or is going to say.
        printed: What it says of it now.
    """

    name: str
    sql_name: str
    schema: str
    definition: Definition
    printed: Definition
    session: Session
    new_context: Callable[[], Any]

    def column(self, name: str) -> str:
        """The column's name as the server spells it.

        Raises:
            RefusedError: There is none; near names are given.
        """
        found = self.definition.find_column(name)
        if found is None:
            raise NamesError(
                f"Table {self.name!r} has no column {name!r}{near(name, self.definition.columns)}"
            )
        return found

    def literal(self, value: Any) -> str:
        """A value as this session's literal."""
        return literal(value, backslash=self.session.backslash)

    def sql(self, node: Any) -> str:
        """A Peewee node as this session's SQL."""
        return sql_of(node, self.new_context(), backslash=self.session.backslash)

    def restated(self, text: object) -> str:
        """What the server printed, as this session has to say it."""
        return str(text) if self.session.backslash else respelled(str(text))

    def as_printed(self, sql: str) -> str:
        """What this session says, as the server will print it: the other way round."""
        return sql if self.session.backslash else with_escapes(sql)


@dataclass(frozen=True)
class Statement:
    """A statement, and the session's settings under which it means what it says."""

    sql: str
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Restated:
    """A column's name and all its clauses, as they are to be."""

    name: str
    clauses: ColumnClauses


@dataclass(frozen=True)
class Change:
    """What one operation does to the table.

    Attributes:
        clauses: Clauses of one ALTER TABLE.
        expected: The definition afterwards; entries whose text only the server knows are None.
        statement: A statement instead of an ALTER: RENAME TABLE, DROP TABLE.
        first: Statements on other things that go before (a view that goes with its column).
        after: Statements on other things that go after (a view that follows its column).
        then: What is to be done once this is made: further steps, after filling the rows.
        half: What the database is like if that fails.
        in_pieces: Whether its clauses may be made one after the other, where that is cheaper.
        rebuilds: Whether it mostly needs a copy or a rebuild of the table.
        restated: The column that it changes, as it is to be: further changes can join in.
        optional_keys: Keys that the server may make or drop by itself.
        unchecked: No row can break a foreign key, since the new column is NULL in all of them, or
            no value changes: with foreign_key_checks off the server need not copy the table to
            look. Such a change shares its ALTER with its like alone.
        new_checks: Whether the server may name CHECKs of its own.
        refill: Fills rows that others inserted meanwhile, where NULLs stop the change.
        renamed_to: The table's name afterwards, if it is another; "" if it is gone.
        explain: Turns the server's error number into words that help.
    """

    clauses: tuple[str, ...]
    expected: Definition
    statement: str | None = None
    first: tuple[str, ...] = ()
    after: tuple[Statement, ...] = ()
    then: Callable[[TableState], Iterable[Step]] | None = None
    half: str = ""
    in_pieces: bool = False
    rebuilds: bool = False
    restated: Restated | None = None
    optional_keys: frozenset[str] = frozenset()
    unchecked: bool = False
    new_checks: bool = False
    refill: Callable[[TableState], None] | None = None
    explain: Callable[[int, TableState], RefusedError | None] | None = None
    renamed_to: str | None = None

    @property
    def pieces(self) -> tuple[tuple[str, ...], ...]:
        """The clauses of each ALTER that it can be made by."""
        return tuple((one,) for one in self.clauses) if self.in_pieces else (self.clauses,)

    @property
    def words(self) -> frozenset[str]:
        """Every name that the clauses could refer to."""
        return names_in(" ".join(self.clauses))


@dataclass(frozen=True)
class Step:
    """An operation before the table is looked at.

    Attributes:
        names: The columns, keys and constraints that it changes, adds or removes.
        plan: Makes the change for a table as it is then.
        alone: Whether it shares its statement with nothing.
        may_be_missing: Whether a table that is not there is as well.
    """

    names: frozenset[str]
    plan: Callable[[TableState], Change] = field(repr=False)
    alone: bool = False
    may_be_missing: bool = False


def step(
    *names: str, alone: bool = False, may_be_missing: bool = False
) -> Callable[[Callable[[TableState], Change]], Step]:
    """Decorate a plan: the step that it makes of these names."""

    def decorate(plan: Callable[[TableState], Change]) -> Step:
        return Step(frozenset(name.lower() for name in names), plan, alone, may_be_missing)

    return decorate


def near(name: str, names: Iterable[str]) -> str:
    """The end of a sentence: names that look like `name`, or all of them if they are few."""
    every = sorted(names)
    by_lower = {known.lower(): known for known in every}
    close = [by_lower[match] for match in difflib.get_close_matches(name.lower(), by_lower, 3)]
    shown = close or (every if len(every) <= 12 else [])
    if not shown:
        return "."
    listed = ", ".join(shown)
    return f"; did you mean {listed}?" if close else f"; it has {listed}."


def nothing(state: TableState) -> Change:
    """The change that is made already."""
    return Change((), state.definition)


def modified(
    state: TableState,
    name: str,
    clauses: ColumnClauses,
    *,
    expected: str | None = None,
    explain: Any = None,
) -> Change:
    """The change that states a column anew, as a whole."""
    legible(state, name, clauses)
    return Change(
        (f"MODIFY COLUMN {quoted(name)} {state.restated(clauses)}",),
        state.definition.with_column(name, expected or str(clauses)),
        explain=explain,
        rebuilds=True,
        restated=Restated(name, clauses),
    )


def legible(state: TableState, name: str, clauses: ColumnClauses) -> None:
    """Refuse to say an expression again that MySQL shows with `?` for some of its letters: as the
    statement would have it, it would be another one.
    """
    if state.session.server.mariadb or name not in state.printed.columns:
        return
    kept = _expressions(clauses) & _expressions(state.printed.column(name))
    shown = sum(text.count("?") for text in kept)
    if not shown:
        return
    rows = state.session.rows(
        "SELECT generation_expression, column_default FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s AND column_name = %s",
        (state.schema, state.name, name),
    )
    if rows and sum(str(text or "").count("?") for text in rows[0]) < shown:
        raise RefusedError(
            f"MySQL shows letters of the expression of {name!r} as '?', so the column cannot be"
            " said anew as it is.",
            next="Drop its default or the column itself first, and add it again after.",
        )


def _expressions(clauses: ColumnClauses) -> set[str]:
    """What a column is computed from, or its default is; a plain default is a text or its bytes."""
    default = clauses.default or ""
    found = {clauses.get("generated") or "", default if default.startswith("(") else ""}
    return found - {""}
