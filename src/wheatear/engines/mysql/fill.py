"""Filling a new column from a callable default: one call a row, in batches by primary key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wheatear.engines.called import called

from .change import TableState
from .definition import PRIMARY
from .tokens import quoted

BATCH = 500
"""Rows in one UPDATE: the locks of one are held for some milliseconds."""


def update_triggers(state: TableState) -> list[str]:
    """The triggers that filling runs: no session can turn them off."""
    rows = state.session.rows(
        "SELECT trigger_name FROM information_schema.triggers WHERE event_object_schema = %s"
        " AND event_object_table = %s AND event_manipulation = 'UPDATE'",
        (state.schema, state.name),
    )
    return [name for (name,) in rows]


def fill_rows(state: TableState, column: str, field: Any) -> None:
    """Give each row that holds NULL its own value.

    Columns with ON UPDATE keep their values; the table's UPDATE triggers do fire.
    """
    if PRIMARY not in state.definition.keys:
        _fill_without_key(state, column, field)
        return
    key = state.definition.key_columns(PRIMARY)
    for rows in _batches(state, column, key):
        places = [_place(state, key, row) for row in rows]
        cases = " ".join(f"WHEN {place} THEN {_value(state, field)}" for place in places)
        where = " OR ".join(places)
        if len(key) == 1:
            # The optimizer takes an IN as one range read, a long OR only with luck.
            where = f"{quoted(key[0])} IN ({', '.join(state.literal(row[0]) for row in rows)})"
        _update(state, column, f"CASE {cases} END", f"({where})")


def _fill_without_key(state: TableState, column: str, field: Any) -> None:
    """One row at a time, each found by a scan: a table without a primary key is hoped small."""
    while _update(state, column, _value(state, field), "TRUE", " LIMIT 1"):
        pass


def _update(state: TableState, column: str, value: str, where: str, limit: str = "") -> int:
    kept = "".join(
        f", {quoted(name)} = {quoted(name)}"
        for name in state.definition.columns
        if state.definition.column(name).get("update")
    )
    name = quoted(column)
    cursor = state.session.execute(
        f"UPDATE {state.sql_name} SET {name} = {value}{kept}"
        f" WHERE {name} IS NULL AND {where}{limit}",
        f"Filling {column!r}",
    )
    return int(cursor.rowcount)


def _batches(state: TableState, column: str, key: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    columns = ", ".join(quoted(name) for name in key)
    last: tuple[Any, ...] | None = None
    while True:
        after = f" AND {_after(state, key, last)}" if last else ""
        cursor = state.session.execute(
            f"SELECT {columns} FROM {state.sql_name} WHERE {quoted(column)} IS NULL"
            f"{after} ORDER BY {columns} LIMIT {BATCH}"
        )
        rows = list(cursor.fetchall())
        if not rows:
            return
        yield rows
        last = rows[-1]


def _after(state: TableState, key: Sequence[str], last: tuple[Any, ...]) -> str:
    """Rows after `last`, spelled so that the optimizer reads on in the index."""
    terms = []
    for at, name in enumerate(key):
        larger = f"{quoted(name)} > {state.literal(last[at])}"
        equal = [_place(state, key[:at], last[:at])] if at else []
        terms.append(" AND ".join([*equal, larger]))
    return f"({' OR '.join(f'({term})' for term in terms)})"


def _place(state: TableState, key: Sequence[str], row: Sequence[Any]) -> str:
    return " AND ".join(
        f"{quoted(name)} = {state.literal(value)}" for name, value in zip(key, row, strict=True)
    )


def _value(state: TableState, field: Any) -> str:
    """The next value, a literal: db_value may return a node, which no driver takes."""
    value = field.db_value(called(field.default))
    return state.sql(value) if hasattr(value, "__sql__") else state.literal(value)
