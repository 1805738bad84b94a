"""Two random schemas on a real engine, with rows: written there and back, nothing else touched."""

from __future__ import annotations

import contextlib
import os
import warnings
from typing import Any

import peewee
import pytest

from support.databases import DatabaseUnderTest
from support.random_schemas import Generator, Made
from support.written import emptied, migration, opened, run, shared_values
from wheatear.engines import engine_for
from wheatear.errors import OperationError
from wheatear.schema.diff import compare
from wheatear.schema.model import Schema

PAIRS = int(os.environ.get("WHEATEAR_TEST_PAIRS", "2000"))
FIRST = int(os.environ.get("WHEATEAR_TEST_FIRST_PAIR", "0"))
# Each has a database of its own: a catalogue grows slower with each table that was in it.
CHUNK = 125
# Nothing of this is to outlive a power cut, and the pairs are many.
CARELESS = {"sqlite": "PRAGMA synchronous = OFF", "postgresql": "SET synchronous_commit = off"}


def test_some_pairs_there_and_back(database: DatabaseUnderTest) -> None:
    _pairs(database, range(8))


@pytest.mark.long
@pytest.mark.parametrize("first", range(FIRST, FIRST + PAIRS, CHUNK))
def test_pairs_there_and_back(database_in_memory: DatabaseUnderTest, first: int) -> None:
    _pairs(database_in_memory, range(first, min(first + CHUNK, FIRST + PAIRS)))


def _pairs(database: DatabaseUnderTest, seeds: range) -> None:
    with opened(engine_for(database.connect())) as engine:
        if database.engine in CARELESS:
            engine.db.execute_sql(CARELESS[database.engine])
        with_rows = sum(_pair(engine, database.engine, seed) for seed in seeds)
    assert with_rows > len(seeds) * 0.3, f"{with_rows} of {len(seeds)} pairs with rows"


def _pair(engine: Any, name: str, seed: int) -> bool:
    """Whether it could be done with rows."""
    before, after = Generator(name, seed).pair()
    there = _read(engine, after)
    for rows in (True, False):
        try:
            _there_and_back(engine, before, there, seed, rows=rows)
        except RowsForbidItError:
            assert rows, f"pair {seed}"
        else:
            return rows
        finally:
            emptied(engine)
    return False


class RowsForbidItError(Exception):
    """The rows do not meet what is asked of them: NULL, twins, no such row, no such value."""


def _read(engine: Any, made: Made) -> Schema:
    _create(engine.db, made.statements)
    try:
        return engine.read_schema()  # type: ignore[no-any-return]
    finally:
        emptied(engine)


def _there_and_back(engine: Any, before: Made, there: Schema, seed: int, *, rows: bool) -> None:
    db = engine.db
    _create(db, before.statements)
    for row in before.rows if rows else ():
        with contextlib.suppress(peewee.IntegrityError):  # not what all its indexes allow
            _send(db, row)
    here = engine.read_schema()
    policy = engine.policy()
    changes = compare(here, there, policy=policy).changes
    text = migration(changes, here, engine.spelling())
    kept = shared_values(db, here, there, changes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            run(engine, text, "migrate_forward")
            assert compare(engine.read_schema(), there, policy=policy).changes == ()
            assert shared_values(db, here, there, changes, forward=True) == kept
            run(engine, text, "migrate_backward")
        except (OperationError, peewee.PeeweeException) as error:
            if rows and any(word in str(error) for word in ABOUT_ROWS):
                raise RowsForbidItError from error
            raise AssertionError(f"pair {seed}: {error}\n{text}") from error
        except AssertionError as error:
            raise AssertionError(f"pair {seed}: {error}\n{text}") from error
    assert compare(engine.read_schema(), here, policy=policy).changes == (), f"pair {seed}\n{text}"
    assert shared_values(db, here, there, changes) == kept, f"pair {seed}\n{text}"


ABOUT_ROWS = (
    *("UNIQUE constraint failed", "rows do not meet", "rows point", "have NULL", "would have NULL"),
    *("could not create unique index", "violates", "is violated", "contains null values"),
    *("invalid input syntax", "cannot cast", "out of range", "malformed array", "cannot be cast"),
    *(
        "Duplicate entry",
        "Data truncated",
        "Incorrect",
        "CONSTRAINT",
        "foreign key constraint fails",
    ),
    *("Out of range", "Data too long", "NOT NULL constraint failed", "CHECK constraint failed"),
    *("too long for type", "contain NULL", "hold NULL", "datatype mismatch", "Truncated"),
)


def _create(db: Any, statements: list[str]) -> None:
    with db.atomic():
        for sql in statements:
            _send(db, sql)


def _send(db: Any, sql: str) -> None:
    double = not isinstance(db, peewee.SqliteDatabase)
    db.execute_sql(sql.replace("%", "%%") if double else sql)
