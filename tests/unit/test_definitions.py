"""What SHOW CREATE TABLE said a moment ago: as long as that is, and no longer."""

from __future__ import annotations

import time

import pytest

from wheatear.engines.mysql import definitions
from wheatear.engines.mysql.definitions import Definitions


@pytest.fixture
def long_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "_MOMENT", 60.0)


@pytest.mark.usefixtures("long_moment")
def test_it_is_known_until_something_is_sent() -> None:
    said = Definitions()
    assert said.take("`player`") is None
    said.keep("`player`", "CREATE TABLE …")
    assert said.take("`player`") == "CREATE TABLE …"
    assert said.take("`coach`") is None
    said.forget()
    assert said.take("`player`") is None


def test_it_is_old_after_a_moment() -> None:
    said = Definitions()
    said.keep("`player`", "CREATE TABLE …")
    time.sleep(0.02)
    assert said.take("`player`") is None
