"""A run that is killed at one statement of its migration: just before it is sent, or after."""

from __future__ import annotations

from typing import Any

from support import reading
from support.forks import Fork
from support.projects import Project, wait_for

from .killing import Calls, Kill, When, watch

NAME = "20260101_000000_m"


class _AtStatement(Calls):
    """Dies at the call that sends this statement for the n-th time."""

    def __init__(self, statement: str, when: When, time: int) -> None:
        super().__init__(None)
        self._statement, self._when = statement, when
        self._left = time

    def __call__(self, call: Any, sql: object) -> Any:
        self._left -= str(sql).startswith(self._statement)
        return call() if self._left else self._struck(Kill(0, self._when), call)


def write(project: Project, *forward: str, atomic: bool = False) -> None:
    """A migration of these lines."""
    body = "".join(f"    {line}\n" for line in forward)
    project.write(
        f"migrations/{NAME}.py",
        f"from migrations_config import db\n\natomic = {atomic}\n\n\n"
        f"def migrate_forward():\n{body}\n\ndef migrate_backward():\n    pass\n",
    )


def sql(*statements: str) -> list[str]:
    """Lines that send these statements."""
    return [f"db.execute_sql({one!r})" for one in statements]


def killed(
    project: Project, engine: str, statement: str, when: When = "before", *, alone: bool = False
) -> None:
    """`migrate`, killed at this statement.

    Args:
        project: The project.
        engine: Its engine.
        statement: The statement.
        when: Before it is sent, or after.
        alone: The server refuses it in a transaction first; then its intent is written.
    """
    at = _AtStatement(statement, when, 1 + alone)
    first = lambda: watch(at, engine)  # noqa: E731
    code, _, err, _ = Fork(["migrate"], project.root, project.environment(None), first).end()
    assert code == -9, err


def killed_while(project: Project, statement: str, holds: str, shows: str) -> None:
    """`migrate`, killed while PostgreSQL is at work on this statement, and the server's process too.

    Args:
        project: The project.
        statement: The statement.
        holds: What a transaction beside does first, which the statement waits for.
        shows: The query that finds a row when the statement has come so far.
    """
    with reading.connection(project.url) as beside:
        beside.execute("BEGIN")
        beside.execute(holds)
        running = project.fork("migrate")
        wait_for(lambda: reading.execute(project.url, shows))
        running.kill()
        running.end()
        reading.execute(
            project.url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
            f"current_database() AND pid <> pg_backend_pid() AND query LIKE '{statement}%'",
        )
        beside.execute("ROLLBACK")
