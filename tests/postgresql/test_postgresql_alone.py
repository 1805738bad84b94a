"""Statements that must be alone are looked at by what they name, before and after them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import peewee
import pytest

from support.written import opened
from wheatear.engines import engine_for

BEFORE = (
    "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    "CREATE SCHEMA other",
    "CREATE TYPE other.mood AS ENUM ('sad')",
    "CREATE TABLE player (id int PRIMARY KEY, name text, score int)",
    "CREATE INDEX by_name ON player (name)",
    "CREATE TABLE log (x int) PARTITION BY RANGE (x)",
    "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10)",
    "CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (10) TO (20)",
)
# The statement, and what others do that looks like it.
CASES = [
    ("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'it''s'", "ALTER TYPE mood ADD VALUE 'other'"),
    ("/* c */ ALTER TYPE other.Mood ADD VALUE 'ok' BEFORE 'sad'", "ALTER TYPE mood ADD VALUE 'fine'"),
    ("CREATE INDEX CONCURRENTLY by_score ON player (score)", "CREATE INDEX dba ON player (score)"),
    ("CREATE INDEX CONCURRENTLY ON player USING hash (score)", "CREATE INDEX dba ON player (score)"),
    ('CREATE UNIQUE INDEX CONCURRENTLY "By" ON player (score)', "CREATE INDEX by ON player (score)"),
    ("DROP INDEX CONCURRENTLY by_name", "CREATE INDEX dba ON player (name)"),
    ("ALTER TABLE log DETACH PARTITION log_1 CONCURRENTLY", "ALTER TABLE log DETACH PARTITION log_2"),
]  # fmt: skip


@pytest.mark.parametrize("driver", [2, 3])
@pytest.mark.parametrize(("statement", "foreign"), CASES)
def test_what_it_names_tells(
    connect: Callable[[int], Any], driver: int, statement: str, foreign: str
) -> None:
    db = connect(driver)
    for one in BEFORE:
        db.execute_sql(one)
    with opened(engine_for(db)) as engine:
        ways = engine.journaling()
        before = ways.look(statement)
        assert not ways.unsettled(before)
        db.execute_sql(foreign)
        assert ways.settle(statement, before, dead=True).done is False
        db.execute_sql(statement)
        assert ways.settle(statement, before, dead=True).done is True


def test_the_search_path_may_be_another_afterwards(connect: Callable[..., Any]) -> None:
    """A run that takes this one up looks before the migration has set it again."""
    db = connect()
    for one in (
        "CREATE SCHEMA other",
        "CREATE TYPE other.mood AS ENUM ('sad')",
        "CREATE TABLE other.player (score int)",
        "INSERT INTO other.player VALUES (1), (1)",
        "CREATE INDEX i ON other.player (score)",
        "SET search_path TO other",
    ):
        db.execute_sql(one)
    reindex, add = "REINDEX INDEX CONCURRENTLY i", "ALTER TYPE mood ADD VALUE 'ok'"
    with opened(engine_for(db)) as engine:
        ways = engine.journaling()
        before = [ways.look(one) for one in (reindex, add)]
        with pytest.raises(peewee.IntegrityError):  # which leaves one like that of REINDEX
            db.execute_sql("CREATE UNIQUE INDEX CONCURRENTLY i_ccnew ON player (score)")
        db.execute_sql(add)
        db.execute_sql("SET search_path TO public")
        assert ways.settle(reindex, before[0], dead=True).done is False
        assert ways.settle(add, before[1], dead=True).done is True
    left = db.execute_sql("SELECT relname FROM pg_class WHERE relname = 'i_ccnew'")
    assert left.fetchall() == []


def test_a_subscription(connect: Callable[..., Any]) -> None:
    """Each keeps its database from being dropped."""
    db = connect()
    name = db.execute_sql("SELECT 'ours_' || pg_backend_pid()").fetchone()[0]
    create = "CREATE SUBSCRIPTION {} CONNECTION 'dbname=a' PUBLICATION p WITH (connect = false)"
    statement, drop = create.format(name), f"DROP SUBSCRIPTION IF EXISTS {name}"
    with opened(engine_for(db)) as engine:
        ways = engine.journaling()
        before = ways.look(statement)
        try:
            db.execute_sql(create.format(f"{name}_b"))
            assert ways.settle(statement, before, dead=True).done is False
            db.execute_sql(statement)
            assert ways.settle(statement, before, dead=True).done is True
            before = ways.look(drop)
        finally:
            for one in (f"{name}_b", name):
                if db.execute_sql(
                    "SELECT 1 FROM pg_subscription WHERE subname = %s", (one,)
                ).fetchall():
                    db.execute_sql(f"ALTER SUBSCRIPTION {one} SET (slot_name = NONE)")
                    if one == name:
                        assert ways.settle(drop, before, dead=True).done is False
                    db.execute_sql(f"DROP SUBSCRIPTION {one}")
        assert ways.settle(drop, before, dead=True).done is True
