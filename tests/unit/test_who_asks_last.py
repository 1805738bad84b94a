"""What asks about the statement before: refused, unless no other can come in between."""

from __future__ import annotations

import re

import pytest

from wheatear.engines.last_statement import INSERTS, NEXT, Asked, LastStatement

ASKED = {"CURRVAL": Asked("RETURNING", INSERTS | NEXT)}


def words_of(sql: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", sql.upper())


@pytest.mark.parametrize(
    ("before", "sql", "refused"),
    [
        ([], "SELECT currval('s')", True),
        ([], "INSERT INTO t VALUES (currval('s'))", True),
        ([], "INSERT INTO t VALUES (nextval('s'), currval('s'))", False),
        ([], "INSERT INTO t VALUES (currval('s'), nextval('s'))", True),
        ([], "INSERT INTO t VALUES (1); INSERT INTO u VALUES (currval('s'))", False),
        (["INSERT INTO t VALUES (1)"], "SELECT currval('s')", False),
        (["DELETE FROM t"], "SELECT currval('s')", True),
        ([], "SELECT currval FROM t", False),
    ],
)
def test_in_a_transaction(before: list[str], sql: str, refused: bool) -> None:
    last = LastStatement(ASKED, words_of)
    for one in before:
        assert last.refusal(one, words_of(one)[0], inside=True) is None
    assert (last.refusal(sql, words_of(sql)[0], inside=True) is not None) is refused
