"""What texts are to the journal, one statement or several, and which are refused."""

from __future__ import annotations

import pytest

from wheatear.engines.journaling import SEVERAL, TEMPORARY, Refusal
from wheatear.engines.sqlite.kinds import kind_of, refusal_of

TRIGGER = "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = CASE WHEN 1 THEN 2 END; SELECT 1; END"
KINDS = [
    ("SELECT 1", "read"),
    ("/* c */ -- d\nVALUES (1);", "read"),
    ("WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a", "rows"),
    ("INSERT INTO a VALUES ('x; COMMIT')", "rows"),
    ("PRAGMA foreign_keys = 0", "setting"),
    ("/* c */ PRAGMA main.foreign_keys(0)", "setting"),
    ("PRAGMA foreign_keys", "read"),
    ("PRAGMA user_version = 3", "rows"),
    ("PRAGMA journal_mode = wal", "alone"),
    ("VACUUM", "alone"),
    ("ATTACH 'x.db' AS x", "setting"),
    ("BEGIN IMMEDIATE", "begin"),
    ("COMMIT; -- done", "commit"),
    ("ROLLBACK", "rollback"),
    ("ROLLBACK TRANSACTION TO SAVEPOINT a", "inside"),
    ("SAVEPOINT a", "inside"),
    ("UPDATE a SET x = 1; SELECT 1", "rows"),
    ("PRAGMA foreign_keys = 0; PRAGMA cache_size = 10", "setting"),
    (TRIGGER, "rows"),
    (f"{TRIGGER};", "rows"),
    (f"{TRIGGER}; INSERT INTO a VALUES (1)", "rows"),
    ("", "rows"),
]


@pytest.mark.parametrize(("sql", "kind"), KINDS, ids=[sql for sql, _ in KINDS])
def test_kinds(sql: str, kind: str) -> None:
    assert kind_of(sql) == kind
    assert refused(sql) is None


MIXED = [
    "PRAGMA foreign_keys = 0; UPDATE a SET x = 1",
    "BEGIN; UPDATE a SET x = 1; COMMIT",
    "UPDATE a SET x = 1; COMMIT",
    "VACUUM; SELECT 1",
    f"{TRIGGER}; COMMIT",
    "UPDATE a SET x = 1; ATTACH 'x.db' AS x",
]


@pytest.mark.parametrize("sql", MIXED)
def test_mixtures_are_refused(sql: str) -> None:
    assert refused(sql) == SEVERAL


TEMPORARIES = [
    "CREATE TEMP TABLE a (x)",
    "/* c */ create /* d */ temporary table a as select 1",
    "CREATE TEMP VIEW a AS SELECT 1",
    "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END",
    "CREATE TABLE temp.a AS SELECT 1",
    'CREATE TABLE IF NOT EXISTS "Temp"."a" (x)',
    "CREATE TABLE [temp].a (x)",
    "CREATE VIRTUAL TABLE temp.a USING fts5(x)",
    "CREATE UNIQUE INDEX temp.i ON a (x)",
    "CREATE TABLE m.a (x)",
    "UPDATE a SET x = 1; CREATE TEMP TABLE b (x)",
]


@pytest.mark.parametrize("sql", TEMPORARIES)
def test_what_is_temporary_is_refused(sql: str) -> None:
    assert refused(sql) == TEMPORARY


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE temp (x)",
        "CREATE TABLE main.temp (x)",
        "CREATE TABLE f.a (x)",
        "CREATE TABLE a (temp TEXT DEFAULT 'CREATE TEMP TABLE temp.a')",
        "INSERT INTO temp VALUES (1)",
        "CREATE VIEW a AS SELECT temp.x FROM temp",
        "ATTACH 'temp.db' AS t",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = last_insert_rowid(); END",
        "SELECT changes FROM a",
    ],
)
def test_what_is_only_called_so(sql: str) -> None:
    assert refused(sql) is None


REFUSED = [
    ("ATTACH ':memory:' AS m", "attaches a database that is no file, which is gone if the run dies."),
    ("ATTACH DATABASE '' AS m", "attaches a database that is no file, which is gone if the run dies."),
    ("ATTACH 'file:x?mode=memory' AS m", "attaches a database that is no file, which is gone if the run dies."),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "what"), REFUSED)
def test_refused(sql: str, what: str) -> None:
    refusal = refused(sql)
    assert refusal is not None
    assert refusal.what == what


def refused(sql: str) -> Refusal | None:
    """With a database in memory attached as `m`, and a file as `f`."""
    return refusal_of(sql, in_memory=lambda schema: schema in {"temp", "m"})
