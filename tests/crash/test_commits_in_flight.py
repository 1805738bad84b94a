"""PostgreSQL: what a killed runner has sent last is still at work on the server, and will commit.

The lock is held by a connection beside it, which the server closes at once. So the next runner may
come while the dead one's statement is under way: it has to wait for that, or it would do it twice.
Here triggers keep such a statement at work until the test lets it go on.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing

import pytest

from support import reading
from support.projects import Project, wait_for

pytestmark = [
    pytest.mark.parametrize("engine", ["postgresql"], indirect=True),
    pytest.mark.long,
]

NAME = "20260101_000000_m"
GATE = 42
WAITS = f"pg_advisory_xact_lock_shared({GATE})"
FUNCTION = (
    f"BEGIN PERFORM {WAITS} WHERE {{when}}; RETURN {{value}}; END",
    "CREATE FUNCTION gate() RETURNS {kind} LANGUAGE plpgsql AS '{body}'",
)


class Gate:
    """What waits there goes on when it is opened."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = reading.connection(url)
        self._connection.execute(f"SELECT pg_advisory_lock({GATE})")

    def at_commit_to(self, table: str) -> None:
        """A deferred trigger's function runs in the COMMIT."""
        reading.execute(
            self._url,
            _function("trigger", "true", "NULL"),
            f"CREATE CONSTRAINT TRIGGER gate AFTER INSERT OR UPDATE ON {table} "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gate()",
        )

    def at_creation_of(self, table: str) -> None:
        one = (
            "EXISTS (SELECT 1 FROM pg_event_trigger_ddl_commands() "
            f"WHERE object_identity = ''public.{table}'')"
        )
        reading.execute(
            self._url,
            _function("event_trigger", one, ""),
            "CREATE EVENT TRIGGER gate ON ddl_command_end WHEN TAG IN ('CREATE TABLE') "
            "EXECUTE FUNCTION gate()",
        )

    def waiting(self) -> int:
        rows = reading.execute(
            self._url,
            f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {GATE} "
            "AND NOT granted AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        return int(rows[0][0])

    def open(self) -> None:
        self._connection.close()


def _function(kind: str, when: str, value: str) -> str:
    body, creation = FUNCTION
    return creation.format(kind=kind, body=body.format(when=when, value=value))


@pytest.fixture
def gate(project: Project) -> Iterator[Gate]:
    reading.execute(project.url, "CREATE TABLE log (x INTEGER)")
    with closing(reading.connection(project.url)):
        made = Gate(project.url)
        yield made
        made.open()


def _migration(project: Project, *lines: str, atomic: bool = False) -> None:
    body = "".join(f"    {line}\n" for line in lines)
    project.write(
        f"migrations/{NAME}.py",
        "from peewee import *\nfrom wheatear import backfill\nfrom migrations_config import db\n\n"
        f"atomic = {atomic}\n\n\ndef migrate_forward():\n{body}\n\n"
        "def migrate_backward():\n    pass\n",
    )


def _killed_at(gate: Gate, project: Project) -> None:
    """A run is killed while its statement waits at the gate."""
    run = project.fork("migrate")
    wait_for(gate.waiting)
    run.kill()
    assert run.end()[0] == -signal.SIGKILL


def _next_run(gate: Gate, project: Project, *more: str, waits_for: str = "a run that died") -> None:
    """The next run comes, and has to wait; then the gate is opened."""
    run = project.fork("migrate", *more)
    wait_for(lambda: run.said() or gate.waiting() > 1)
    gate.open()
    ended = project.ended(*run.end())
    assert ended.code == 0, ended.err
    assert f"waited N s for {waits_for}" in ended.err


def _history(project: Project) -> list[tuple[str, str]]:
    return [(name, outcome) for name, _, outcome in reading.history(project.url)]


def test_a_statement_whose_entry_is_in_the_journal(project: Project, gate: Gate) -> None:
    """The first entry is in the record, the second and further ones in the table beside it."""
    _migration(
        project,
        "db.execute_sql('CREATE TABLE one (x INTEGER)')",
        "db.execute_sql('INSERT INTO log VALUES (1)')",
    )
    gate.at_commit_to("log")
    _killed_at(gate, project)
    _next_run(gate, project)
    assert reading.rows(project.url, "log") == [(1,)]
    assert _history(project) == [(NAME, "done")]


def test_a_statement_whose_entry_is_in_the_record(project: Project, gate: Gate) -> None:
    _migration(project, "db.execute_sql('INSERT INTO log VALUES (1)')")
    gate.at_commit_to("log")
    _killed_at(gate, project)
    _next_run(gate, project)
    assert reading.rows(project.url, "log") == [(1,)]
    assert _history(project) == [(NAME, "done")]


def test_what_is_marked_by_hand(project: Project, gate: Gate) -> None:
    """In a transaction of its own, under the lock alone."""
    _migration(project, "db.execute_sql('INSERT INTO log VALUES (1)')")
    gate.at_commit_to("log")
    _killed_at(gate, project)
    _next_run(gate, project, "--mark-applied", waits_for="another run of migrations")
    assert reading.rows(project.url, "log") == [(1,)]
    assert _history(project) == [(NAME, "running"), (NAME, "marked")]


def test_a_transaction_of_the_migrations_own(project: Project, gate: Gate) -> None:
    _migration(
        project,
        "db.execute_sql('CREATE TABLE one (x INTEGER)')",
        "with db.atomic():",
        "    db.execute_sql('INSERT INTO log VALUES (1)')",
        "    db.execute_sql('INSERT INTO log VALUES (2)')",
    )
    gate.at_commit_to("log")
    _killed_at(gate, project)
    _next_run(gate, project)
    assert reading.rows(project.url, "log") == [(1,), (2,)]
    assert _history(project) == [(NAME, "done")]


@pytest.mark.parametrize("table", [reading.HISTORY, reading.JOURNAL])
def test_a_table_of_our_own_that_is_made(project: Project, gate: Gate, table: str) -> None:
    _migration(
        project,
        "db.execute_sql('CREATE TABLE one (x INTEGER)')",
        "db.execute_sql('INSERT INTO log VALUES (1)')",
    )
    gate.at_creation_of(table)
    _killed_at(gate, project)
    _next_run(gate, project)
    assert reading.rows(project.url, "log") == [(1,)]
    assert _history(project) == [(NAME, "done")]


def test_the_end_of_a_record(project: Project, gate: Gate) -> None:
    _migration(project, "db.execute_sql('INSERT INTO log VALUES (1)')")
    _make_the_history(project)
    reading.execute(
        project.url,
        _function("trigger", "NEW.outcome = ''done''", "NEW"),
        f"CREATE TRIGGER gate BEFORE UPDATE ON {reading.HISTORY} FOR EACH ROW "
        "EXECUTE FUNCTION gate()",
    )
    _killed_at(gate, project)
    _next_run(gate, project)
    assert reading.rows(project.url, "log") == [(1,)]
    assert _history(project) == [(NAME, "done")]


def test_the_record_of_what_changed_nothing(project: Project, gate: Gate) -> None:
    """Its one write is the record itself."""
    _migration(project, "db.execute_sql('SELECT 1')")
    _make_the_history(project)
    reading.execute(
        project.url,
        _function("trigger", "true", "NEW"),
        f"CREATE TRIGGER gate BEFORE INSERT ON {reading.HISTORY} FOR EACH ROW "
        "EXECUTE FUNCTION gate()",
    )
    _killed_at(gate, project)
    _next_run(gate, project)
    assert _history(project) == [(NAME, "done")]


def test_the_intent_of_a_statement_that_commits_by_itself(project: Project, gate: Gate) -> None:
    _migration(project, "db.execute_sql('CREATE INDEX CONCURRENTLY by_x ON log (x)')")
    _make_the_history(project)
    reading.execute(
        project.url,
        _function("trigger", "true", "NEW"),
        f"CREATE TRIGGER gate BEFORE INSERT ON {reading.HISTORY} FOR EACH ROW "
        "EXECUTE FUNCTION gate()",
    )
    _killed_at(gate, project)
    _next_run(gate, project)
    assert reading.indexes(project.url, "log") == {"by_x": (("x",), False)}
    assert _history(project) == [(NAME, "done")]


@pytest.mark.parametrize("change", ["{Row.x: Row.x + 1}", "lambda row: {'x': row.x + 1}"])
def test_a_batch_of_a_backfill(project: Project, gate: Gate, change: str) -> None:
    """Each row is changed once."""
    reading.execute(
        project.url,
        "CREATE TABLE row_ (id INTEGER PRIMARY KEY, x INTEGER)",
        "INSERT INTO row_ SELECT n, 0 FROM generate_series(1, 9) n",
    )
    _migration(
        project,
        "class Row(Model):",
        "    x = IntegerField()",
        "    class Meta:",
        "        database, table_name = db, 'row_'",
        f"backfill(Row, {change}, batch=4)",
    )
    gate.at_commit_to("row_")
    _killed_at(gate, project)
    _next_run(gate, project)
    assert reading.rows(project.url, "row_") == [(number, 1) for number in range(1, 10)]
    assert _history(project) == [(NAME, "done")]


def test_the_table_of_a_backfill_that_is_made(project: Project, gate: Gate) -> None:
    reading.execute(
        project.url,
        "CREATE TABLE row_ (id INTEGER PRIMARY KEY, x INTEGER)",
        "INSERT INTO row_ VALUES (1, 0)",
    )
    _migration(
        project,
        "class Row(Model):",
        "    x = IntegerField()",
        "    class Meta:",
        "        database, table_name = db, 'row_'",
        "backfill(Row, {Row.x: Row.x + 1})",
    )
    gate.at_creation_of("wheatear_backfill")
    _killed_at(gate, project)
    _next_run(gate, project)
    assert reading.rows(project.url, "row_") == [(1, 1)]
    assert _history(project) == [(NAME, "done")]


def _make_the_history(project: Project) -> None:
    """By a run of nothing but an earlier migration, whose record is forgotten."""
    project.write(
        "migrations/20250101_000000_earlier.py",
        "def migrate_forward():\n    pass\n\n\ndef migrate_backward():\n    pass\n",
    )
    assert project.run("migrate", "--to", "20250101").code == 0
    reading.execute(project.url, f"DELETE FROM {reading.HISTORY}")
    (project.folder / "20250101_000000_earlier.py").unlink()
