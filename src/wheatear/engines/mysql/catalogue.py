"""The rows of information_schema that a schema is read from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from .shown_defaults import complete_defaults

Row = dict[str, Any]
"""A row by its columns' names in lower case: MySQL 8 prints them in upper case."""

# Those that are asked for each table, and the column that says which table.
_PARTS = {
    "columns": ("COLUMNS", "table_schema", "table_name", "ordinal_position"),
    "statistics": ("STATISTICS", "table_schema", "table_name", "index_name, seq_in_index"),
    "keys": ("KEY_COLUMN_USAGE", "table_schema", "table_name", "ordinal_position"),
    "references": ("REFERENTIAL_CONSTRAINTS", "constraint_schema", "table_name", "table_name"),
}
# MySQL's CHECK_CONSTRAINTS does not say the table.
_CHECKS_OF_MYSQL = """
    SELECT tc.table_name AS table_name, cc.constraint_name AS constraint_name,
           cc.check_clause AS check_clause, 'Table' AS level, tc.enforced AS enforced
    FROM information_schema.table_constraints AS tc
    JOIN information_schema.check_constraints AS cc
      ON cc.constraint_schema = tc.constraint_schema AND cc.constraint_name = tc.constraint_name
    WHERE tc.constraint_type = 'CHECK' AND tc.table_schema = %s"""


@dataclass(frozen=True)
class Rows:
    """All rows of one database."""

    schema: str = ""
    mariadb: bool = False
    tables: list[Row] = field(default_factory=list)
    parts: dict[str, list[Row]] = field(default_factory=dict)
    views: list[Row] = field(default_factory=list)
    triggers: list[Row] = field(default_factory=list)


def read_rows(db: Any, tables: Collection[str] | None) -> Rows:
    """Ask the catalogue; nothing more where there are no tables."""
    if tables is not None and not tables:
        return Rows()
    found = _select(
        db,
        "SELECT VERSION() AS server_version, t.* FROM information_schema.tables AS t"
        " WHERE t.table_schema = DATABASE()" + _among("t.table_name", tables),
        tables,
    )
    if not found:
        return Rows()
    schema = found[0]["table_schema"]
    mariadb = "mariadb" in found[0]["server_version"].lower()
    parts = {
        name: _select(
            db,
            f"SELECT * FROM information_schema.{catalogue} WHERE {of} = %s"
            f"{_among(table, tables)} ORDER BY {order}",
            tables,
            schema,
        )
        for name, (catalogue, of, table, order) in _PARTS.items()
    }
    tables_alone = {row["table_name"] for row in found if row["table_type"] == "BASE TABLE"}
    columns = [row for row in parts["columns"] if row["table_name"] in tables_alone]
    complete_defaults(db, schema, columns, mariadb=mariadb)
    parts["checks"] = _checks(db, tables, schema, mariadb=mariadb)
    return Rows(
        schema,
        mariadb,
        found,
        parts,
        _views(db, tables, schema),
        _triggers(db, tables, schema),
    )


def read_views_and_triggers(db: Any) -> Rows:
    """Ask for these alone."""
    (schema,) = db.execute_sql("SELECT DATABASE()").fetchone()
    return Rows(schema, views=_views(db, None, schema), triggers=_triggers(db, None, schema))


def _checks(db: Any, tables: Collection[str] | None, schema: str, *, mariadb: bool) -> list[Row]:
    if mariadb:
        sql = "SELECT * FROM information_schema.check_constraints WHERE constraint_schema = %s"
        return _select(db, sql + _among("table_name", tables), tables, schema)
    return _select(db, _CHECKS_OF_MYSQL + _among("tc.table_name", tables), tables, schema)


def _views(db: Any, tables: Collection[str] | None, schema: str) -> list[Row]:
    sql = "SELECT * FROM information_schema.views WHERE table_schema = %s"
    return _select(db, sql + _among("table_name", tables), tables, schema)


def _triggers(db: Any, tables: Collection[str] | None, schema: str) -> list[Row]:
    sql = "SELECT * FROM information_schema.triggers WHERE event_object_schema = %s"
    return _select(
        db, f"{sql}{_among('event_object_table', tables)} ORDER BY action_order", tables, schema
    )


def _among(column: str, tables: Collection[str] | None) -> str:
    if tables is None:
        return ""
    return f" AND {column} IN ({', '.join(['%s'] * len(tables))})"


def _select(db: Any, sql: str, tables: Collection[str] | None, *params: Any) -> list[Row]:
    cursor = db.execute_sql(sql, (*params, *(tables or ())))
    names = [column[0].lower() for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
