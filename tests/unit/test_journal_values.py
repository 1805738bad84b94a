"""What the journal keeps comes back as it was; what statements name is found."""

from __future__ import annotations

import datetime as dt
import decimal
import ipaddress
import json
import math
import sqlite3
import uuid
import zoneinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheatear.engines.mysql.kinds import kind_of
from wheatear.engines.mysql.named import named
from wheatear.journal.answers import Answer, load_answer, load_error, store_answer, store_error
from wheatear.journal.entries import cut, new_entry, read_entries
from wheatear.journal.sameness import digest
from wheatear.journal.values import NotStorableError, decode, encode

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.times()
    | st.datetimes(timezones=st.none() | st.just(dt.timezone.utc))
    | st.timedeltas()
    | st.uuids()
    | st.ip_addresses()
    | st.ip_addresses().map(ipaddress.ip_interface)
    | st.ip_addresses().map(ipaddress.ip_network)
)
values = st.recursive(scalars, lambda one: st.lists(one) | st.tuples(one, one), max_leaves=8)


@given(values)
def test_values_come_back_with_their_types(value: Any) -> None:
    found = decode(json.loads(json.dumps(encode(value))))
    assert (found, type(found)) == (value, type(value))


def test_what_is_no_number_comes_back() -> None:
    assert math.isnan(decode(json.loads(json.dumps(encode(math.nan)))))
    assert decode(encode(math.inf)) == math.inf


def test_what_is_not_known_is_not_kept() -> None:
    with pytest.raises(NotStorableError):
        encode(object())
    with pytest.raises(NotStorableError):
        store_answer(Answer([(object(),)], (("x", None),)))


def test_an_answer_comes_back() -> None:
    description = (("x", 3, None, None, None, None, None), ("y", None, None, None, None, None, 1))
    answer = Answer([(1, decimal.Decimal("1.50")), (None, uuid.UUID(int=7))], description, 2, 9)
    assert load_answer(json.loads(json.dumps(store_answer(answer)))) == answer
    assert load_answer({}) == Answer()


def test_an_error_comes_back_of_its_own_class() -> None:
    error = sqlite3.OperationalError(1091, "Can't DROP")
    again = load_error(json.loads(json.dumps(store_error(error))))
    assert (type(again), again.args) == (sqlite3.OperationalError, (1091, "Can't DROP"))
    assert type(load_error({"class": "os:system", "args": ["x"], "code": None})) is RuntimeError


def test_a_later_line_replaces_an_earlier_one() -> None:
    first, second, third = (new_entry(number, f"s{number}", ()) for number in range(3))
    lines = [one.to_json() for one in (first, second, third)]
    second.answer = {}
    assert [one.is_open for one in read_entries([*lines, second.to_json()])] == [True, False, True]
    assert [one.sql for one in read_entries([*lines, cut(1)])] == ["s0"]


@pytest.mark.parametrize(
    ("sql", "things"),
    [
        ("ALTER TABLE a ADD b INT", ["TABLE `a`"]),
        ("alter table `x`.`a b` rename to c", ["TABLE `x`.`a b`", "TABLE `c`"]),
        ("ALTER TABLE a RENAME COLUMN b TO c", ["TABLE `a`"]),
        ("ALTER TABLE x.`a` ADD b INT", ["TABLE `x`.`a`"]),
        ("ALTER TABLE x . a ADD b INT", ["TABLE `x`.`a`"]),
        ("ALTER TABLE `x` .a ADD b INT", ["TABLE `x`.`a`"]),
        ("ALTER TABLE `x`. `a` ADD b INT", ["TABLE `x`.`a`"]),
        ("ALTER TABLE a RENAME = b", ["TABLE `a`", "TABLE `b`"]),
        ("ALTER TABLE a CONVERT PARTITION p TO TABLE b", ["TABLE `a`", "TABLE `b`"]),
        ("ALTER TABLE a CONVERT TABLE x.`b` TO PARTITION p VALUES LESS THAN (1)", ["TABLE `a`", "TABLE `x`.`b`"]),
        ("ALTER TABLE a CONVERT TO CHARACTER SET utf8mb4", ["TABLE `a`"]),
        ("RENAME TABLE a WAIT 5 TO x.`b`, c NOWAIT TO d", ["TABLE `a`", "TABLE `x`.`b`", "TABLE `c`", "TABLE `d`"]),
        ("ALTER TABLE a RENAME INDEX b TO c, RENAME d", ["TABLE `a`", "TABLE `d`"]),
        ("ALTER TABLE x.a EXCHANGE PARTITION p WITH TABLE b", ["TABLE `x`.`a`", "TABLE `b`"]),
        ("RENAME TABLE a TO b, c TO d", [f"TABLE `{name}`" for name in "abcd"]),
        ("CREATE UNIQUE INDEX i ON a (x)", ["TABLE `a`"]),
        ("DROP INDEX i ON `a`", ["TABLE `a`"]),
        ("CREATE TABLE IF NOT EXISTS a (x INT)", ["TABLE `a`"]),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", ["VIEW `v`"]),
        ("CREATE DEFINER=`u`@`h` TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @x = 1", ["TRIGGER `t`"]),
        ("DROP TABLE IF EXISTS a, `b`", ["TABLE `a`", "TABLE `b`"]),
        ("TRUNCATE a", ["TABLE `a`"]),
        ("GRANT SELECT ON a TO b", []),
    ],
)  # fmt: skip
def test_what_a_statement_names(sql: str, things: list[str]) -> None:
    found = named(sql)
    assert [f"{kind} {name}" for kind, name in found.things] == things
    assert found.known
    assert bool(things) is not found.repeatable


@pytest.mark.parametrize(
    "sql",
    ["ALTER TABLE a /*!50000 RENAME TO b */", "RENAME TABLE a /*M! TO b */ /* RENAME */", "USE a"],
)
def test_what_is_not_read(sql: str) -> None:
    assert not named(sql).known


@pytest.mark.parametrize(
    ("sql", "altered"),
    [
        ("RENAME TABLE a TO t, b TO a, t TO b", {"`a`", "`b`"}),
        ("RENAME TABLE IF EXISTS a TO b", set()),
        ("ALTER TABLE a RENAME b", {"`a`"}),
        ("CREATE INDEX i ON a (x)", {"`a`"}),
        ("CREATE TABLE a (x INT)", set()),
    ],
)
def test_what_must_be_there(sql: str, altered: set[str]) -> None:
    assert named(sql).altered == altered


@pytest.mark.parametrize(
    ("sql", "invisible"),
    [
        ("TRUNCATE TABLE a", True),
        ("RENAME TABLE a TO t, b TO a, t TO b", True),
        ("RENAME TABLE a TO b", False),
        ("CREATE OR REPLACE TABLE a (x INT)", True),
        ("ALTER TABLE a TRUNCATE PARTITION p", True),
        ("ALTER TABLE a DISCARD TABLESPACE", True),
        ("ALTER TABLE a ADD `exchange` INT", False),
    ],
)
def test_what_definitions_do_not_show(sql: str, invisible: bool) -> None:
    assert named(sql).invisible is invisible


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", "read"),
        ("(SELECT 1) UNION (SELECT 2)", "read"),
        ("/* a */ insert into a values (1)", "rows"),
        ("WITH x AS (SELECT 1) UPDATE a, x SET a.y = 1", "rows"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "read"),
        ("SET @x = 1", "setting"),
        ("SET PASSWORD = 'x'", "alone"),
        ("SET STATEMENT max_statement_time=1 FOR ALTER TABLE a FORCE", "alone"),
        ("SELECT max(x) INTO @x FROM a", "setting"),
        ("BEGIN", "begin"),
        ("START TRANSACTION", "begin"),
        ("START SLAVE", "alone"),
        ("ROLLBACK TO SAVEPOINT s", "inside"),
        ("ROLLBACK", "rollback"),
        ("OPTIMIZE TABLE a", "alone"),
    ],
)
def test_kinds(sql: str, kind: str) -> None:
    assert kind_of(sql) == kind


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"abc", memoryview(b"abc")),
        (
            dt.datetime(2026, 7, 1, 14, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
            dt.datetime(2026, 7, 1, 12, tzinfo=dt.timezone.utc),
        ),
        ({"a": [memoryview(b"x")]}, {"a": [bytearray(b"x")]}),
        ({"a", "b"}, {"b", "a"}),
        (object(), object()),
    ],
)
def test_the_same_values_have_the_same_key(first: Any, again: Any) -> None:
    assert digest(("INSERT", (first,))) == digest(("INSERT", (again,)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        ("a", b"a"),
        (b"a", b"b"),
        ((1,), [1]),
        (dt.date(2026, 7, 1), "2026-07-01"),
        (decimal.Decimal("1.0"), decimal.Decimal("1.00")),
        ({"a"}, {"b"}),
    ],
)
def test_other_values_have_another_key(one: Any, other: Any) -> None:
    assert digest(("INSERT", (one,))) != digest(("INSERT", (other,)))
