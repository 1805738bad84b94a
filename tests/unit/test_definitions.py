"""What SHOW CREATE TABLE said just before a migration began: for a moment, and no longer."""

from __future__ import annotations

import time
from typing import Any

import pytest

from wheatear.engines.mysql import definitions
from wheatear.engines.mysql.definitions import Definitions

PLAIN = ("league", "", 1, "SYSTEM", "utf8mb4")


def made() -> Definitions:
    """Of a connection that answers two questions."""

    def rows(sql: str, values: Any = None) -> list[Any]:
        assert values is None
        return [PLAIN] if sql.startswith("SELECT") else [("player", f"said: {sql}")]

    return Definitions(rows, lambda: "league")


SAID = "said: SHOW CREATE TABLE `player`"


@pytest.fixture
def _long_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "_MOMENT", 60.0)
    monkeypatch.setattr(definitions, "_RECENT", 60.0)


@pytest.mark.usefixtures("_long_moment")
def test_it_is_known_until_something_is_sent() -> None:
    known = made()
    assert known.ask("TABLE", "`player`") == SAID
    assert known.said("`player`") is None
    known.begin()
    assert known.said("`player`") == SAID
    assert known.said("`coach`") is None
    known.forget()
    assert known.said("`player`") is None


def test_it_is_old_after_a_moment() -> None:
    known = made()
    known.ask("TABLE", "`player`")
    known.begin()
    time.sleep(0.001)
    assert known.said("`player`") is None


def test_it_is_old_when_the_migration_begins_later() -> None:
    known = made()
    known.ask("TABLE", "`player`")
    time.sleep(0.02)
    known.begin()
    assert known.said("`player`") is None


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("`player`", "`player`"),
        ("`league`.`player`", "`player`"),
        ("`other`.`pla``yer`", "`other`.`pla``yer`"),
    ],
)
def test_a_place_is_the_same_everywhere(name: str, place: str) -> None:
    assert made().place(name) == place
