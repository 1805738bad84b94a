"""What a migration may send, and what of it lasts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.raising import raises
from wheatear.capture import Log, Rules, Statement, first_word, split_script, watched
from wheatear.errors import MigrationFailedError

ALLOWED = frozenset({"total_changes", "in_transaction"})


@pytest.fixture
def db() -> Iterator[Any]:
    """An open database in memory, inside a transaction."""
    database = peewee.SqliteDatabase(":memory:")
    database.connect()
    database.execute_sql("CREATE TABLE t (x UNIQUE)")
    database.execute_sql("BEGIN")
    yield database
    database.close()


def rules(**more: Any) -> Rules:
    return Rules(ALLOWED, transactional=True, **more)


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("select 1", "SELECT"),
        ("  \n\tCommit", "COMMIT"),
        ("-- all\n/* of\nit */ ; drop table x", "DROP"),
        ("--only a comment", ""),
        ("", ""),
        ("(SELECT 1)", ""),
    ],
)
def test_first_word(sql: str, word: str) -> None:
    assert first_word(sql) == word


def test_every_way_is_logged(db: Any) -> None:
    with watched(db, rules()) as log:
        db.execute_sql("INSERT INTO t VALUES (1)")
        db.cursor().execute("INSERT INTO t VALUES (2)")
        db.connection().execute("INSERT INTO t VALUES (3)")
        db.connection().executemany("INSERT INTO t VALUES (?)", [(4,), (5,)])
        db.connection().executescript("INSERT INTO t VALUES (6); INSERT INTO t VALUES (7)")
        with db.savepoint():
            db.execute_sql("INSERT INTO t VALUES (8)")
        assert [row[0] for row in db.connection().execute("SELECT x FROM t")] == [*range(1, 9)]
        assert db.connection().total_changes == 8
    words = [one.word for one in log.statements]
    assert words.count("INSERT") == 7
    assert "SAVEPOINT" in words
    assert all(one.seconds is not None for one in log.statements)
    db.execute_sql("SELECT 1")
    assert len(log.statements) == len(words)  # nothing is watched any more


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT", " commit;", "END", "END TRANSACTION", "ROLLBACK", "ROLLBACK TRANSACTION", "BEGIN",
        "BEGIN IMMEDIATE", "START TRANSACTION", "ABORT", "/* a */ COMMIT", "-- a\nCOMMIT",
        "PREPARE TRANSACTION 'x'", "SELECT 1; COMMIT", "SELECT 1;commit", "SELECT 1; -- a\n END",
        "CREATE TABLE y (x); COMMIT", "DO $$ BEGIN END $$; ROLLBACK", "SELECT ';'; COMMIT",
        "SELECT $a$ ; $b$ $a$; COMMIT", "SELECT E'\\''; COMMIT",
    ],
)  # fmt: skip
def test_what_ends_the_transaction_is_refused_before_it_is_sent(db: Any, sql: str) -> None:
    with watched(db, rules()) as log, raises(MigrationFailedError):
        db.execute_sql(sql)
    assert log.statements == []
    assert db.connection().in_transaction


@pytest.mark.parametrize(
    "sql",
    [
        "ROLLBACK TO a", "ROLLBACK TRANSACTION TO SAVEPOINT a", "SAVEPOINT a", "RELEASE a",
        "PREPARE x AS SELECT 1", "SELECT '; COMMIT'", 'SELECT "; COMMIT"', "SELECT 1 -- ; COMMIT",
        "SELECT 1 /* ; COMMIT */", "SELECT $x$; COMMIT $x$", "SELECT $$; COMMIT $$",
        "SELECT 1; ROLLBACK TO a", "SELECT E'\\'; COMMIT'", "SELECT 'it''s; COMMIT'",
        "CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "CREATE TABLE commit_log (x); CREATE TABLE ends (x)",
    ],
)  # fmt: skip
def test_what_only_looks_so_is_sent(db: Any, sql: str) -> None:
    # SQLite does not know all of them, and before Python 3.11 says of two at once that by a Warning.
    with watched(db, rules()) as log, suppress(peewee.PeeweeException, sqlite3.Warning):
        db.execute_sql(sql)
    assert [one.sql for one in log.statements] == [sql]


def test_the_driver_s_side_doors_are_closed(db: Any) -> None:
    with watched(db, rules()):
        conn = db.connection()
        for name in ("commit", "rollback", "close"):
            with raises(MigrationFailedError):
                getattr(conn, name)()
        for name in ("backup", "iterdump", "blobopen", "isolation_level"):
            with raises(MigrationFailedError):
                getattr(conn, name)
        with raises(MigrationFailedError):
            conn.isolation_level = "DEFERRED"
        with raises(MigrationFailedError):
            db.close()
        with raises(MigrationFailedError):
            db._connect()
    assert isinstance(db.connection(), sqlite3.Connection)
    assert not {"close", "_connect"} & set(vars(db))


def test_a_failed_statement_is_the_last_of_the_log(db: Any) -> None:
    with watched(db, rules()) as log, pytest.raises(peewee.OperationalError):
        db.execute_sql("INSERT INTO nowhere VALUES (1)")
    assert log.last is not None
    assert (log.last.sql, log.last.failed) == ("INSERT INTO nowhere VALUES (1)", True)


def test_a_conflict_that_rolls_back_ends_it(db: Any) -> None:
    with watched(db, rules()):
        db.execute_sql("INSERT INTO t VALUES (1)")
        with pytest.raises(peewee.IntegrityError):
            db.execute_sql("INSERT OR ROLLBACK INTO t VALUES (1)")
        with raises(MigrationFailedError):
            db.execute_sql("INSERT INTO t VALUES (2)")


def _log(*statements: str) -> Log:
    return Log([Statement(sql, 0.0) for sql in statements])


def test_what_lasts_where_each_statement_commits() -> None:
    log = _log("SET x = 1", "CREATE TABLE a (x)", "SELECT 1", "BEGIN", "INSERT 1", "INSERT 2")
    assert [one.sql for one in log.lasting()] == ["CREATE TABLE a (x)", "INSERT 1", "INSERT 2"]
    log.rolled_back(3)
    assert [one.sql for one in log.lasting()] == ["CREATE TABLE a (x)"]


def test_ddl_in_a_transaction_commits_what_was_before_it() -> None:
    log = _log("BEGIN", "INSERT 1", "ALTER TABLE a ADD y int", "INSERT 2")
    log.rolled_back(0)
    assert [one.sql for one in log.lasting()] == ["INSERT 1", "ALTER TABLE a ADD y int"]
    log = _log("BEGIN", "INSERT 1", "ALTER TABLE a ADD y int", "INSERT 2")
    log.ddl_commits = False  # but not on SQLite and PostgreSQL
    log.rolled_back(0)
    assert log.lasting() == []


SCRIPT = """
-- a comment; with a semicolon
CREATE TABLE a (x DEFAULT ';');
CREATE TRIGGER b AFTER INSERT ON a BEGIN
    UPDATE a SET x = 1; DELETE FROM a;
END;
;
INSERT INTO a VALUES ('it''s; so')
"""


def test_split_script() -> None:
    create, trigger, insert = split_script(SCRIPT)
    assert create.endswith("CREATE TABLE a (x DEFAULT ';');")
    assert trigger.startswith("CREATE TRIGGER b")
    assert trigger.endswith("END;")
    assert insert == "INSERT INTO a VALUES ('it''s; so')"
    assert split_script("") == split_script(" ; -- nothing\n;") == []


PIECES = ["SELECT 1", "SELECT ';'", "SELECT 1 -- ;\n+ 1", "SELECT [;]", "SELECT /* ; */ 1"]


@given(st.lists(st.sampled_from(PIECES)))
def test_a_script_is_its_statements(statements: list[str]) -> None:
    found = split_script(";\n".join(statements))
    assert [one.removesuffix(";") for one in found] == statements


@given(st.text(alphabet="ab;'\"\n[]() "))
def test_splitting_loses_nothing_that_is_sql(script: str) -> None:
    found = "".join(split_script(script))
    assert re.sub(r"[\s;]", "", found) == re.sub(r"[\s;]", "", script)
