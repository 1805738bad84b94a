"""Types of which every value fits in another."""

from __future__ import annotations

import pytest

from wheatear.schema.widening import is_wider

WIDER = [
    ("VARCHAR(40)", "varchar(80)"),
    ("character varying(40)", "text"),
    ("character varying(40)", "character varying"),
    ("varchar(40)", "longtext"),
    ("character(3)", "character varying(3)"),
    ("integer", "bigint"),
    ("int(11)", "bigint(20)"),
    ("smallint", "integer"),
    ("int(11) unsigned", "bigint(20) unsigned"),
    ("numeric(10,2)", "numeric(12,3)"),
    ("DECIMAL(10, 2)", "DECIMAL(10, 2)"),
    ("real", "double precision"),
    ("date", "timestamp without time zone"),
    ("DATE", "DATETIME"),
]
NARROWER = [
    ("varchar(80)", "varchar(40)"),
    ("text", "varchar(80)"),
    ("varchar(80)", "char(40)"),
    ("bigint", "integer"),
    ("int(11)", "int(11) unsigned"),
    ("numeric(10,2)", "numeric(10,3)"),
    ("numeric(10,2)", "numeric(9,2)"),
    ("timestamp without time zone", "date"),
    ("integer", "text"),
    ("enum('a','b')", "enum('a','b','c')"),
    ("mood", "text"),
    ("", "text"),
]


@pytest.mark.parametrize(("old", "new"), WIDER)
def test_wider(old: str, new: str) -> None:
    assert is_wider(old, new)


@pytest.mark.parametrize(("old", "new"), NARROWER)
def test_not_known_to_be_wider(old: str, new: str) -> None:
    assert not is_wider(old, new)
