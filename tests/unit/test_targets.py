"""The tables that a statement of MySQL's changes, as its grammar has them."""

from __future__ import annotations

import pytest

from wheatear.engines.mysql.targets import tables_of_view, targets, targets_inside

CHANGED = {
    "INSERT INTO t VALUES (1)": "t",
    "insert t values (1)": "t",
    "INSERT LOW_PRIORITY IGNORE INTO t SELECT * FROM other": "t",
    "INSERT INTO `my-log` VALUES (1)": "my-log",
    "INSERT INTO `ta ble`(a) VALUES (1)": "ta ble",
    "INSERT INTO `a%b` VALUES (1)": "a%b",
    "INSERT INTO `a``b` VALUES (1)": "a`b",
    "INSERT /*+ NO_ICP(t) */ INTO db.t VALUES (1)": "db.t",
    "INSERT INTO `db` . `t` VALUES (1)": "db.t",
    "INSERT INTO db.`t` VALUES (1)": "db.t",
    "INSERT INTO `db`.t VALUES (1)": "db.t",
    'INSERT INTO "t" VALUES (1)': "t",
    "REPLACE DELAYED t SET a = 1": "t",
    "; /* a */ -- b\n INSERT INTO t VALUES (1)": "t",
    "UPDATE t SET a = 1": "t",
    r"UPDATE t SET a = '\', b = '1'": "t",
    "UPDATE LOW_PRIORITY IGNORE t AS x SET x.a = 1": "t",
    "UPDATE a, b SET b.x = a.x": "b",
    "UPDATE a AS y, db.b AS x SET x.c = (SELECT 1, 2), db.x.d = y.c WHERE y.c = 1": "db.b",
    "UPDATE a, b SET a.x = IF(b.y, b.z, 1), b.y = 1 ORDER BY a.i": "a, b",
    "UPDATE a, b SET a.x = (SELECT y FROM c WHERE z), b.y = 1": "a, b",
    "UPDATE a, b SET x = 1, a.y = 2": "a, b",
    "UPDATE a, b SET c.x = 1": "a, b",
    "UPDATE a x JOIN db.b y ON (x.i = y.i AND y.j IN (1, 2)), c SET a = 1": "a, db.b, c",
    "UPDATE (a LEFT JOIN (b, c) USING (i)) STRAIGHT_JOIN d SET x = 1": "a, b, c, d",
    "UPDATE a JOIN (SELECT i FROM read_only, other) AS r ON a.i = r.i SET a.x = 1": "a",
    "UPDATE a USE INDEX FOR JOIN (i, j) IGNORE INDEX (k), b PARTITION (p, q) SET x = 1": "a, b",
    "UPDATE a, JSON_TABLE(a.j, '$[*]' COLUMNS (i INT PATH '$')) AS r SET a.x = r.i": "a",
    "WITH c (i) AS (SELECT i FROM read_only), d AS (SELECT 1) UPDATE a, b SET b.x = 1": "b",
    "WITH c AS (SELECT 1) DELETE FROM t WHERE i IN (SELECT * FROM c)": "t",
    "DELETE FROM t": "t",
    "DELETE LOW_PRIORITY QUICK IGNORE FROM db.t WHERE a IN (SELECT a FROM other)": "db.t",
    "DELETE FROM t AS x USING_ WHERE a = 1": "t",
    "DELETE a, b FROM a JOIN b JOIN c": "a, b",
    "DELETE x.*, db.b.* FROM a AS x, db.b, c WHERE x.i = c.i": "a, db.b",
    "DELETE FROM a.*, b USING a JOIN b JOIN c": "a, b",
    "DELETE unknown FROM a JOIN b": "a, b",
    "DELETE HISTORY FROM t BEFORE SYSTEM_TIME '2020-01-01'": "t",
    "LOAD DATA LOCAL INFILE 'f' REPLACE INTO TABLE db.t FIELDS TERMINATED BY ','": "db.t",
    "LOAD XML INFILE 'INTO TABLE x' INTO TABLE t": "t",
    "CALL db.`a b`(1)": "db.a b",
    "DO SLEEP(0)": "",
}
NOT_UNDERSTOOD = [
    "UPDATE t",
    "UPDATE { OJ a LEFT JOIN b ON a.i = b.i } SET a.x = 1",
    "DELETE t",
    "INSERT /*!50000 INTO other */ t VALUES (1)",
    "UPDATE a /*M!100100 , b */ SET b.x = 1",
    r"UPDATE a, b SET a.x = '\', b.y = '1'",
    "LOAD SOMETHING",
    "SELECT 1",
]


def _said(names: object) -> str:
    return ", ".join(".".join(filter(None, name[:2])) for name in names)  # type: ignore[attr-defined]


@pytest.mark.parametrize("sql", CHANGED)
def test_what_is_changed(sql: str) -> None:
    found = targets(sql)
    assert found is not None
    assert _said(found.names) == CHANGED[sql]


@pytest.mark.parametrize("sql", NOT_UNDERSTOOD)
def test_what_is_not_understood(sql: str) -> None:
    assert targets(sql) is None


def test_what_looks_like_a_comment_in_a_text() -> None:
    assert targets("INSERT INTO t VALUES ('/*!')") is not None


@pytest.mark.parametrize(
    ("sql", "events"),
    [
        ("INSERT INTO t VALUES (1)", "INSERT"),
        ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1", "INSERT UPDATE"),
        ("REPLACE INTO t VALUES (1)", "DELETE INSERT"),
        ("LOAD DATA INFILE 'f' REPLACE INTO TABLE t", "DELETE INSERT"),
        ("LOAD DATA INFILE 'f' INTO TABLE t", "INSERT"),
        ("UPDATE t SET a = 1", "UPDATE"),
        ("DELETE FROM t FOR PORTION OF p FROM 1 TO 2", "DELETE INSERT UPDATE"),
    ],
)
def test_events_of_triggers(sql: str, events: str) -> None:
    found = targets(sql)
    assert found is not None
    assert sorted(found.events(sql)) == events.split()


def test_a_body() -> None:
    body = """BEGIN
        DECLARE a INT DEFAULT INSERT('x', 1, 1, 'y') + REPLACE('x', 'y', 'z');
        SELECT x INTO a FROM read_only FOR UPDATE;
        IF a THEN INSERT INTO t VALUES (a) ON DUPLICATE KEY UPDATE x = 1; END IF;
        DELETE u FROM u JOIN v; UPDATE w, x SET a = 1; CALL `p q`();
    END"""
    found = list(targets_inside(body))
    assert [one and (one.verb, _said(one.names)) for one in found] == [
        ("INSERT", "t"),
        ("DELETE", "u"),
        ("UPDATE", "w, x"),
        ("CALL", "p q"),
    ]


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("select `d`.`t`.`a` AS `a`,1 AS `from` from `d`.`t` where `d`.`t`.`a` > 1", "d.t"),
        ("select `x`.`a` AS `a` from (`d`.`t` `x` join `d`.`u` on(`x`.`a` = `u`.`a`))", "d.t, d.u"),
        ("select (select max(`d`.`u`.`a`) from `d`.`u`) AS `a` from `d`.`t`", "d.t"),
        ("select 1 AS `a`", None),
    ],
)  # fmt: skip
def test_a_view(sql: str, tables: str | None) -> None:
    found = tables_of_view(sql)
    assert (None if found is None else _said(found)) == tables
