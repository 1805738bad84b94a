"""Statements and questions, sent the one way that every driver and a logging proxy see alike."""

from __future__ import annotations

from typing import Any


def send(db: Any, sql: str) -> None:
    """Run a statement that has no parameters: DDL can take none with psycopg 3."""
    db.execute_sql(sql.replace("%", "%%"))


def ask(db: Any, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """The rows that answer a query; `%s` stands for each of the parameters."""
    return list(db.execute_sql(sql, params).fetchall())
