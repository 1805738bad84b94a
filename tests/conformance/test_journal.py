"""A migration that is no one transaction: what failed goes on behind what stays, or goes back."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from support import reading
from support.projects import CONFIG, Project, wait_for
from support.undone import in_process
from wheatear.events import Finished, Planned, Skipped

NAME = "20260101_000000_m"
HEAD = """\
import datetime
import os
import time
import uuid
from playhouse.migrate import *
from migrations_config import db, migrator

atomic = False

"""
RESUMED = f"{NAME} was interrupted while it went forward; it goes on where it stood\n"
APPLIED = f"  applied {NAME}  N s\n"
WAYS_OUT = (
    "look at the database; then finish the migration by hand and say `migrate --mark-applied`, or "
    "undo what it did and say `migrate --mark-pending`, or let `migrate --backward` run its "
    "migrate_backward() from where it stands."
)


def write(project: Project, *forward: str, backward: str = "pass") -> Path:
    body = "".join(f"    {line}\n" for line in forward)
    text = f"{HEAD}def migrate_forward():\n{body}\n\ndef migrate_backward():\n    {backward}\n"
    return project.write(f"migrations/{NAME}.py", text)


def sql(statement: str) -> str:
    return f"db.execute_sql({statement!r})"


def test_mended_it_goes_on_behind_what_stays(project: Project) -> None:
    begin = (sql("CREATE TABLE a (x INTEGER)"), sql("INSERT INTO a VALUES (1)"))
    write(project, *begin, sql("INSERT INTO b VALUES (2)"))
    assert project.run("migrate").code == 1
    write(project, *begin, sql("INSERT INTO a VALUES (2)"))
    assert project.run("migrate").told == (0, APPLIED, RESUMED)
    assert reading.rows(project.url, "a") == [(1,), (2,)]
    assert project.run("status", "--check").code == 0
    assert reading.history(project.url) == [(NAME, "forward", "done")]


@pytest.mark.parametrize("keep_dropped", [False, True])
def test_savepoints_are_called_as_they_were(project: Project, *, keep_dropped: bool) -> None:
    """Peewee names them by uuid4, of which a run that goes on asks for others of its own."""
    if keep_dropped:
        project.write("migrations_config.py", f"{CONFIG}keep_dropped = True\n")
    project.migration("20250101_000000_before", sql("CREATE TABLE first (x INTEGER)"))
    nested = (
        "with db.atomic():",
        f"    {sql('INSERT INTO a VALUES (1)')}",
        "    with db.atomic():",
        f"        {sql('INSERT INTO a VALUES (2)')}",
    )
    lines = (sql("CREATE TABLE a (x INTEGER)"), sql("INSERT INTO first VALUES (1)"))
    lines += (sql("DROP TABLE first"), *nested, sql("CREATE TABLE b (x INTEGER)"))
    write(project, *lines, *nested, "1 / 0")
    assert project.run("migrate").code == 1
    write(project, *lines, *nested)
    ended = project.run("migrate")
    assert ended.told == (0, APPLIED, RESUMED)
    assert reading.rows(project.url, "a") == [(1,), (1,), (2,), (2,)]


def test_bytes_are_the_same_again(project: Project) -> None:
    """Drivers have objects of their own for them, which tell nothing of what they hold."""
    model = (
        "class A(Model):",
        "    x = BlobField()",
        "    class Meta:",
        "        database, table_name = db, 'a'",
    )
    lines = (*model, "A.create_table()", "A.create(x=b'one')", "A.create(x=b'two')")
    write(project, *lines, "1 / 0")
    assert project.run("migrate").code == 1
    write(project, *lines)
    assert project.run("migrate").told == (0, APPLIED, RESUMED)
    assert [bytes(row[1]) for row in reading.rows(project.url, "a")] == [b"one", b"two"]
    assert project.run("migrate", "--backward").code == 0
    reading.execute(project.url, "DROP TABLE a")
    write(project, *lines, "1 / 0")
    assert project.run("migrate").code == 1
    write(project, *(line.replace("b'one'", "b'other'") for line in lines))
    assert "now it sends that with other values." in project.run("migrate").err


def test_a_dry_run_says_that_it_goes_on(project: Project) -> None:
    write(project, sql("CREATE TABLE a (x INTEGER)"), "1 / 0", backward=sql("DROP TABLE a"))
    assert project.run("migrate").code == 1
    before = reading.history(project.url)
    forward, backward = (project.run("migrate", "--dry-run", *way) for way in ((), ("--backward",)))
    assert forward.told == (
        0,
        f"Would apply, in this order:\n  {NAME}\n",
        f"{NAME} was interrupted: it goes on where it stood\n",
    )
    assert backward.told == (
        0,
        f"Would revert, in this order:\n  {NAME}\n",
        f"{NAME} was interrupted: it goes back from there\n",
    )
    assert reading.history(project.url) == before


def test_what_fails_without_effect_leaves_nothing(project: Project) -> None:
    write(project, sql("INSERT INTO b VALUES (2)"))
    ended = project.run("migrate")
    assert f"  state: {NAME} had changed nothing yet.\n" in ended.err
    assert reading.history(project.url) == [(NAME, "forward", "failed")]
    assert "pending " in project.run("status").out


def test_another_path_stops(project: Project) -> None:
    write(project, sql("CREATE TABLE a (x INTEGER)"), "1 / 0")
    assert project.run("migrate").code == 1
    write(project, sql("CREATE TABLE b (x INTEGER)"))
    assert project.run("migrate").told == (
        1,
        "",
        f"{RESUMED}error: {NAME} was interrupted, and takes another path now than it did then.\n"
        "  where: then it sent:\n"
        "         CREATE TABLE a (x INTEGER)\n"
        "         now it sends:\n"
        "         CREATE TABLE b (x INTEGER)\n"
        "  state: it stands where it stood: nothing was changed by this run.\n"
        "  next:  let it do again what it did (put the file back as it was; ask for the time with "
        "datetime.now() in the migration itself), and run the command again. Or "
        f"{WAYS_OUT}\n",
    )
    write(project, "pass")
    ended = project.run("migrate")
    assert "now it ends before that.\n" in ended.err
    # No `except Exception` of the migration's own gets at it.
    write(project, "try:", "    " + sql("SELECT 1"), "except BaseException:", "    pass")
    assert "takes another path now" in project.run("migrate").err
    assert reading.tables(project.url) == ["a"]


def test_other_values_are_another_path(project: Project) -> None:
    insert = "db.execute_sql(f'INSERT INTO a VALUES ({{db.param}})', ({},))"
    write(project, sql("CREATE TABLE a (x INTEGER)"), insert.format(1), "1 / 0")
    assert project.run("migrate").code == 1
    write(project, sql("CREATE TABLE a (x INTEGER)"), insert.format(2))
    ended = project.run("migrate")
    assert ended.code == 1
    assert "now it sends that with other values.\n" in ended.err
    assert reading.rows(project.url, "a") == [(1,)]


@pytest.mark.parametrize("words", [[], ["--backward"]], ids=["forward", "backward"])
def test_a_file_that_is_gone_says_the_ways_out(project: Project, words: list[str]) -> None:
    write(project, sql("CREATE TABLE a (x INTEGER)"), "1 / 0")
    assert project.run("migrate").code == 1
    (project.folder / f"{NAME}.py").unlink()
    assert project.run("migrate", *words).told == (
        1,
        "",
        f"error: {NAME} was interrupted, and its file is not in the migrations folder to finish "
        "it.\n"
        "  state: nothing was changed.\n"
        "  next:  put the file back (another branch, a backup), then run the command again; or "
        "settle it by hand and say `migrate --mark-applied` or `migrate --mark-pending`.\n",
    )
    assert project.run("migrate", "--mark-applied").code == 0


def test_back_from_where_it_stands(project: Project) -> None:
    write(project, sql("CREATE TABLE a (x INTEGER)"), "1 / 0", backward=sql("DROP TABLE a"))
    assert project.run("migrate").code == 1
    assert project.run("migrate", "--backward").told == (0, f"  reverted {NAME}  N s\n", "")
    assert reading.tables(project.url) == []
    assert "pending " in project.run("status").out
    write(project, sql("CREATE TABLE a (x INTEGER)"))
    assert project.run("migrate").told == (0, APPLIED, "")


def test_a_run_back_is_finished_and_no_more(project: Project) -> None:
    """Plain `migrate` goes on in the direction it went, and does not turn round."""
    text = write(project, sql("CREATE TABLE a (x INTEGER)"), backward=sql("DROP TABLE a"))
    assert project.run("migrate").code == 0
    backward = text.read_text(encoding="utf-8") + "    if not os.path.exists('ok'): 1 / 0\n"
    text.write_text(backward, encoding="utf-8")
    assert project.run("migrate", "--backward", "--accept-changed").code == 1
    assert reading.tables(project.url) == []
    project.write("ok", "")
    ended = project.run("migrate")
    assert ended.told == (
        0,
        f"  reverted {NAME}  N s\n",
        f"{NAME} was interrupted while it went backward; it goes on where it stood\n",
    )
    assert "pending " in project.run("status").out


def test_the_same_time_and_chance(project: Project) -> None:
    write(
        project,
        sql("CREATE TABLE a (x VARCHAR(200))"),
        "now, id = datetime.datetime.now(), uuid.uuid4()",
        "db.execute_sql(f\"INSERT INTO a VALUES ('{now} {id}')\")",
        "assert os.path.exists('ok')",
        "db.execute_sql(f\"INSERT INTO a VALUES ('{now} {id}')\")",
    )
    assert project.run("migrate").code == 1
    project.write("ok", "")
    assert project.run("migrate").told == (0, APPLIED, RESUMED)
    first, second = reading.rows(project.url, "a")
    assert first == second


def test_what_was_read_is_read_again_from_the_journal(project: Project) -> None:
    write(
        project,
        sql("CREATE TABLE a (x INTEGER)"),
        "count, = db.execute_sql('SELECT count(*) FROM a').fetchone()",
        "db.execute_sql(f'INSERT INTO a VALUES ({count})')",
        "assert os.path.exists('ok')",
        "db.execute_sql(f'INSERT INTO a VALUES ({count + 10})')",
    )
    assert project.run("migrate").code == 1
    project.write("ok", "")
    reading.execute(project.url, "INSERT INTO a VALUES (99)")
    assert project.run("migrate").told == (0, APPLIED, RESUMED)
    assert reading.rows(project.url, "a") == [(0,), (10,), (99,)]


def test_what_is_too_large_to_be_kept_must_read_the_same(project: Project) -> None:
    large = "SELECT {} FROM (SELECT 1 AS n UNION ALL SELECT 2) t"
    repeat = {"sqlite": "hex(zeroblob(3000000))"}.get(
        "sqlite" if project.url.startswith("sqlite") else "", "repeat('x', 6000000)"
    )
    read = sql(large.format(f"{repeat}, (SELECT count(*) FROM b)"))
    reading.execute(project.url, "CREATE TABLE b (x INTEGER)")
    write(
        project,
        f"assert len({read}.fetchall()) == 2",
        sql("CREATE TABLE a (x INTEGER)"),
        "assert os.path.exists('ok')",
    )
    assert project.run("migrate").code == 1
    project.write("ok", "")
    reading.execute(project.url, "INSERT INTO b VALUES (1)")
    ended = project.run("migrate")
    assert ended.code == 1
    assert (
        f"error: {NAME} was interrupted; what it read was not kept, and reads otherwise now: it "
        "was too large.\n"
    ) in ended.err
    assert "To change many rows, use backfill(): it goes on by itself after a kill.\n" in ended.err
    reading.execute(project.url, "DELETE FROM b")
    assert project.run("migrate").told == (0, APPLIED, RESUMED)


CHAINED = "ends a transaction AND CHAIN, and the next one is not open in a run that goes on."
TEMPORARY = "makes something temporary, which is gone if the run dies."
SEVERAL = (
    "sends several statements in one text, and not all of them can be in one transaction with the "
    "journal."
)
REFUSED = [
    ("mariadb", "LOCK TABLES a WRITE", "locks tables, which would keep the journal out."),
    ("mariadb", "XA START 'x'", "uses an XA transaction."),
    ("mariadb", "SET autocommit = 0", "sets autocommit."),
    ("mariadb", "/* c */ SET @a = 1, SESSION autocommit = 0", "sets autocommit."),
    ("mariadb", "COMMIT AND CHAIN", CHAINED),
    ("mariadb", "HANDLER a OPEN", "uses a handler of the connection, which is gone if the run dies."),
    ("mariadb", "CREATE TEMPORARY TABLE t (x INT)", TEMPORARY),
    ("mariadb", "/* c */ CREATE OR REPLACE TEMPORARY TABLE t (x INT)", TEMPORARY),
    ("sqlite", "CREATE TEMP TABLE t (x)", TEMPORARY),
    ("sqlite", "CREATE TABLE temp.hold AS SELECT 1 AS x", TEMPORARY),
    ("sqlite", "CREATE TEMP VIEW v AS SELECT 1", TEMPORARY),
    ("sqlite", "ATTACH ':memory:' AS m", "attaches a database that is no file, which is gone if the run dies."),
    ("sqlite", "SELECT last_insert_rowid()", "asks LAST_INSERT_ROWID() about a statement before it, and the journal sends its own in between."),
    ("postgresql", "CREATE TEMP TABLE t (x int)", TEMPORARY),
    ("postgresql", "SELECT 1 AS x INTO TEMP t", TEMPORARY),
    ("postgresql", "CREATE TABLE pg_temp.t (x int)", TEMPORARY),
    ("postgresql", "PREPARE p AS SELECT 1", "prepares a statement, which is gone if the run dies."),
    ("postgresql", "COMMIT AND CHAIN", CHAINED),
    ("postgresql", "SET lock_timeout = '2s'; SELECT 1", SEVERAL),
    ("postgresql", "BEGIN; CREATE TABLE t (x int); COMMIT", SEVERAL),
    ("postgresql", "CREATE TABLE t (x int); VACUUM", SEVERAL),
]  # fmt: skip


@pytest.mark.parametrize(("engine", "statement", "what"), REFUSED, indirect=["engine"])
def test_refused_beforehand(project: Project, engine: str, statement: str, what: str) -> None:
    write(project, sql(statement))
    ended = project.run("migrate")
    assert ended.err.startswith(f"error: {NAME} failed: The migration {what}\n")
    assert reading.history(project.url) == [(NAME, "forward", "failed")]


@pytest.mark.parametrize("second", ["BEGIN", "START TRANSACTION WITH CONSISTENT SNAPSHOT"])
def test_a_transaction_in_another(new_project: Callable[..., Project], second: str) -> None:
    """It would commit what the other one holds, and the journal would not know."""
    project = new_project("mariadb")
    reading.execute(project.url, "CREATE TABLE a (x INTEGER)")
    write(project, sql("BEGIN"), sql("INSERT INTO a VALUES (1)"), sql(second))
    ended = project.run("migrate")
    assert ended.err.startswith(
        f"error: {NAME} failed: The migration begins a transaction in another one, which that would "
        "commit.\n"
    )
    assert "  next:  send COMMIT first, or use `with db.atomic():`.\n" in ended.err
    assert reading.rows(project.url, "a") == []


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_what_is_refused_is_told(project: Project) -> None:
    write(project, sql("CREATE TABLE a (x INTEGER)"), sql("CREATE TEMP TABLE t (x INTEGER)"))
    ended = project.run("migrate")
    assert ended.err.startswith(f"error: {NAME} failed: The migration {TEMPORARY}\n")
    assert "  next:  make an ordinary one, and drop it at the end.\n" in ended.err
    assert reading.tables(project.url) == ["a"]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_in_one_transaction_nothing_is_refused(project: Project) -> None:
    """It dies as a whole, and begins anew as a whole."""
    temporary = ("CREATE TEMP TABLE t AS SELECT 1 AS x", "CREATE TABLE a AS SELECT x FROM t")
    project.migration(NAME, "\n".join(map(sql, temporary)))
    assert project.run("migrate").told == (0, APPLIED, "")
    assert reading.rows(project.url, "a") == [(1,)]


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
def test_what_looking_cannot_settle(project: Project, engine: str) -> None:
    """It is named before it runs; a run that dies in it makes the next one stop."""
    began = project.root / "began"
    procedure = "CREATE PROCEDURE slow() BEGIN INSERT INTO a VALUES (1); COMMIT; DO SLEEP(30); END"
    reading.execute(project.url, "CREATE TABLE a (x INTEGER)", procedure)
    write(project, f"open({str(began)!r}, 'w').close()", sql("CALL slow()"))
    running = project.start("migrate")
    assert running.line() == (
        "warning: if this run dies in the next statement, nobody can tell whether it took effect "
        "(the procedure slow may commit inside): CALL slow()\n"
    )
    wait_for(lambda: reading.rows(project.url, "a"))
    running.end(signal.SIGKILL)
    reading.execute(
        project.url,
        "SELECT concat('KILL ', id) FROM information_schema.processlist WHERE info LIKE '%SLEEP%'",
    )
    _end_of_sleep(project)
    ended = project.run("migrate")
    assert ended.code == 1
    assert ended.err.endswith(
        f"error: {NAME} was interrupted, and looking does not tell whether its last statement took "
        "effect: the procedure slow may commit inside.\n"
        "  where: CALL slow()\n"
        "  state: what came before it has been done; nothing was changed by this run.\n"
        f"  next:  {WAYS_OUT}\n"
    )
    status = json.loads(project.run("status", "--json").out)["migrations"][0]
    assert (status["state"], status["in_flight"]) == ("interrupted", "CALL slow()")
    assert project.run("migrate", "--mark-applied").code == 0
    assert project.run("status", "--check").code == 0


def _end_of_sleep(project: Project) -> None:
    found = reading.execute(
        project.url,
        "SELECT id FROM information_schema.processlist WHERE info LIKE '%SLEEP(30)%' "
        "AND id <> CONNECTION_ID() AND db = DATABASE()",
    )
    for (number,) in found:
        reading.execute(project.url, f"KILL {number}")
    wait_for(
        lambda: (
            not reading.execute(
                project.url,
                "SELECT id FROM information_schema.processlist WHERE info LIKE '%SLEEP(30)%' "
                "AND id <> CONNECTION_ID() AND db = DATABASE()",
            )
        )
    )


def test_where_it_stands(project: Project) -> None:
    write(project, sql("CREATE TABLE a (x INTEGER)"), sql("SELECT 1"), "1 / 0")
    assert project.run("migrate").code == 1
    found = json.loads(project.run("status", "--json").out)["migrations"][0]
    assert found["state"] == "interrupted"
    assert found["statements"] == ["CREATE TABLE a (x INTEGER)"]
    assert (found["in_flight"], found["resumable"]) == (None, True)
    assert project.run("status").err == (
        f"{NAME} was interrupted on its way forward: ZeroDivisionError: division by zero\n"
        "  CREATE TABLE a (x INTEGER)\n"
        "  `migrate` goes on from there, and `migrate --backward` goes back from there.\n"
        "  Or finish it by hand and say `migrate --mark-applied`, or undo it and "
        "`--mark-pending`.\n"
    )


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_another_run_in_between_makes_the_journals_table(project: Project) -> None:
    """Between two turns the lock is free there: what was seen before the first is old."""
    names = [f"2026010{number}_000000_m{number}" for number in (1, 2, 3)]
    for number, name in enumerate(names, 1):
        body = f"    {sql(f'CREATE TABLE t{number} (x INTEGER)')}\n"
        if number > 1:
            body += f"    {sql(f'INSERT INTO t{number} VALUES (1)')}\n"
        text = f"{HEAD}def migrate_forward():\n{body}\n\ndef migrate_backward():\n    pass\n"
        project.write(f"migrations/{name}.py", text)

    def between(event: object) -> None:
        if isinstance(event, Finished) and event.result.step.name == names[0]:
            assert reading.JOURNAL not in reading.all_tables(project.url)
            assert project.run("migrate", "--to", names[1], fresh=True).code == 0
            assert reading.JOURNAL in reading.all_tables(project.url)

    result = in_process(project).migrate(listener=between)
    assert [one.step.name for one in result.done] == [names[0], names[2]]
    assert [one.name for one in result.skipped] == [names[1]]
    assert reading.history(project.url) == [(name, "forward", "done") for name in names]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_another_run_in_between_finishes_what_was_interrupted(project: Project) -> None:
    """Who goes on with a record adds none: its being the newest still says nothing."""
    first = "20250101_000000_first"
    project.migration(first)
    fails = project.root / "fails"
    fails.touch()
    write(project, sql("CREATE TABLE a (x INTEGER)"), f"if os.path.exists({str(fails)!r}): 1 / 0")

    def between(event: object) -> None:
        if isinstance(event, Planned):
            assert project.run("migrate", fresh=True).code == 1
        if isinstance(event, Skipped) and event.step.name == first:
            fails.unlink()
            assert project.run("migrate", fresh=True).told == (0, APPLIED, RESUMED)

    result = in_process(project).migrate(listener=between)
    assert [one.name for one in result.skipped] == [first, NAME]
    assert reading.history(project.url) == [(first, "forward", "done"), (NAME, "forward", "done")]


HELD = """\
import pymysql
from migrations_config import db


def migrate_forward():
    other = pymysql.connect(database=db.database, **db.connect_params)
    other.cursor().execute('SELECT id FROM wheatear_history FOR UPDATE')
    db.execute_sql('SET SESSION innodb_lock_wait_timeout = 1')
    try:
        db.execute_sql({statement!r})
    except Exception:
        pass
    finally:
        other.close()
"""


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
@pytest.mark.parametrize(
    "statement", ["CREATE TABLE b (x INTEGER)", pytest.param("SELECT 1", marks=pytest.mark.long)]
)
def test_no_statement_is_blamed_for_what_the_history_does_not_take(
    project: Project, statement: str, engine: str
) -> None:
    """How the one before has ended is still to be written; the migration does not catch that."""
    project.migration(NAME, "db.execute_sql('CREATE TABLE a (x INTEGER)')")
    after = "20260103_000000_after"
    project.write(f"migrations/{after}.py", HELD.format(statement=statement))
    ended = project.run("migrate")
    assert (ended.code, ended.out) == (1, f"  applied {NAME}  N s\n")
    assert ended.err.startswith(f"error: {after} failed: Cannot write the history in mysql://")
    assert (
        ended.err.partition(": Lock wait timeout exceeded")[2]
        .partition("\n")[2]
        .startswith(
            f"  state: {after} had changed nothing yet.\n"
            f"         applied before it in this run, and staying so: {NAME}.\n"
            "  next:  run the command again"
        )
    )
    assert reading.history(project.url)[0] == (NAME, "forward", "done")
    assert reading.tables(project.url) == ["a"]


def test_interrupted_just_when_a_statement_is_committed(project: Project) -> None:
    """Python tells of Ctrl-C when the driver's COMMIT has returned: as if that had failed."""
    reading.execute(project.url, "CREATE TABLE a (x INTEGER)")
    project.migration(
        NAME,
        "import os, signal\n"
        "from pathlib import Path\n"
        "from wheatear.engines.journaling import Journaling\n"
        "db.execute_sql('SELECT 1')\n"
        "commit, once = Journaling.commit, Path(__file__).parent / 'once'\n"
        "def interrupted(self):\n"
        "    commit(self)\n"
        "    if not once.exists():\n"
        "        once.touch()\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "Journaling.commit = interrupted\n"
        "db.execute_sql('INSERT INTO a VALUES (1)')\n"
        "db.execute_sql('INSERT INTO a VALUES (2)')",
    )
    path = project.folder / f"{NAME}.py"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\natomic = False\n", encoding="utf-8")
    assert project.run("migrate").code == 130
    assert reading.history(project.url) == [(NAME, "forward", "interrupted")]
    assert project.run("migrate").code == 0
    assert reading.history(project.url) == [(NAME, "forward", "done")]
    assert reading.rows(project.url, "a") == [(1,), (2,)]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_commit_that_fails_and_leaves_its_transaction_open(project: Project, engine: str) -> None:
    """https://www.sqlite.org/foreignkeys.html#fk_deferred"""
    reading.execute(
        project.url,
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE c (p REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    project.migration(
        NAME,
        "db.execute_sql('PRAGMA foreign_keys = ON')\n"
        "db.execute_sql('BEGIN')\n"
        "db.execute_sql('INSERT INTO c VALUES (7)')\n"
        "try:\n"
        "    db.execute_sql('COMMIT')\n"
        "except IntegrityError:\n"
        "    db.execute_sql('INSERT INTO p VALUES (7)')\n"
        "db.execute_sql('COMMIT')",
    )
    path = project.folder / f"{NAME}.py"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\natomic = False\n", encoding="utf-8")
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert reading.rows(project.url, "c") == reading.rows(project.url, "p") == [(7,)]
    assert reading.history(project.url) == [(NAME, "forward", "done")]
