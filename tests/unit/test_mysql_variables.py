"""Which variables a statement says is known by its tokens."""

from __future__ import annotations

import pytest

from wheatear.engines.mysql.functions import Functions
from wheatear.engines.mysql.variables import also_sets, variables_in


@pytest.mark.parametrize(
    ("sql", "said", "given"),
    [
        ("SET @n = 1", "n", "n"),
        ("SET @N := @m + 1, @o = @n", "m n o", "n o"),
        ("SET @old = @@sql_mode, sql_mode = 'x'", "old", "old"),
        ("SET sql_mode = @old", "old", ""),
        ("SELECT a, b INTO @x, @`y z` FROM t WHERE c = @w", "w x y z", "x y z"),
        ("SELECT @r := @r + 1 FROM t, (SELECT @r := 0) AS i", "r", "r"),
        ("SELECT id FROM t WHERE x = @a AND y = @b", "a b", ""),
        ("INSERT INTO t VALUES ('@a', 'joe@x.org', `@b`) /* @c */ -- @d", "", ""),
        ("CREATE DEFINER=`root`@`localhost` VIEW v AS SELECT 1", "", ""),
        ("GRANT SELECT ON t TO 'u'@'h'", "", ""),
        ("SET @@session.sql_mode = ''", "", ""),
        ("SET @'a' = 1", "a", "a"),
    ],
)
def test_variables(sql: str, said: str, given: str) -> None:
    found = variables_in(sql)
    assert " ".join(sorted({one.name[2:-1] for one in found})) == said
    assert " ".join(sorted({one.name[2:-1] for one in found if one.is_given})) == given


@pytest.mark.parametrize(
    ("sql", "also"),
    [
        ("SET @n = (SELECT a, b FROM t)", False),
        ("SET @n = 1, @m = 2", False),
        ("SET @old = @@sql_mode, sql_mode = ''", True),
        ("SET SESSION sql_mode = '', @n = 1", True),
        ("SELECT 1 INTO @n", False),
    ],
)
def test_settings_beside(sql: str, also: bool) -> None:
    assert also_sets(sql) is also


@pytest.mark.parametrize(
    ("sql", "called"),
    [
        ("SELECT counted()", True),
        ("SELECT `counted` (1)", True),
        ("SELECT db.Counted(1)", True),
        ("SELECT COUNT(*), MAX(x) FROM t", False),
        ("SELECT 'counted()' /* counted() */, counted FROM t", False),
        ("INSERT INTO counted (x) VALUES (1)", False),
        ("INSERT INTO t (x) VALUES (counted(1))", True),
    ],
)
def test_functions(sql: str, called: bool) -> None:
    assert Functions(lambda _: [("counted",)]).are_called(sql) is called


def test_most_statements_ask_nothing() -> None:
    def rows(sql: str) -> list[object]:
        raise AssertionError(sql)

    functions = Functions(rows)
    assert not functions.are_called("INSERT INTO t (a, b) VALUES (NOW(), CONCAT('a', 'b'))")
    assert not functions.are_called("SELECT VERSION(), DATABASE() WHERE 1 IN (1)")
