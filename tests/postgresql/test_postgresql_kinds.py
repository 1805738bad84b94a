"""What texts are to the journal, one statement or several, and which are refused."""

from __future__ import annotations

import pytest

from wheatear.engines.journaling import CHAINED, SEVERAL, TEMPORARY
from wheatear.engines.postgresql.kinds import kind_of, refusal_of
from wheatear.engines.postgresql.words import statements_of

KINDS = [
    ("SELECT 1", "read"),
    ("(SELECT 1) UNION (SELECT 2)", "read"),
    ("/* a /* b */ UPDATE */ SELECT 1", "read"),
    ("-- UPDATE\nSELECT 1;", "read"),
    ("WITH a AS (UPDATE t SET x = 1 RETURNING x) SELECT * FROM a", "read"),
    ("SELECT 1; SELECT 2", "read"),
    ("UPDATE t SET x = 1", "rows"),
    ("UPDATE t SET x = 1;", "rows"),
    ("UPDATE t SET x = 1;;\n ; -- the end; truly", "rows"),
    ("UPDATE t SET x = 1; SELECT 1", "rows"),
    ("UPDATE t SET x = 1; DROP TABLE t; INSERT INTO s VALUES ('COMMIT; BEGIN')", "rows"),
    ("SET a = 1", "setting"),
    ("SET a = 1; RESET b;", "setting"),
    ("SELECT set_config('a', 'b', false)", "setting"),
    ("SELECT pg_catalog.set_config('a', concat('b', current_setting('c')), false), setseed(1)", "setting"),
    ("SELECT 'set_config(1)'", "read"),
    ("SELECT pg_advisory_lock(%s)", "setting"),
    ("SELECT pg_advisory_xact_lock(1)", "read"),
    ("BEGIN", "begin"),
    ("START TRANSACTION;", "begin"),
    ("BEGIN; SET LOCAL lock_timeout = '2s'", "begin"),
    ("COMMIT; -- done", "commit"),
    ("END", "commit"),
    ("ROLLBACK", "rollback"),
    ("ABORT", "rollback"),
    ("ROLLBACK TO s", "inside"),
    ("/* c */ ROLLBACK /* d */ WORK TO SAVEPOINT s", "inside"),
    ("SAVEPOINT s", "inside"),
    ("DO $$ BEGIN UPDATE t SET x = 1; COMMIT; END $$", "rows"),
    ("DO $a$ BEGIN PERFORM 'x$$;'; END $a$; SELECT 1", "rows"),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true "
     "THEN 1 END; END; SELECT 1", "rows"),
    ("CREATE RULE r AS ON INSERT TO t DO ALSO (UPDATE s SET x = 1; NOTIFY x)", "rows"),
    ("INSERT INTO t VALUES (E'it\\'s; COMMIT; ')", "rows"),
    ("INSERT INTO t VALUES ('it''s; COMMIT; ', \"a;COMMIT\")", "rows"),
    ("INSERT INTO t VALUES (U&'\\0061; BEGIN')", "rows"),
    ("VACUUM; -- all", "rows"),
    ("", "rows"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "kind"), KINDS, ids=[sql for sql, _ in KINDS])
def test_kinds(sql: str, kind: str) -> None:
    assert kind_of(sql) == kind
    assert refusal_of(sql, inside=False) is None


MIXED = [
    "SET lock_timeout = '2s'; UPDATE player SET score = score + 100",
    "SELECT set_config('a', 'b', false); UPDATE player SET score = 1",
    "SELECT 1; SET a = 1",
    "BEGIN; UPDATE player SET score = 1; COMMIT",
    "BEGIN; SET lock_timeout = '2s'",
    "BEGIN; SET LOCAL lock_timeout = '2s'; UPDATE player SET score = 1",
    "UPDATE player SET score = 1; COMMIT",
    "SAVEPOINT a; UPDATE player SET score = 1",
    "UPDATE player SET score = 1; ROLLBACK TO a",
    "VACUUM; UPDATE player SET score = 1",
    "UPDATE player SET score = 1; CREATE UNIQUE INDEX CONCURRENTLY a ON player (score)",
    "CREATE INDEX CONCURRENTLY ON player (score); SELECT 1",
    "DROP INDEX CONCURRENTLY IF EXISTS a; SELECT 1",
    "REINDEX (VERBOSE) TABLE CONCURRENTLY player; SELECT 1",
    "REINDEX DATABASE x; SELECT 1",
    "ALTER TABLE a DETACH PARTITION b CONCURRENTLY; SELECT 1",
    "ALTER SYSTEM SET a = 1; SELECT 1",
    "CREATE DATABASE a; SELECT 1",
    "DROP TABLESPACE a; SELECT 1",
    "CLUSTER; SELECT 1",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; COMMIT",
    "DO $$ BEGIN END $$; SET a = 1",
    "INSERT INTO t VALUES ('a\\'); SET a = 1; --')",
]


@pytest.mark.parametrize("sql", MIXED)
def test_mixtures_are_refused(sql: str) -> None:
    assert refusal_of(sql, inside=False) == refusal_of(sql, inside=True) == SEVERAL


TEMPORARIES = [
    "CREATE TEMP TABLE a (x int)",
    "create temporary table a as select 1",
    "-- c\nCREATE /* d */ LOCAL TEMP TABLE IF NOT EXISTS a (x int)",
    "CREATE TEMPORARY SEQUENCE a",
    "CREATE OR REPLACE TEMP VIEW a AS SELECT 1",
    "CREATE TEMP RECURSIVE VIEW a (x) AS SELECT 1",
    "CREATE TABLE pg_temp.a (x int)",
    'CREATE TABLE IF NOT EXISTS "pg_temp"."a" AS SELECT 1',
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TYPE pg_temp_3.a AS (x int)",
    "SELECT 1 AS x INTO TEMP a",
    "SELECT x INTO LOCAL TEMPORARY TABLE a FROM t",
    "WITH b AS (SELECT 1 AS x) SELECT x INTO pg_temp.a FROM b",
    "SELECT 1 AS x INTO TABLE pg_temp.a",
    "EXPLAIN (ANALYZE) CREATE TEMP TABLE a AS SELECT 1",
    "UPDATE t SET x = 1; CREATE TEMP TABLE a (x int)",
    "SET search_path TO pg_temp, public",
    "DO $$ BEGIN CREATE TEMP TABLE a (x int); END $$",
    "DO LANGUAGE plpgsql $a$ BEGIN EXECUTE 'CREATE TEMPORARY TABLE a (x int)'; END $a$",
    "SELECT set_config('search_path', 'pg_temp', false)",
]


@pytest.mark.parametrize("sql", TEMPORARIES)
def test_what_is_temporary_is_refused(sql: str) -> None:
    assert refusal_of(sql, inside=False) == TEMPORARY


NOT_TEMPORARY = [
    "CREATE TABLE temp (x int)",
    "CREATE TABLE temporary.t (temp int)",
    "CREATE TABLE a (temp text DEFAULT 'CREATE TEMP TABLE')",
    "INSERT INTO temp VALUES (1)",
    "SELECT x INTO temp FROM t",
    "CREATE TABLE a AS SELECT temp FROM t -- TEMP",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = public, pg_temp AS 'SELECT 1'",
    "SET search_path = public, pg_temp",
    "DECLARE hold CURSOR FOR SELECT 1",
    "COMMIT AND NO CHAIN",
    "ROLLBACK TO chain",
    "DO $$ BEGIN CREATE TEMP TABLE a (x int) ON COMMIT DROP; END $$",
    "DO $$ BEGIN CREATE TEMP TABLE a (x int); UPDATE t SET x = 1; DROP TABLE a; END $$",
    "DO $$ BEGIN CREATE TABLE a (temp int); END $$",
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE a (x int); END $$",
]


@pytest.mark.parametrize("sql", NOT_TEMPORARY)
def test_what_is_only_called_so(sql: str) -> None:
    assert refusal_of(sql, inside=False) is None


REFUSED = [
    ("PREPARE TRANSACTION 'a'", "prepares a transaction for others to end."),
    ("/* c */ PREPARE TRANSACTION 'a'", "prepares a transaction for others to end."),
    ("COMMIT PREPARED 'a'", "ends a prepared transaction, which is no part of it."),
    ("/* c */ LOCK TABLE t", "locks a table outside of a transaction, where the lock ends at once."),
    ("PREPARE a AS SELECT 1", "prepares a statement, which is gone if the run dies."),
    ("DECLARE a CURSOR WITH HOLD FOR SELECT 1",
     "declares a cursor WITH HOLD, which is gone if the run dies."),
    ("END AND CHAIN", CHAINED.what),
    ("rollback work /* c */ and chain", CHAINED.what),
    ("SELECT set_config('a', max(x)::text, false) FROM t",
     "sets something of the connection in a statement that does more; such are sent again by a run that goes on."),
    ("WITH a AS (UPDATE t SET x = 1 RETURNING x) SELECT set_config('a', 'b', false)",
     "sets something of the connection in a statement that does more; such are sent again by a run that goes on."),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "what"), REFUSED)
def test_refused(sql: str, what: str) -> None:
    refusal = refusal_of(sql, inside=False)
    assert refusal is not None
    assert refusal.what == what


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (nextval('s'), currval('s'))",
        "INSERT INTO t (y) VALUES (1); INSERT INTO u VALUES (lastval())",
        "CREATE TABLE a (x int DEFAULT currval('s'))",
    ],
)
def test_a_sequence_that_is_moved_with_it(sql: str) -> None:
    assert refusal_of(sql, inside=False) is None


def test_in_a_transaction() -> None:
    assert refusal_of("LOCK t", inside=True) is None
    assert refusal_of("LOCK t; UPDATE t SET x = 1", inside=False) is None


def test_strings_where_a_backslash_escapes() -> None:
    sql = "INSERT INTO t VALUES ('a\\'; COMMIT; ')"
    assert len(statements_of(sql, escapes=True)) == 1
    assert refusal_of(sql, inside=False, escapes=True) is None
    assert kind_of(sql, escapes=True) == "rows"
