"""Rows that no transaction holds are told from those that one does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mariadb_live import Live

from wheatear.engines.mysql.unheld import Unheld

PROCEDURES = ("fills", "holds", "commits")
NO_TRANSACTIONS = "the rows of {} are MyISAM's, which has no transactions"
FIRED = f"it fires the trigger noting, and {NO_TRANSACTIONS.format('plain')}"


class Looking(Unheld):
    """One that counts its queries, on a live database."""

    def __init__(self, live: Live) -> None:
        self.queries = 0
        self._live = live
        (self.home,) = live.run("SELECT DATABASE()")[0]
        super().__init__(self._ask_and_count, lambda: self.home)

    def _ask_and_count(self, sql: str, values: Any) -> list[Any]:
        self.queries += 1
        return list(self._live.database.execute_sql(sql, values).fetchall())


@pytest.fixture
def looking(live: Live) -> Iterator[Looking]:
    """Tables of both kinds, and what leads from one to another."""
    live.run(
        "CREATE TABLE inno (a int)",
        "CREATE TABLE other (a int)",
        *(f"CREATE TABLE `{name}` (a int) ENGINE=MyISAM" for name in ("plain", "my-log", "ta ble")),
        "CREATE TABLE `a%b` (a int) ENGINE=MyISAM",
        "CREATE VIEW vi AS SELECT a FROM inno WHERE a < (SELECT max(a) FROM plain)",
        "CREATE VIEW vm AS SELECT a FROM plain",
        "CREATE VIEW vvm AS SELECT x.a FROM inno JOIN vm AS x ON inno.a = x.a",
        "CREATE TABLE watched (a int)",
        "CREATE TRIGGER noting AFTER INSERT ON watched FOR EACH ROW INSERT INTO plain VALUES (1)",
        "CREATE TRIGGER looking BEFORE UPDATE ON watched FOR EACH ROW "
        "SET NEW.a = (SELECT max(a) FROM plain)",
        "CREATE VIEW vw AS SELECT a FROM watched",
        "CREATE PROCEDURE fills() INSERT INTO plain VALUES (1)",
        "CREATE PROCEDURE holds() INSERT INTO inno VALUES (1)",
        "CREATE PROCEDURE commits() BEGIN INSERT INTO inno VALUES (1); COMMIT; END",
    )
    yield Looking(live)
    live.run("DROP TABLE `a%b`", *(f"DROP PROCEDURE {name}" for name in PROCEDURES))


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("INSERT INTO `my-log` VALUES (1)", "my-log"),
        ("INSERT INTO `ta ble` VALUES (1)", "ta ble"),
        ("INSERT INTO `a%b` VALUES (1)", "a%b"),
        ("INSERT INTO `a%b` VALUES (%s)", "a%b"),
        ("INSERT plain VALUES (1)", "plain"),
        ("INSERT IGNORE plain VALUES (1)", "plain"),
        ("REPLACE plain VALUES (1)", "plain"),
        ("UPDATE inno, plain SET plain.a = 1", "plain"),
        ("UPDATE other, plain SET a = 1", "plain"),
        ("WITH c AS (SELECT 1 AS i) UPDATE inno, plain SET plain.a = 1", "plain"),
        ("DELETE p FROM inno JOIN plain AS p USING (a)", "plain"),
        ("LOAD DATA INFILE 'x' INTO TABLE `my-log`", "my-log"),
        ("UPDATE vm SET a = 1", "plain"),
        ("UPDATE vvm SET a = 1", "plain"),
    ],
)
def test_no_transaction_holds(looking: Looking, sql: str, table: str) -> None:
    assert looking.why(sql) == NO_TRANSACTIONS.format(table)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("INSERT watched VALUES (1)", FIRED),
        ("INSERT vw VALUES (1)", FIRED),
        ("CALL fills()", NO_TRANSACTIONS.format("plain")),
        ("CALL commits()", "the procedure commits may commit inside"),
        ("UPDATE inno", "what it changes cannot be read from its text"),
    ],
)
def test_what_leads_to_them(looking: Looking, sql: str, why: str) -> None:
    assert looking.why(sql) == why


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO inno SELECT a FROM plain",
        "DELETE inno FROM inno JOIN plain USING (a)",
        "DELETE FROM inno WHERE a IN (SELECT a FROM plain)",
        "UPDATE inno JOIN (SELECT a FROM plain) AS p USING (a) SET inno.a = 2",
        "UPDATE inno, plain SET inno.a = plain.a",
        "UPDATE vi SET a = 1",
        "UPDATE watched SET a = 1",
        "DELETE FROM watched",
        "CALL holds()",
        "DO SLEEP(0)",
    ],
)
def test_a_transaction_holds(looking: Looking, sql: str) -> None:
    assert looking.why(sql) is None


def test_a_table_is_asked_about_once(looking: Looking) -> None:
    for sql in ("INSERT INTO inno VALUES (1)", "UPDATE inno SET a = 1"):
        assert looking.why(sql) is None
    assert looking.queries == 1
    looking.forget()
    assert looking.why("INSERT INTO inno VALUES (1)") is None
    assert looking.queries == 2


def test_a_bare_name_is_looked_up_where_the_connection_is(looking: Looking) -> None:
    qualified = f"INSERT INTO {looking.home} . plain VALUES (1)"
    looking.home = "mysql"
    assert looking.why("INSERT INTO plain VALUES (1)") is None
    assert looking.why(qualified) == NO_TRANSACTIONS.format("plain")
