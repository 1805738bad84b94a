"""A table's value from its catalogue rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from wheatear.schema.model import Column, Constraint, Index, Table

from .catalogue import Row
from .definition import PRIMARY
from .expressions import as_written

_NO_ACTION = ("RESTRICT", "NO ACTION")
"""The two are the same, and what neither says; servers print one or the other."""


@dataclass(frozen=True)
class TableRows:
    """The rows of one table."""

    table: Row
    columns: list[Row]
    statistics: list[Row]
    keys: list[Row]
    references: list[Row]
    checks: list[Row]


def table_of(rows: TableRows, schema: str, *, mariadb: bool) -> Table:
    """The value."""
    row = rows.table
    constraints = [*_primary(rows), *_foreign_keys(rows, schema), *_checks(rows, mariadb=mariadb)]
    return Table(
        row["table_name"],
        tuple(_column(column, row["table_collation"], mariadb=mariadb) for column in rows.columns),
        tuple(sorted(constraints, key=_content)),
        tuple(sorted(_indexes(rows), key=lambda index: (index.parts, index.unique, index.name))),
        _options(row),
        row["table_comment"] or None,
    )


def _content(constraint: Constraint) -> tuple[Any, ...]:
    return (constraint.kind, constraint.columns, constraint.sql or "", constraint.name or "")


def _column(row: Row, table_collation: str | None, *, mariadb: bool) -> Column:
    extra = row["extra"] or ""
    kind = row["column_type"]
    if "INVISIBLE" in extra.upper():
        kind += " INVISIBLE"
    collation = row["collation_name"]
    return Column(
        row["column_name"],
        kind,
        row["is_nullable"] == "YES",
        _default(row, extra, mariadb=mariadb),
        _generated(row, extra, mariadb=mariadb),
        collation if collation != table_collation else None,
        row["column_comment"] or None,
    )


def _default(row: Row, extra: str, *, mariadb: bool) -> str | None:
    """MariaDB prints SQL ('a' in quotes); MySQL a bare value, unless EXTRA says else."""
    value = row["column_default"]
    if value is None or (mariadb and value == "NULL"):
        return None
    text = value.decode() if isinstance(value, bytes) else str(value)
    if mariadb:
        return text
    if "DEFAULT_GENERATED" in extra:
        bare = text.upper().startswith("CURRENT_TIMESTAMP")
        return text if bare else f"({as_written(text)})"
    binary = "binary" in row["data_type"].lower() and text.startswith("0x")
    if binary or _is_number(row["data_type"]):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _is_number(data_type: str) -> bool:
    numbers = ("int", "decimal", "float", "double", "bit", "year")
    return any(number in data_type.lower() for number in numbers)


def _generated(row: Row, extra: str, *, mariadb: bool) -> str | None:
    words = extra.upper()
    if "GENERATED" in words and (expression := row["generation_expression"]):
        kind = "STORED" if "STORED" in words else "VIRTUAL"
        expression = expression if mariadb else as_written(expression)
        return f"GENERATED ALWAYS AS ({expression}) {kind}"
    if "AUTO_INCREMENT" in words:
        return "AUTO_INCREMENT"
    start = words.find("ON UPDATE ")
    return (
        None
        if start < 0
        else "ON UPDATE " + extra[start + len("ON UPDATE ") :].split(",", maxsplit=1)[0]
    )


def _primary(rows: TableRows) -> Iterator[Constraint]:
    columns = [row["column_name"] for row in rows.statistics if row["index_name"] == PRIMARY]
    if columns:
        parts = [row for row in rows.statistics if row["index_name"] == PRIMARY]
        spelled = tuple(_part(row) for row in parts)
        # A prefix or a direction is worth saying; else the columns say it all.
        sql = None if spelled == tuple(columns) else ", ".join(spelled)
        yield Constraint("primary key", tuple(columns), sql)


def _foreign_keys(rows: TableRows, schema: str) -> Iterator[Constraint]:
    for row in rows.references:
        name = row["constraint_name"]
        own = [key for key in rows.keys if key["constraint_name"] == name]
        own = [key for key in own if key["referenced_table_name"] is not None]
        if not own:
            continue
        there = own[0]["referenced_table_schema"]
        prefix = "" if there == schema else f"{there}."
        actions = [("DELETE", row["delete_rule"]), ("UPDATE", row["update_rule"])]
        yield Constraint(
            "foreign key",
            tuple(key["column_name"] for key in own),
            table=prefix + own[0]["referenced_table_name"],
            targets=tuple(key["referenced_column_name"] for key in own),
            options=" ".join(f"ON {on} {do}" for on, do in actions if do not in _NO_ACTION),
            name=name,
        )


def _checks(rows: TableRows, *, mariadb: bool) -> Iterator[Constraint]:
    for row in rows.checks:
        inline = row["level"] == "Column"
        yield Constraint(
            "check",
            # MariaDB keeps a CHECK that stands at a column there, and calls it by the column.
            (row["constraint_name"],) if inline else (),
            row["check_clause"] if mariadb else as_written(row["check_clause"]),
            options="NOT ENFORCED" if row.get("enforced") == "NO" else "",
            name=None if inline else row["constraint_name"],
        )


def _indexes(rows: TableRows) -> Iterator[Index]:
    for name, group in groupby(rows.statistics, key=lambda row: row["index_name"]):
        parts = list(group)
        if name != PRIMARY:
            yield _index(name, parts)


def _index(name: str, parts: list[Row]) -> Index:
    first = parts[0]
    extra = []
    if first.get("ignored") == "YES" or first.get("is_visible") == "NO":
        extra.append("IGNORED" if "ignored" in first else "INVISIBLE")
    if first["index_comment"]:
        extra.append("COMMENT '" + first["index_comment"].replace("'", "''") + "'")
    using = first["index_type"]
    return Index(
        name,
        tuple(_part(row) for row in parts),
        not int(first["non_unique"]),
        None if using == "BTREE" else using,
        extra=" ".join(extra),
    )


def _part(row: Row) -> str:
    expression = row.get("expression")
    text = f"({as_written(expression)})" if expression else row["column_name"]
    # A SPATIAL index shows a length of its own making.
    if row["sub_part"] and row["index_type"] not in {"SPATIAL", "RTREE"}:
        text += f"({row['sub_part']})"
    return text + (" DESC" if row["collation"] == "D" else "")


def _options(row: Row) -> str:
    collation = row["table_collation"] or ""
    parts = [f"ENGINE={row['engine']}"]
    if collation:
        parts.append(f"DEFAULT CHARSET={collation.partition('_')[0]} COLLATE={collation}")
    return " ".join([*parts, row["create_options"] or ""]).strip()
