"""Ctrl-C and SIGTERM, in the middle of a statement, of Python code and of a wait."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from support import reading
from support.projects import Project, wait_for

FIRST = "20260101_000000_add_a"
SLOW = "20260201_000000_slow"
CREATE = "CREATE TABLE b (id INTEGER)"
PROMPTLY = 3.0
STATEMENT = {
    "sqlite": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
    "WHERE n < 100000000000) SELECT count(*) FROM c",
    "postgresql": "SELECT pg_sleep(60)",
    "mariadb": "SELECT SLEEP(60)",
}
ENDS = [
    (signal.SIGINT, 130, "\nerror: Stopped by Ctrl-C.\n"),
    (signal.SIGTERM, 143, "error: Stopped by SIGTERM.\n"),
]
ends = pytest.mark.parametrize(("number", "code", "first"), ENDS, ids=["Ctrl-C", "SIGTERM"])
AGAIN = "  next:  run the command again.\n"
CONTINUE = (
    "  next:  run the command again: it goes on from there, if its file is left as it is. Or go "
    "back from there with `migrate --backward`; or settle it by hand and say "
    "`migrate --mark-applied` or `migrate --mark-pending`; then the file may be changed.\n"
)


def _slow(project: Project, engine: str, kind: str) -> Path:
    """A migration that creates a table, says so, and then takes a minute."""
    began = project.root / "began"
    slow = {
        "statement": f"db.execute_sql('{STATEMENT[engine]}').fetchall()",
        "python": "import time\ntime.sleep(60)",
    }[kind]
    project.migration(
        SLOW, f"db.execute_sql('{CREATE}')\nopen({str(began)!r}, 'w').close()\n{slow}"
    )
    return began


@ends
@pytest.mark.parametrize("kind", ["statement", "python"])
def test_in_the_middle(
    project: Project, engine: str, kind: str, number: signal.Signals, code: int, first: str
) -> None:
    project.tables("a")
    began = _slow(project, engine, kind)
    running = project.start("migrate")
    wait_for(began.exists)
    if kind == "statement":
        _wait_until_it_runs(project, engine)
    ended = running.end(number)
    stays = engine == "mariadb"
    state = (
        f"  state: {SLOW} is interrupted: each of its statements commits by itself, so this one "
        f"stays:\n         {CREATE}\n"
        if stays
        else f"  state: {SLOW} was rolled back: nothing of it stays.\n"
    )
    assert ended.told == (
        code,
        f"  applied {FIRST}  N s\n",
        f"{first}{state}         applied before it in this run, and staying so: {FIRST}.\n"
        f"{CONTINUE if stays else AGAIN}",
    )
    assert ended.seconds < PROMPTLY
    assert reading.tables(project.url) == (["a", "b"] if stays else ["a"])
    # The lock is free, nothing runs on, and the log knows.
    again = project.run("status")
    assert f"{'interrupted' if stays else 'pending':<12} {SLOW}\n" in again.out
    project.migration(SLOW)
    freed = project.run("migrate", *(["--mark-pending"] if stays else []), "--wait", "0")
    assert freed.code == 0, freed.err
    _nothing_runs_on(project, engine)


@ends
@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
def test_what_was_under_way_is_named(
    project: Project, engine: str, number: signal.Signals, code: int, first: str
) -> None:
    """Nobody knows whether it took effect: the server was asked to stop, and did not answer."""
    sql = "INSERT INTO b SELECT SLEEP(60)"
    began = project.root / "began"
    project.migration(
        SLOW,
        f"""
        import os
        again = os.path.exists({str(project.root / "again")!r})
        open({str(project.root / "again")!r}, 'w').close()
        db.execute_sql('{CREATE}')
        open({str(began)!r}, 'w').close()
        db.execute_sql('INSERT INTO b VALUES (7)' if again else '{sql}')
        """,
    )
    running = project.start("migrate")
    wait_for(began.exists)
    _wait_until_it_runs(project, engine)
    assert running.end(number).told == (
        code,
        "",
        f"{first}  state: {SLOW} is interrupted: each of its statements commits by itself, so this "
        f"one stays:\n         {CREATE}\n"
        "         this one was under way, and may or may not have taken effect:\n"
        f"         {sql}\n{CONTINUE}",
    )
    _nothing_runs_on(project, engine)
    assert f"  {CREATE}\n" in project.run("status").err
    # It was rolled back with its entry: the next run sends it again.
    assert project.run("migrate").told == (
        0,
        f"  applied {SLOW}  N s\n",
        f"{SLOW} was interrupted while it went forward; it goes on where it stood\n",
    )
    assert reading.rows(project.url, "b") == [(7,)]


@ends
def test_while_waiting(project: Project, number: signal.Signals, code: int, first: str) -> None:
    began = _slow(project, "sqlite", "python")
    holder = project.start("migrate")
    wait_for(began.exists)
    waiting = project.start("migrate")
    line = waiting.line()
    assert "waiting for " in line
    ended = waiting.end(number)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.endswith(f"{first}  state: {SLOW} was not begun.\n{AGAIN}")
    assert ended.seconds < PROMPTLY
    assert holder.end(signal.SIGTERM).code == 143


@ends
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_before_the_first_migration(
    project: Project, engine: str, number: signal.Signals, code: int, first: str
) -> None:
    began = project.root / "began"
    project.migration(SLOW)
    text = f"open({str(began)!r}, 'w').close()\nimport time\ntime.sleep(60)\n"
    project.write("migrations/20260101_000000_a.py", f"{text}def migrate_forward(): pass\n")
    running = project.start("migrate")
    wait_for(began.exists)
    assert running.end(number).told == (
        code,
        "",
        f"{first}  state: no migration was begun.\n{AGAIN}",
    )


@ends
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_in_a_command_that_only_reads(
    project: Project, engine: str, number: signal.Signals, code: int, first: str
) -> None:
    began = project.root / "began"
    project.write(
        "slow_models.py", f"open({str(began)!r}, 'w').close()\nimport time\ntime.sleep(60)\n"
    )
    config = (project.root / "migrations_config.py").read_text(encoding="utf-8")
    project.write("migrations_config.py", f"{config}models = 'slow_models'\n")
    running = project.start("diff")
    wait_for(began.exists)
    assert running.end(number).told == (
        code,
        "",
        f"{first}  state: nothing was changed in the database.\n{AGAIN}",
    )


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_of_a_whole_group(project: Project, engine: str) -> None:
    """A terminal sends Ctrl-C to every process of the group: the program and what it began."""
    began = project.root / "began"
    project.migration(
        SLOW,
        f"""
        db.execute_sql('{CREATE}')
        import subprocess
        open({str(began)!r}, 'w').close()
        subprocess.run(['sleep', '60'])
        """,
    )
    running = project.start("migrate", start_new_session=True)
    wait_for(began.exists)
    os.killpg(running.process.pid, signal.SIGINT)
    ended = running.end()
    assert ended.code == 130
    assert ended.seconds < 60
    assert "was rolled back: nothing of it stays." in ended.err
    assert reading.tables(project.url) == []


def test_killed_without_a_word(project: Project, engine: str) -> None:
    """SIGKILL: where DDL is transactional nothing stays; elsewhere the next run goes on from it,
    if it is the same file.
    """
    began = _slow(project, engine, "python")
    running = project.start("migrate")
    wait_for(began.exists)
    running.end(signal.SIGKILL)
    stays = engine == "mariadb"
    wait_for(lambda: reading.tables(project.url) == (["b"] if stays else []))
    text = (project.folder / f"{SLOW}.py").read_text(encoding="utf-8")
    project.migration(SLOW)
    if not stays:
        assert project.run("migrate").told == (0, f"  applied {SLOW}  N s\n", "")
        return
    ended = project.run("migrate")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith(
        f"error: {SLOW} was interrupted, and its file has been changed since.\n"
        "  state: it stands where it stood: nothing was changed by this run.\n"
        "  next:  put the file back as it was and run the command again. Or look at the database; "
        "then finish the migration by hand and say `migrate --mark-applied`, or undo what it did "
        "and say `migrate --mark-pending`, or let `migrate --backward` run its migrate_backward() "
        "from where it stands.\n"
    )
    project.write(f"migrations/{SLOW}.py", text.replace("sleep(60)", "sleep(0)"))
    assert project.run("migrate").code == 1
    project.write(f"migrations/{SLOW}.py", text)
    reading.execute(project.url, "UPDATE wheatear_history SET outcome = 'interrupted'")
    project.write(f"migrations/{SLOW}.py", text.replace("sleep(60)", "sleep(0)"))
    assert project.run("migrate").told == (
        0,
        f"  applied {SLOW}  N s\n",
        f"{SLOW} was interrupted while it went forward; it goes on where it stood\n",
    )


def _wait_until_it_runs(project: Project, engine: str) -> None:
    if engine != "sqlite":
        wait_for(lambda: _running(project, engine))


def _nothing_runs_on(project: Project, engine: str) -> None:
    if engine != "sqlite":
        wait_for(lambda: not _running(project, engine))


def _running(project: Project, engine: str) -> int:
    sql = {
        "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' "
        "AND datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()",
        "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE info LIKE "
        "'%SLEEP(60)%' AND db = DATABASE() AND id <> CONNECTION_ID()",
    }[engine]
    return int(reading.execute(project.url, sql)[0][0])
