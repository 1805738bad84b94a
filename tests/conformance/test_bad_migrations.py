"""Migrations that fail, end the transaction or the connection, or cannot be reverted.

Where DDL is transactional nothing of them stays; elsewhere the message says exactly what does.
"""

from __future__ import annotations

import re
import textwrap

import pytest

from support import reading
from support.projects import Ended, Project

FIRST = "20260101_000000_add_a"
NEXT = "20260201_000000_next"
FILE = f"ROOT/migrations/{NEXT}.py"
CREATE = "CREATE TABLE b (id INTEGER)"
MEND = "mend the file and run the command again."
MEND_APPLIED = "mend the file and run the command again with --accept-changed."
BY_HAND = (
    "mend what failed, the file only from there on, and run the command again: it goes on behind "
    "what stays. Or go back from there with `migrate --backward`; or settle it by hand and say "
    "`migrate --mark-applied` or `migrate --mark-pending`."
)
LEAVE_OUT = (
    "leave it out: a migration runs in one transaction that commits with its record. For a part of "
    "it that may fail alone, `with db.atomic():` nests in it."
)
NO_CLOSE = "remove db.close(): the connection belongs to the run, which closes what it opened."

transactional = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


def fails(project: Project, engine: str, body: str, *words: str) -> Ended:
    """Run a migration that creates a table and fails; check what it leaves; return what was said."""
    project.tables("a")
    project.migration(NEXT, f"db.execute_sql('{CREATE}')\n{textwrap.dedent(body)}")
    ended = project.run(*(words or ("migrate",)))
    stays = engine == "mariadb"
    assert (ended.code, ended.out) == (1, f"  applied {FIRST}  N s\n")
    assert reading.tables(project.url) == (["a", "b"] if stays else ["a"])
    assert reading.history(project.url) == [
        (FIRST, "forward", "done"),
        (NEXT, "forward", "interrupted" if stays else "failed"),
    ]
    return ended


def told(engine: str, what: str, where: str, next: str) -> str:
    state = {
        True: f"{NEXT} is interrupted: each of its statements commits by itself, so this one "
        f"stays:\n         {CREATE}",
        False: f"{NEXT} was rolled back: nothing of it stays.",
    }[engine == "mariadb"]
    if engine == "mariadb":
        next = BY_HAND if next == MEND else f"{next}\n         {BY_HAND}"
    where = f"  where: {where}\n" if where else ""
    return (
        f"error: {NEXT} failed: {what}\n{where}  state: {state}\n"
        f"         applied before it in this run, and staying so: {FIRST}.\n  next:  {next}\n"
    )


def test_raises(project: Project, engine: str) -> None:
    """The frames are those of the user's file, each with its line."""
    project.write("game.py", "def rules(callback):\n    callback()\n")
    body = """
        import game

        def inner():
            raise ValueError('no such rule')

        game.rules(inner)
        """
    assert fails(project, engine, body).err == told(
        engine,
        "ValueError: no such rule",
        f"{FILE}:16 in migrate_forward()\n"
        "           game.rules(inner)\n"
        f"         {FILE}:14 in inner()\n"
        "           raise ValueError('no such rule')",
        MEND,
    )


def test_raises_with_a_number_that_the_server_has_for_something(
    project: Project, engine: str
) -> None:
    assert fails(project, engine, "{}[2013]").err == told(
        engine,
        "KeyError: 2013",
        f"{FILE}:10 in migrate_forward()\n           {{}}[2013]",
        MEND,
    )


def test_sends_what_the_database_refuses(project: Project, engine: str) -> None:
    sql = "INSERT INTO nowhere VALUES (1)"
    said = {
        "sqlite": "OperationalError: no such table: nowhere",
        "postgresql": 'ProgrammingError: relation "nowhere" does not exist',
        "mariadb": "ProgrammingError: Table 'DATABASE.nowhere' doesn't exist",
    }[engine]
    assert fails(project, engine, f"db.execute_sql('{sql}')").err == told(
        engine,
        said,
        f"{FILE}:10 in migrate_forward()\n           db.execute_sql('{sql}')\n"
        f"         statement: {sql}",
        MEND,
    )


@pytest.mark.parametrize("call", ["db.close()", "db.connection().close()"])
def test_closes_the_connection(project: Project, engine: str, call: str) -> None:
    assert fails(project, engine, call).err == told(
        engine,
        "The migration closes the connection.",
        f"{FILE}:10 in migrate_forward()\n           {call}",
        NO_CLOSE,
    )


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("db.commit()", "The migration sends COMMIT itself."),
        ("db.rollback()", "The migration sends ROLLBACK itself."),
        ("db.begin()", "The migration begins a transaction itself."),
        ("db.execute_sql('COMMIT')", "The migration sends COMMIT itself."),
        ("db.execute_sql('  -- done\\n commit')", "The migration sends COMMIT itself."),
        ("db.execute_sql('/* x */ End')", "The migration sends END itself."),
        ("db.execute_sql('ROLLBACK')", "The migration sends ROLLBACK itself."),
        ("db.execute_sql('BEGIN')", "The migration begins a transaction itself."),
        ("db.connection().commit()", "The migration sends COMMIT itself."),
        ("db.cursor().execute('COMMIT')", "The migration sends COMMIT itself."),
    ],
)
@transactional
def test_ends_its_transaction(project: Project, engine: str, call: str, what: str) -> None:
    assert fails(project, engine, call).err == told(
        engine, what, f"{FILE}:10 in migrate_forward()\n           {call}", LEAVE_OUT
    )


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("word", ["COMMIT", "END", "ROLLBACK", "ABORT"])
def test_hides_an_end_among_other_statements(project: Project, engine: str, word: str) -> None:
    call = f"db.execute_sql('CREATE TABLE c (id INTEGER); /* so */ {word}')"
    assert fails(project, engine, call).err == told(
        engine,
        f"The migration sends {word} itself.",
        f"{FILE}:10 in migrate_forward()\n           {call}",
        LEAVE_OUT,
    )


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_commit_inside_a_text_or_a_body_is_none(project: Project, engine: str) -> None:
    project.migration(
        NEXT,
        """
        db.execute_sql("CREATE TABLE b (note text DEFAULT 'x; COMMIT'); SELECT 1 -- ; COMMIT")
        db.execute_sql("CREATE PROCEDURE p() LANGUAGE plpgsql AS $body$ BEGIN "
                       "INSERT INTO b DEFAULT VALUES; COMMIT; END $body$")
        db.execute_sql("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END")
        """,
    )
    assert project.run("migrate").told == (0, f"  applied {NEXT}  N s\n", "")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_conflict_that_ends_the_transaction_ends_the_migration(
    project: Project, engine: str
) -> None:
    """After OR ROLLBACK each statement would commit by itself."""
    body = """
        db.execute_sql('CREATE UNIQUE INDEX i ON b (id)')
        db.execute_sql('INSERT INTO b VALUES (1)')
        try:
            db.execute_sql('INSERT OR ROLLBACK INTO b VALUES (1)')
        except IntegrityError:
            db.execute_sql('CREATE TABLE c (id INTEGER)')
        """
    assert fails(project, engine, body).err == told(
        engine,
        "The transaction has ended, rolled back by the statement before (OR ROLLBACK).",
        f"{FILE}:16 in migrate_forward()\n           db.execute_sql('CREATE TABLE c (id INTEGER)')\n"
        "         statement: INSERT OR ROLLBACK INTO b VALUES (1)",
        "use OR ABORT, or let the error end the migration.",
    )


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_script_does_not_commit(project: Project, engine: str) -> None:
    """sqlite3's own executescript() begins with a COMMIT."""
    fails(
        project,
        engine,
        "db.connection().executescript('CREATE TABLE c (id); CREATE TABLE d (id);')\n1 / 0",
    )
    call = "db.connection().executescript('CREATE TABLE c (id); COMMIT;')"
    project.migration(NEXT, call)
    assert "The migration sends COMMIT itself." in project.run("migrate").err


def test_catches_the_refusal(project: Project, engine: str) -> None:
    """What was refused was not done, so a migration that goes on is whole."""
    project.migration(
        NEXT,
        f"""
        db.execute_sql('{CREATE}')
        try:
            db.close()
        except Exception:
            pass
        db.execute_sql('INSERT INTO b VALUES (1)')
        """,
    )
    assert project.run("migrate").told == (0, f"  applied {NEXT}  N s\n", "")
    assert reading.rows(project.url, "b") == [(1,)]


def test_its_own_atomic_works(project: Project, engine: str) -> None:
    project.migration(
        NEXT,
        f"""
        db.execute_sql('{CREATE}')
        with db.atomic():
            db.execute_sql('INSERT INTO b VALUES (1)')
        try:
            with db.atomic():
                db.execute_sql('INSERT INTO b VALUES (2)')
                raise KeyError
        except KeyError:
            pass
        with db.atomic() as outer:
            db.execute_sql('INSERT INTO b VALUES (3)')
            with db.savepoint() as point:
                db.execute_sql('INSERT INTO b VALUES (4)')
                point.rollback()
        with db.transaction():
            db.execute_sql('INSERT INTO b VALUES (5)')
        """,
    )
    assert project.run("migrate").told == (0, f"  applied {NEXT}  N s\n", "")
    assert reading.rows(project.url, "b") == [(1,), (3,), (5,)]
    assert reading.history(project.url) == [(NEXT, "forward", "done")]


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
def test_what_it_rolled_back_itself_is_not_said_to_stay(project: Project, engine: str) -> None:
    project.migration(
        NEXT,
        f"""
        db.execute_sql('{CREATE}')
        try:
            with db.atomic():
                db.execute_sql('INSERT INTO b VALUES (1)')
                raise KeyError
        except KeyError:
            pass
        with db.atomic():
            db.execute_sql('INSERT INTO b VALUES (2)')
        with db.atomic():
            db.execute_sql('INSERT INTO b VALUES (3)')
            1 / 0
        """,
    )
    ended = project.run("migrate")
    assert ended.told == (
        1,
        "",
        f"error: {NEXT} failed: ZeroDivisionError: division by zero\n"
        f"  where: {FILE}:20 in migrate_forward()\n"
        "           1 / 0\n"
        f"  state: {NEXT} is interrupted: each of its statements commits by itself, so these 2 "
        "stay:\n"
        f"         {CREATE}\n"
        "         INSERT INTO b VALUES (2)\n"
        f"  next:  {BY_HAND}\n",
    )
    assert reading.rows(project.url, "b") == [(2,)]


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
def test_leaves_a_transaction_open(project: Project, engine: str) -> None:
    project.migration(
        NEXT,
        f"db.execute_sql('{CREATE}')\ndb.begin()\ndb.execute_sql('INSERT INTO b VALUES (1)')",
    )
    assert project.run("migrate").told == (
        1,
        "",
        f"error: {NEXT} failed: the migration left a transaction open, which was rolled back.\n"
        f"  state: {NEXT} is interrupted: each of its statements commits by itself, so this one "
        f"stays:\n         {CREATE}\n"
        f"  next:  use `with db.atomic():`, which ends what it begins.\n         {BY_HAND}\n",
    )
    assert reading.rows(project.url, "b") == []


def test_an_operation_that_migrate_was_not_given(project: Project) -> None:
    project.migration(
        FIRST,
        "db.execute_sql('CREATE TABLE a (x INTEGER)')\n"
        "migrator.add_column('a', 'y', IntegerField(null=True))\n"
        "made = [migrator.add_column('a', 'z', IntegerField(null=True))]\n"
        "migrate(*made)",
    )
    ended = project.run("migrate")
    assert (ended.code, ended.err) == (
        0,
        "warning: add_column('a', 'y', IntegerField(…)) did nothing, for migrate() was not given "
        f"it: ROOT/migrations/{FIRST}.py:10\n",
    )
    assert [*reading.columns(project.url, "a")] == ["x", "z"]


def test_what_it_makes_is_there_already(project: Project) -> None:
    """A database that is older than its history."""
    first, second = project.tables("a", "b")
    reading.execute(project.url, "CREATE TABLE a (id INTEGER PRIMARY KEY)")
    ended = project.run("migrate")
    assert ended.code == 1
    assert "or its history was lost, record that: `migrate --fake --to NAME`.\n" in ended.err
    assert project.run("migrate", "--fake", "--to", first).code == 0
    assert project.run("migrate").told == (0, f"  applied {second}  N s\n", "")
    project.migration("20260201_000000_again", f"db.execute_sql('{CREATE}')")
    assert "--fake" not in project.run("migrate").err


@pytest.mark.parametrize("begin", ["db.execute_sql('BEGIN')", "db.begin()"])
@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
def test_a_failure_in_a_transaction_of_its_own(project: Project, engine: str, begin: str) -> None:
    """What is rolled back does not stay."""
    body = f"{begin}\ndb.execute_sql('INSERT INTO a VALUES (7)')\nraise ValueError('no')"
    ended = fails(project, engine, body)
    assert f"so this one stays:\n         {CREATE}\n         applied before it" in ended.err
    assert (7,) not in reading.rows(project.url, "a")


def test_a_second_connection_is_refused(project: Project, engine: str) -> None:
    body = """
        import threading

        caught = []

        def work():
            try:
                db.execute_sql('INSERT INTO b VALUES (1)')
            except Exception as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        raise caught[0]
        """
    assert fails(project, engine, body).err == told(
        engine,
        "The migration opens a second connection to the database (from another thread?).",
        f"{FILE}:24 in migrate_forward()\n"
        "           raise caught[0]\n"
        f"         {FILE}:17 in work()\n"
        "           db.execute_sql('INSERT INTO b VALUES (1)')",
        "a migration has one connection: do all its work in migrate_forward() itself.",
    )


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_leaves_a_foreign_key_that_points_at_nothing(project: Project, engine: str) -> None:
    project.migration(
        FIRST,
        "db.execute_sql('CREATE TABLE a (id INTEGER PRIMARY KEY)')\n"
        "db.execute_sql('CREATE TABLE c (id INTEGER PRIMARY KEY, a_id REFERENCES a (id))')\n"
        "db.execute_sql('INSERT INTO c VALUES (1, 99)')\n",
    )
    ended = project.run("migrate")
    assert (ended.code, ended.out) == (1, "")
    assert "leaves 1 row(s) whose foreign key points at nothing: c row 1 -> a." in ended.err
    assert reading.tables(project.url) == []


def test_ends_the_program(project: Project, engine: str) -> None:
    """Whatever code it ends with: nothing has been applied, so it is no success."""
    assert fails(project, engine, "import sys\nsys.exit()").err == told(
        engine,
        "the migration ends the program (SystemExit).",
        "ROOT/migrations/20260201_000000_next.py:11 in migrate_forward()\n           sys.exit()",
        "raise an error instead, or return from the function.",
    )


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_of_what_calls_itself_some_frames_are_shown(project: Project, engine: str) -> None:
    body = """
        def deeper():
            deeper()

        deeper()
        """
    err = fails(project, engine, body).err
    assert err.count(f"{FILE}:12 in deeper()\n           deeper()\n") == 9
    assert re.search(
        rf"  where: {re.escape(FILE)}:14 in migrate_forward\(\)\n"
        r"           deeper\(\)\n(?:.*\n)+"
        r"         … and \d{3} calls more between these\n",
        err,
    )
    assert len(err.splitlines()) < 30


def test_a_wrong_name_in_an_operation(project: Project, engine: str) -> None:
    """Which name was meant is said with what happened, and what to do with what is next."""
    project.migration(
        FIRST, "db.execute_sql('CREATE TABLE player (id INTEGER PRIMARY KEY, score INTEGER)')"
    )
    project.migration(NEXT, "migrate(migrator.add_not_null('player', 'scor'))")
    ended = project.run("migrate")
    meant = {
        "sqlite": "table player has no column 'scor'; did you mean score?",
        "postgresql": 'There is no column "scor" in table "player"; did you mean "score"?',
        "mariadb": "Table 'player' has no column 'scor'; did you mean score?",
    }[engine]
    assert ended.err.partition("\n")[0] == (
        f"error: {NEXT} failed: add_not_null('player', 'scor'): {meant}"
    )
    assert ended.err.endswith("  next:  mend the file and run the command again.\n")


def test_raises_what_is_no_exception(project: Project, engine: str) -> None:
    project.tables("a")
    project.migration(NEXT, f"db.execute_sql('{CREATE}')\nraise GeneratorExit('no more')")
    state = told(engine, "", "", "").partition("  state: ")[2].partition("  next:")[0]
    assert project.run("migrate").told == (
        1,
        f"  applied {FIRST}  N s\n",
        "error: The command was ended by GeneratorExit: no more\n"
        f"  where: {FILE}:10\n"
        f"  state: {state}"
        "  next:  raise an Exception there, and run the command again.\n",
    )


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_goes_on_after_a_failed_statement(project: Project, engine: str) -> None:
    body = """
        try:
            db.execute_sql('INSERT INTO nowhere VALUES (1)')
        except Exception:
            pass
        """
    ended = fails(project, engine, body)
    assert "current transaction is aborted" in ended.err
    assert ended.err.endswith(
        "  next:  an earlier statement failed, and the migration went on: put what may fail into "
        "`with db.atomic():`, which takes back that part alone.\n"
    )


# Reverting


def test_nothing_to_revert(project: Project, engine: str) -> None:
    project.tables("a")
    assert project.run("migrate", "--backward").told == (
        1,
        "",
        "error: Nothing is applied, so there is nothing to revert.\n"
        "  state: nothing was changed.\n"
        "  next:  `status` shows where each migration stands.\n",
    )
    assert reading.history(project.url) == []


def test_without_migrate_backward(project: Project, engine: str) -> None:
    """Nor a record of what it made: said before anything runs, so the newer one stays too."""
    project.write(
        f"migrations/{FIRST}.py",
        "from migrations_config import db\n\n\ndef migrate_forward():\n"
        "    db.execute_sql('SELECT abs(1)')\n",
    )
    project.migration(NEXT, "db.execute_sql('CREATE TABLE c (id INTEGER)')", "1 / 0")
    project.run("migrate")
    before = reading.dump(project.url), reading.history(project.url)
    assert project.run("migrate", "--backward", "--steps", "2").told == (
        1,
        "",
        f"error: {FIRST} cannot be reverted: its file has no migrate_backward().\n"
        f"  where: ROOT/migrations/{FIRST}.py\n"
        "  state: nothing was changed.\n"
        "  next:  write `def migrate_backward():` that undoes migrate_forward(), then run the "
        "command again with --accept-changed; or go forward with a new migration instead.\n",
    )
    assert (reading.dump(project.url), reading.history(project.url)) == before


def test_fails_on_its_way_back(project: Project, engine: str) -> None:
    project.migration(NEXT, f"db.execute_sql('{CREATE}')", "db.execute_sql('DROP TABLE b')\n1 / 0")
    project.run("migrate")
    ended = project.run("migrate", "--backward")
    stays = engine == "mariadb"
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        f"error: {NEXT} failed: ZeroDivisionError: division by zero\n"
        f"  where: {FILE}:14 in migrate_backward()\n"
        "           1 / 0\n"
        f"  state: {NEXT} "
        + (
            "is interrupted: each of its statements commits by itself, so this one stays:\n"
            f"         DROP TABLE b\n  next:  {BY_HAND}\n"
            if stays
            else f"was rolled back: nothing of it stays.\n  next:  {MEND_APPLIED}\n"
        )
    )
    assert reading.tables(project.url) == ([] if stays else ["b"])
    assert reading.history(project.url) == [
        (NEXT, "forward", "done"),
        (NEXT, "backward", "interrupted" if stays else "failed"),
    ]


# What an interrupted run leaves on an engine that commits each statement by itself


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
@pytest.mark.parametrize("way", ["applied", "pending"])
def test_an_interrupted_migration_is_next_until_it_is_marked(
    project: Project, engine: str, way: str
) -> None:
    fails(project, engine, "1 / 0")
    project.migration("20260301_000000_last")
    before = reading.dump(project.url), reading.history(project.url)
    for words in ([], ["--to", NEXT], ["--steps", "1"]):
        ended = project.run("migrate", *words)
        assert ended.told == (
            1,
            "",
            f"{NEXT} was interrupted while it went forward; it goes on where it stood\n"
            f"error: {NEXT} failed: ZeroDivisionError: division by zero\n"
            f"  where: {FILE}:10 in migrate_forward()\n           1 / 0\n"
            f"  state: {NEXT} is interrupted: each of its statements commits by itself, so this "
            f"one stays:\n         {CREATE}\n  next:  {BY_HAND}\n",
        ), words
    assert project.run("migrate", "--fake").told == (
        1,
        "",
        f"error: {NEXT} was interrupted while it went forward, and has to be finished first.\n"
        "  state: nothing was changed by this run.\n"
        "  next:  run `migrate`, which finishes it; or settle it by hand and say "
        "`migrate --mark-applied` or `migrate --mark-pending`.\n",
    )
    assert (reading.dump(project.url), reading.history(project.url)) == before
    status = project.run("status")
    assert f"interrupted  {NEXT}\n" in status.out
    assert status.err == (
        f"{NEXT} was interrupted on its way forward: ZeroDivisionError: division by zero\n"
        f"  {CREATE}\n"
        "  `migrate` goes on from there, and `migrate --backward` goes back from there.\n"
        "  Or finish it by hand and say `migrate --mark-applied`, or undo it and `--mark-pending`.\n"
    )
    assert project.run("status", "--check").code == 1
    if way == "pending":
        reading.execute(project.url, "DROP TABLE b")
        project.migration(NEXT)
    assert project.run("migrate", f"--mark-{way}").told == (
        0, "", f"marked {NEXT} as {way}\n",
    )  # fmt: skip
    again = [NEXT] if way == "pending" else []
    assert project.run("migrate").told == (
        0,
        "".join(f"  applied {name}  N s\n" for name in [*again, "20260301_000000_last"]),
        "",
    )
    assert project.run("status", "--check").code == 0


def test_there_is_nothing_to_mark(project: Project, engine: str) -> None:
    project.tables("a")
    project.run("migrate")
    for way in ("applied", "pending"):
        assert project.run("migrate", f"--mark-{way}").told == (
            1,
            "",
            "error: No migration is interrupted, so there is nothing to mark.\n"
            "  state: nothing was changed.\n"
            "  next:  `status` shows where each migration stands.\n",
        )
    assert reading.history(project.url) == [(FIRST, "forward", "done")]
