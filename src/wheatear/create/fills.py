"""What the rows that are there get in a column that takes no NULL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from wheatear.errors import UsageError
from wheatear.schema.changes import AddColumn, AlterColumn, Change
from wheatear.schema.writer import to_fill

_FORM = "write --fill TABLE.COLUMN=SQL, such as --fill player.experience=0."

Place = tuple[str, str]
"""A table and a column, by their new names."""


def said_fills(words: Iterable[str]) -> dict[Place, str]:
    """Take what a user says: `table.column=SQL`.

    Raises:
        UsageError: It is something else.
    """
    found = {}
    for said in words:
        place, equals, sql = said.partition("=")
        table, dot, column = place.strip().rpartition(".")
        if not (equals and dot and table and column and sql.strip()):
            raise UsageError(
                f"--fill {said} is not a column and what its rows get.",
                state="nothing was written.",
                next=_FORM,
            )
        found[table, column] = sql.strip()
    return found


def sql_defaults(models: Iterable[Any]) -> dict[Place, str]:
    """The models' own constant defaults as SQL that every engine takes, by table and column."""
    found = {}
    for model in models:
        for field in model._meta.sorted_fields:
            if field.default is not None and not callable(field.default):
                sql = _sql(field)
                if sql is not None:
                    found[model._meta.table_name, field.column_name] = sql
    return found


def _sql(field: Any) -> str | None:
    try:
        value = field.db_value(field.default)
    except Exception:  # noqa: BLE001 - a field of the user's own: then the value is asked for
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float, Decimal)):
        return str(value) if value == value and abs(value) != float("inf") else None  # noqa: PLR0124
    # What a backslash means depends on the engine and its settings.
    if isinstance(value, str) and value.isprintable() and "\\" not in value:
        return "'" + value.replace("'", "''") + "'"
    return None


def with_defaults(changes: Sequence[Change], defaults: Mapping[Place, str]) -> list[Change]:
    """The changes, where a new column has the default of its model: it stays in the database."""
    needy = set(to_fill(changes))
    return [
        replace(one, column=replace(one.column, default=default))
        if isinstance(one, AddColumn)
        and one in needy
        and (default := defaults.get((one.table, one.column.name))) is not None
        else one
        for one in changes
    ]


class Fills:
    """What is known of them.

    Args:
        changes: The changes that are made.
        said: What the user says, by table and column.
        defaults: The models' own defaults as SQL.

    Raises:
        UsageError: Something is said of a column that needs nothing.

    Attributes:
        known: By table and column, SQL.
    """

    def __init__(
        self, changes: Sequence[Change], said: Mapping[Place, str], defaults: Mapping[Place, str]
    ) -> None:
        self._needy = {_place(one): one for one in to_fill(changes)}
        for place in said:
            self._check(place)
        given = {place: sql for place, sql in defaults.items() if place in self._needy}
        self.known: dict[Place, str] = {**given, **said}

    def ask(self, what: Callable[[AddColumn | AlterColumn], str | None]) -> None:
        """Ask for those that are not known; None for an old column says that no row has NULL."""
        for place, change in self._needy.items():
            if place not in self.known:
                sql = what(change)
                if sql:
                    self.known[place] = sql

    def refuse_missing(self) -> None:
        """Raises UsageError where a new column has nothing for the rows that are there."""
        missing = [place for place, one in self._unknown() if isinstance(one, AddColumn)]
        if not missing:
            return
        columns = ", ".join(".".join(place) for place in missing)
        fills = " ".join(f"--fill {table}.{column}=…" for table, column in missing)
        raise UsageError(
            f"Rows that are there would have no value in what takes no NULL: {columns}.",
            state="nothing was written.",
            next=f"say what they get, as SQL: {fills}; or give the field a default, or null=True.",
        )

    def risky(self) -> list[str]:
        """The columns that are there, and may hold NULL in some row."""
        return [".".join(place) for place, one in self._unknown() if isinstance(one, AlterColumn)]

    def _unknown(self) -> Iterator[tuple[Place, Change]]:
        return ((place, one) for place, one in self._needy.items() if place not in self.known)

    def _check(self, place: Place) -> None:
        if place in self._needy:
            return
        names = ", ".join(".".join(one) for one in self._needy)
        raise UsageError(
            f"--fill {'.'.join(place)}: no row needs a value there; "
            + (f"where one does: {names}." if names else "none does anywhere."),
            state="nothing was written.",
            next=_FORM,
        )


def _place(change: AddColumn | AlterColumn) -> Place:
    column = change.column if isinstance(change, AddColumn) else change.after
    return change.table, column.name
