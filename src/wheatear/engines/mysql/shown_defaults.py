"""Plain defaults that information_schema tells in part, as SHOW CREATE TABLE tells them.

On MySQL the bytes of a BINARY or VARBINARY column's end there at the first NUL, and a letter beyond
the Basic Multilingual Plane is a question mark: the view is in utf8mb3. On MariaDB a byte that is
no letter is one.
https://dev.mysql.com/doc/refman/8.4/en/information-schema-columns-table.html
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import peewee

from .definition import Definition
from .literals import without_escapes
from .raw_bytes import taken, with_bytes_in_hex
from .server_errors import NO_SUCH_TABLE, error_number
from .tokens import quoted, tokens, unquoted


def complete_defaults(
    db: Any, schema: str, columns: Iterable[dict[str, Any]], *, mariadb: bool
) -> None:
    """Complete the catalogue's rows; a query for each table that has such a column.

    Args:
        db: A Peewee database.
        schema: The database that they are of.
        columns: The rows of all columns of tables; not those of views.
        mariadb: Which of the servers it is.
    """
    is_told_in_part = _is_told_in_part_by_mariadb if mariadb else _is_told_in_part
    told_in_part = sorted(filter(is_told_in_part, columns), key=_table)
    for table, rows in groupby(told_in_part, key=_table):
        shown = _shown(db, f"{quoted(schema)}.{quoted(table)}")
        for row in rows:
            name = row["column_name"]
            # Somebody else may have changed the table meanwhile.
            if name in shown.columns and (default := shown.column(name).default):
                row["column_default"] = default if mariadb else _as_catalogue(default, row)


def _table(row: dict[str, Any]) -> str:
    return str(row["table_name"])


def _is_told_in_part(row: dict[str, Any]) -> bool:
    default = row["column_default"]
    if default is None or "DEFAULT_GENERATED" in (row["extra"] or ""):
        return False
    return _is_binary(row) or (row["character_set_name"] == "utf8mb4" and "?" in str(default))


def _is_told_in_part_by_mariadb(row: dict[str, Any]) -> bool:
    return _is_binary(row) and "?" in str(row["column_default"])


def _is_binary(row: dict[str, Any]) -> bool:
    return "binary" in row["data_type"].lower()


def _shown(db: Any, name: str) -> Definition:
    """The table; nothing if it is gone. ANSI_QUOTES has names in double quotes."""
    try:
        with taken(db.connection()):
            row = db.execute_sql(f"SHOW CREATE TABLE {name.replace('%', '%%')}").fetchone()
    except peewee.DatabaseError as error:
        if error_number(error) != NO_SUCH_TABLE:
            raise
        return Definition({}, {}, {})
    return Definition.parse(
        "".join(
            quoted(unquoted(token.text)) if token.text[0] == '"' else token.text
            for token in tokens(with_bytes_in_hex(row[1]))
        )
    )


def _as_catalogue(default: str, row: dict[str, Any]) -> str:
    """The value as it stands there: bytes as 0x…, a text as it is."""
    if default.startswith("'"):
        text = without_escapes(default[1:-1]).replace("''", "'")
        if not _is_binary(row):
            return text
        default = "0x" + text.encode().hex().upper()
    if _is_binary(row):
        return "" if default == "0x" else default
    return bytes.fromhex(default[2:]).decode()
