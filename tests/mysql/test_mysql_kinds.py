"""What texts are to the journal, one statement or several, and which are refused."""

from __future__ import annotations

import pytest

from wheatear.engines.journaling import CHAINED, TEMPORARY
from wheatear.engines.mysql.kinds import kind_of, refusal_of
from wheatear.engines.mysql.several import statements_of

KINDS = [
    ("SELECT 1", "read"),
    ("# c\nUPDATE a SET x = 1", "rows"),
    ("CREATE TABLE a (x INT)", "alone"),
    ("SET sql_mode = ''", "setting"),
    ("/* c */ SET STATEMENT max_statement_time = 1 FOR UPDATE a SET x = 1", "rows"),
    ("/* c */ ROLLBACK TO a", "inside"),
    ("BEGIN", "begin"),
    ("BEGIN NOT ATOMIC UPDATE a SET x = 1; END", "alone"),
    ("SELECT GET_LOCK('a', 1)", "setting"),
    ("DO RELEASE_LOCK('a')", "setting"),
    ("SELECT 'GET_LOCK(1)'", "read"),
    ("SELECT GET_LOCK(name, 1) FROM a", "read"),
]


@pytest.mark.parametrize(("sql", "kind"), KINDS)
def test_kinds(sql: str, kind: str) -> None:
    assert kind_of(sql) == kind
    assert refusal_of(sql) is None


TEMPORARIES = [
    "CREATE TEMPORARY TABLE a (x INT)",
    "/* c */ create /* d */ temporary table a (x INT)",
    "-- c\n# d\nCREATE OR REPLACE TEMPORARY TABLE a SELECT 1",
    "CREATE /*!32302 TEMPORARY */ TABLE a (x INT)",
    "CREATE /*M!100103 OR REPLACE */ TEMPORARY SEQUENCE a",
    "SET STATEMENT max_statement_time = 1 FOR CREATE TEMPORARY TABLE a (x INT)",
]


@pytest.mark.parametrize("sql", TEMPORARIES)
def test_what_is_temporary_is_refused(sql: str) -> None:
    assert refusal_of(sql) == TEMPORARY


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE `temporary` (x INT)",
        "CREATE TABLE a (temporary INT) COMMENT 'CREATE TEMPORARY TABLE'",
        "SELECT 1 /* CREATE TEMPORARY */",
        "SET @autocommit = 0",
        "COMMIT AND NO CHAIN NO RELEASE",
        "ROLLBACK TO chain",
    ],
)
def test_what_is_only_called_so(sql: str) -> None:
    assert refusal_of(sql) is None


REFUSED = [
    ("SET autocommit=0", "sets autocommit."),
    ("SET @@session.autocommit := 0", "sets autocommit."),
    ("/* c */ SET x = 1, LOCAL autocommit = 1", "sets autocommit."),
    ("SET @@completion_type = 'CHAIN'", "sets completion_type."),
    ("COMMIT AND CHAIN", CHAINED.what),
    ("/* c */ rollback work and /*! chain */ no release", CHAINED.what),
    ("COMMIT AND NO CHAIN RELEASE", "ends its connection with a transaction."),
]


@pytest.mark.parametrize(("sql", "what"), REFUSED)
def test_refused(sql: str, what: str) -> None:
    refusal = refusal_of(sql)
    assert refusal is not None
    assert refusal.what == what


PROCEDURE = (
    "CREATE DEFINER = `a`@`b` PROCEDURE p() BEGIN IF 1 THEN SELECT ';'; END IF; "
    "CASE WHEN 1 THEN SELECT CASE 1 WHEN 1 THEN 2 END; END CASE; WHILE 0 DO SELECT 1; END WHILE; END"
)
COUNTS = [
    ("SELECT 1", 1),
    ("SELECT 1;; -- ; c", 1),
    ("SELECT 1; SELECT 2", 2),
    ("SELECT ';', \"a;b\", `c;d`, 'it\\'s;' /* ; */ # ;", 1),
    (PROCEDURE, 1),
    (f"{PROCEDURE};", 1),
    (f"{PROCEDURE}; COMMIT", 2),
    (f"{PROCEDURE}; {PROCEDURE}", 2),
    ("CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW IF 1 THEN SET NEW.x = 1; END IF", 1),
    ("BEGIN NOT ATOMIC SELECT 1; SELECT 2; END", 1),
    ("BEGIN; SELECT 1; COMMIT", 3),
    ("SELECT IF(1, 2, 3); SELECT 1", 2),
]


@pytest.mark.parametrize(("sql", "count"), COUNTS, ids=[sql for sql, _ in COUNTS])
def test_statements_in_a_text(sql: str, count: int) -> None:
    assert len(statements_of(sql)) == count
