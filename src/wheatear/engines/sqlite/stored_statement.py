"""Edits the CREATE TABLE statement that SQLite stores (lang_altertable, section 7)."""

from __future__ import annotations

from typing import Any

import peewee

from .photograph import rows


def can_edit(db: Any) -> bool:
    """Try whether this connection may edit stored statements.

    Apple's SQLite and a defensive connection refuse; the pragma's own answer does not tell.
    """
    db.execute_sql("PRAGMA writable_schema=ON")
    try:
        db.execute_sql("UPDATE main.sqlite_master SET sql=sql WHERE 0")
    except peewee.DatabaseError:
        return False
    else:
        return True
    finally:
        db.execute_sql("PRAGMA writable_schema=OFF")


def edit(db: Any, table: str, sql: str) -> None:
    """Store `sql` as the table's definition, inside the transaction that is open.

    Both the raised `schema_version` and the RESET are needed: with one alone this connection or
    another goes on with the definition it has read.
    """
    version = rows(db, "PRAGMA main.schema_version")[0][0]
    db.execute_sql("PRAGMA writable_schema=ON")
    try:
        db.execute_sql(
            "UPDATE main.sqlite_master SET sql=? WHERE type='table' AND name=?", (sql, table)
        )
        db.execute_sql(f"PRAGMA main.schema_version={version + 1}")
    finally:
        db.execute_sql("PRAGMA writable_schema=RESET")


def forget(db: Any) -> None:
    """Have the definitions read again after a rollback.

    A rollback puts an edited statement back, but the connection goes on with what it has read
    until it meets the other `schema_version`, which is too late for an ALTER TABLE.
    """
    db.execute_sql("PRAGMA writable_schema=RESET")
