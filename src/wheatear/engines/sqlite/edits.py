"""Edits of a CREATE TABLE statement: what an edit does not name stays letter for letter."""

from __future__ import annotations

from .definition import Clause, ColumnDefinition, Definition
from .grammar import parse
from .tokens import cut, quote, splice


def set_type(definition: Definition, column: ColumnDefinition, new: str) -> Definition:
    """Give the column another type."""
    sql = definition.sql
    if column.type:
        start = column.type_end - len(column.type)
        return parse(splice(sql, start, column.type_end, new))
    return parse(splice(sql, column.name_end, column.name_end, f" {new}"))


def add_not_null(definition: Definition, column: ColumnDefinition) -> Definition:
    """Say NOT NULL, in the place of a NULL where the column says that."""
    said = column.last("null")
    if said:
        return parse(splice(definition.sql, said.start, said.end, "NOT NULL"))
    return parse(splice(definition.sql, column.type_end, column.type_end, " NOT NULL"))


def set_default(definition: Definition, column: ColumnDefinition, value: str) -> Definition:
    """Give the column this default (SQL), instead of the one it has or as a new one."""
    new = f"DEFAULT {value}"
    if column.last("default"):
        first, *others = column.all("default")
        start, end = first.start, first.end
        for clause in reversed(others):  # the text behind `first` moves, not before
            definition = parse(cut(definition.sql, clause.start, clause.end))
        return parse(splice(definition.sql, start, end, new))
    not_null = column.last("not null")
    place = not_null.end if not_null else column.type_end
    return parse(splice(definition.sql, place, place, f" {new}"))


def drop_clauses(definition: Definition, *clauses: Clause) -> Definition:
    """Remove clauses of columns."""
    sql = definition.sql
    for clause in sorted(clauses, key=lambda clause: clause.start, reverse=True):
        sql = cut(sql, clause.start, clause.end)
    return parse(sql)


def drop_constraint(definition: Definition, clause: Clause) -> Definition:
    """Remove a constraint of the table, with its comma unless the next one would miss it."""
    sql = definition.sql
    items: list[Clause | ColumnDefinition] = [*definition.columns, *definition.constraints]
    items.sort(key=lambda item: item.start)
    place = next(at for at, item in enumerate(items) if item.start == clause.start)
    comma = _comma_between(definition, items[place - 1].end, clause.start)
    following = items[place + 1] if place + 1 < len(items) else None
    needs_it = (
        following is not None and _comma_between(definition, clause.end, following.start) is None
    )
    sql = cut(sql, clause.start, clause.end)
    if comma is not None and not needs_it:
        sql = sql[:comma] + sql[comma + 1 :]
    return parse(sql)


def add_constraint(definition: Definition, sql: str) -> Definition:
    """Add a table constraint behind all others."""
    end = definition.constraints[-1].end if definition.constraints else definition.columns[-1].end
    return parse(splice(definition.sql, end, end, f", {sql}"))


def add_column(definition: Definition, sql: str) -> Definition:
    """Add a column behind the last, where SQLite's own ADD COLUMN puts it."""
    last = definition.columns[-1].end
    place = next((comma for comma in definition.commas if comma >= last), definition.end)
    return parse(definition.sql[:place] + f", {sql}" + definition.sql[place:])


def drop_column(definition: Definition, column: ColumnDefinition) -> Definition:
    """Remove the column and one comma; comments stay."""
    sql = definition.sql
    behind = next((comma for comma in definition.commas if comma >= column.end), None)
    if behind is not None and not sql[column.end : behind].strip(" \t\r\n\f"):
        return parse(sql[: column.start] + sql[behind + 1 :].lstrip(" \t\r\n\f"))
    if behind is not None:  # a comment lies before the comma
        sql = sql[:behind] + sql[behind + 1 :]
        return parse(cut(sql, column.start, column.end))
    before = max(comma for comma in definition.commas if comma < column.start)
    return parse(_without(cut(sql, column.start, column.end), before))


def rename_table(definition: Definition, new: str, *, spelled: str | None = None) -> Definition:
    """Give the table another name; `spelled` is the name's own spelling, quotes and all."""
    start, end = definition.name_start, definition.name_end
    return parse(splice(definition.sql, start, end, spelled or quote(new)))


def _without(sql: str, place: int) -> str:
    return sql[:place] + sql[place + 1 :]


def _comma_between(definition: Definition, start: int, end: int) -> int | None:
    return next((comma for comma in definition.commas if start <= comma < end), None)
