"""How a record has ended is written before the next migration changes or reads anything.

Where DDL commits by itself it is written together with the next one's beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support import reading
from support.projects import Project
from support.undone import in_process

ONE, TWO = "20260101_000000_one", "20260101_000001_two"
HEAD = """\
import pathlib
import wheatear
from playhouse.migrate import *
from migrations_config import db, migrator

atomic = False


def migrate_backward():
    pass


def migrate_forward():
"""
WITHOUT_BACKWARD = HEAD.replace("def migrate_backward():\n    pass\n\n\n", "")
DONE = (ONE, "forward", "done")


def write(project: Project, name: str, *lines: str, head: str = HEAD) -> None:
    body = "".join(f"    {line}\n" for line in lines)
    project.write(f"migrations/{name}.py", head + body)


def sql(statement: str) -> str:
    return f"db.execute_sql({statement!r})"


@pytest.fixture
def begun(project: Project) -> Project:
    write(project, ONE, sql("CREATE TABLE one (x INTEGER)"))
    return project


@pytest.mark.parametrize(
    ("statement", "then"),
    [
        ("CREATE TABLE two (x INTEGER)", [(TWO, "forward", "running")]),
        ("INSERT INTO one VALUES (1)", [(TWO, "forward", "running")]),
        ("SELECT * FROM one", []),
    ],
)
def test_it_is_there_when_the_next_one_has_sent_something(
    begun: Project, statement: str, then: list[Any]
) -> None:
    write(begun, TWO, sql(statement))
    seen: list[Any] = []
    migrations = in_process(begun)
    ended = migrations.migrate(echo=lambda _: seen.append(reading.history(begun.url)))
    assert ended.names == [ONE, TWO]
    assert seen[1] == [DONE, *then]
    assert reading.history(begun.url) == [DONE, (TWO, "forward", "done")]


def test_it_says_what_it_would_alone(begun: Project) -> None:
    write(begun, TWO, sql("CREATE TABLE two (x INTEGER)"))
    in_process(begun).migrate(steps=1)
    alone = _record(begun)
    reading.execute(begun.url, "DROP TABLE one", "DELETE FROM wheatear_history")
    in_process(begun).migrate()
    assert _record(begun) == alone
    (begun.folder / f"{ONE}.py").unlink()
    assert begun.run("migrate", "--backward", "--steps", "2", "--yes").code == 0
    assert reading.tables(begun.url) == ["two"]


def _record(project: Project) -> Any:
    kept = "outcome, checksum, statements, touched, journal, error, seconds IS NULL"
    sql = f"SELECT {kept} FROM wheatear_history WHERE name = '{ONE}' AND direction = 'forward'"
    return reading.execute(project.url, sql)


@pytest.mark.parametrize("line", ["1 / 0", "raise KeyboardInterrupt", "raise SystemExit(3)"])
def test_it_is_written_if_the_next_one_fails(begun: Project, line: str) -> None:
    write(begun, TWO, line)
    assert begun.run("migrate").code in {1, 130}
    assert reading.history(begun.url) == [DONE, (TWO, "forward", "failed")]


def test_it_is_written_at_the_end(begun: Project) -> None:
    write(begun, TWO, "pass")
    in_process(begun).migrate()
    assert reading.history(begun.url) == [DONE, (TWO, "forward", "done")]
    assert begun.run("status", "--check").code == 0


CREATE = sql("CREATE TABLE one (x INTEGER)")


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        (HEAD, [CREATE, f"if {sql('SELECT * FROM one')}.fetchone():", f"    {sql('DROP TABLE one')}"]),
        (HEAD, ["try:", f"    {sql('DROP TABLE one')}", "except Exception:", "    pass"]),
        (WITHOUT_BACKWARD, [CREATE]),
    ],
    ids=["what it read decides", "a failure decides", "its record is the way back"],
)  # fmt: skip
def test_it_is_written_at_once_if_who_takes_it_up_would_not_write_the_same(
    project: Project, head: str, lines: list[str]
) -> None:
    """Killed while the next one has sent nothing yet, the first would run again, and otherwise."""
    write(project, ONE, *lines, head=head)
    write(
        project,
        TWO,
        "from support import reading",
        f"assert reading.history({project.url!r}) == {[DONE]!r}",
    )
    assert in_process(project).migrate().names == [ONE, TWO]


def test_a_connection_lost_before_that_is_made_good(new_project: Callable[..., Project]) -> None:
    """On MariaDB, where it waits: the first one is done, and cannot be recorded."""
    project = new_project("mariadb")
    write(project, ONE, sql("CREATE TABLE one (x INTEGER)"))
    write(project, TWO, *_killed(project), sql("CREATE TABLE two (x INTEGER)"))
    ended = project.run("migrate")
    assert ended.code == 1
    assert f"{ONE} is applied, but that could not be recorded" in ended.err
    assert reading.history(project.url) == [(ONE, "forward", "running")]
    assert "  forward   interrupted  " in project.run("history").out  # that run has died
    write(project, TWO, sql("CREATE TABLE two (x INTEGER)"))
    ended = project.run("migrate")
    assert ended.code == 0
    assert f"{ONE} was interrupted while it went forward" in ended.err
    assert reading.history(project.url) == [DONE, (TWO, "forward", "done")]


def test_a_connection_lost_at_the_end_is_told(new_project: Callable[..., Project]) -> None:
    project = new_project("mariadb")
    write(project, ONE, sql("CREATE TABLE one (x INTEGER)"), *_killed(project))
    ended = project.run("migrate")
    assert ended.code == 1
    assert f"  state: {ONE} is applied, but that could not be recorded" in ended.err
    ended = project.run("migrate")
    assert ended.code == 0
    assert f"{ONE} was interrupted while it went forward" in ended.err
    assert reading.history(project.url) == [DONE]


def _killed(project: Project) -> tuple[str, ...]:
    """The run's own connection, the first time."""
    return (
        f"flag = pathlib.Path({str(project.root / 'killed')!r})",
        "if not flag.exists():",
        "    flag.touch()",
        f"    other = wheatear.connect({project.url!r})",
        "    other.execute_sql(f'KILL {db.connection().thread_id()}')",
        "    other.close()",
    )
