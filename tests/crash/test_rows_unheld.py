"""A run that dies behind rows that no transaction holds stops the next one: they are not doubled."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support import reading

from .crash_cases import Case
from .crashes import Crashes
from .killing import Calls, Kill

MADE = (
    "CREATE TABLE `my-log` (a INT) ENGINE=MyISAM",
    "INSERT INTO `my-log` VALUES (1)",
    "CREATE VIEW seen AS SELECT a FROM `my-log`",
    "CREATE TABLE watched (a INT)",
    "INSERT INTO watched VALUES (1)",
    "CREATE TRIGGER noting AFTER INSERT ON watched FOR EACH ROW INSERT INTO `my-log` VALUES (NEW.a)",
)
STATEMENTS = {
    "INSERT IGNORE `my-log` VALUES (2)": [(1,), (2,)],
    "UPDATE watched, `my-log` SET `my-log`.a = `my-log`.a + 1": [(2,)],
    "UPDATE seen SET a = a + 1": [(2,)],
    "INSERT INTO watched VALUES (2)": [(1,), (2,)],
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_it_is_not_done_twice(statement: str, new_crashes: Callable[..., Crashes]) -> None:
    made = tuple(f"db.execute_sql({one!r})" for one in MADE)
    case = Case(f"db.execute_sql({statement!r})", "pass", ("mariadb",), before=made)
    crashes = new_crashes("mariadb", case, shared=True)
    crashes.start("forward")
    sent = [sql for _, sql in crashes.calls("migrate")]
    crashes.restore()
    ended = crashes.run("migrate", calls=Calls(Kill(sent.index(statement), "after")))
    assert ended[0] == -9
    code, _, err = crashes.run("migrate")
    assert code == 1
    assert "looking does not tell whether its last statement took effect: " in err
    assert "the rows of my-log are MyISAM's, which has no transactions.\n" in err
    assert reading.rows(crashes.url, "`my-log`") == STATEMENTS[statement]
