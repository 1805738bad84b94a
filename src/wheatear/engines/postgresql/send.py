"""Statements and questions, sent the one way that every driver and a logging proxy see alike."""

from __future__ import annotations

from typing import Any


def send(db: Any, sql: str) -> None:
    """Run a statement that has no parameters: DDL can take none with psycopg 3."""
    db.execute_sql(sql.replace("%", "%%"))


def ask(db: Any, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """The rows that answer a query; `%s` stands for each of the parameters."""
    return list(db.execute_sql(sql, params).fetchall())


def send_and_ask(db: Any, sql: str, query: str) -> list[tuple[Any, ...]]:
    """Run statements, then the rows that answer a query: in one round trip where nobody listens.

    A migration's connection logs, and may replay, statement by statement.
    https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT

    Args:
        db: The database.
        sql: The statements, without parameters; empty for none.
        query: The query, without parameters.
    """
    if sql and getattr(db.connection(), "one_by_one", False):
        send(db, sql)
        sql = ""
    cursor = db.execute_sql(f"{sql}; {query}".lstrip("; ").replace("%", "%%"))
    if cursor.description is None:  # psycopg 3 keeps all results, psycopg2 only the last
        while cursor.nextset():
            pass
    return list(cursor.fetchall())


def takes_a_script(db: Any) -> bool:
    """Whether `script` works on this connection: psycopg 3's, where nobody listens."""
    connection = db.connection()
    return not getattr(connection, "one_by_one", False) and hasattr(connection, "pgconn")


def script(db: Any, *statements: str) -> list[list[tuple[Any, ...]]]:
    """Run statements in one round trip; what each SELECT among them answered.

    https://www.psycopg.org/psycopg3/docs/basic/from_pg2.html#multiple-results-returned-from-multiple-statements

    Args:
        db: The database; `takes_a_script` has said yes.
        statements: The statements, without parameters; the first that fails ends them.
    """
    cursor = db.execute_sql("; ".join(statements).replace("%", "%%"))
    answers = []
    while True:
        if str(cursor.statusmessage).startswith("SELECT"):
            answers.append(list(cursor.fetchall()))
        if not cursor.nextset():
            return answers
