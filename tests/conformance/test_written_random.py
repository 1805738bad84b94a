"""Two random schemas on a real engine, with rows: written there and back, nothing else touched."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee
import pytest

from support import reading
from support.databases import ENGINES, create_database, drop_database, plain_database
from support.random_schemas import Generator, Made
from support.servers import running_server
from support.written import emptied, migration, opened, run, shared_values
from wheatear.engines import engine_for
from wheatear.errors import OperationError
from wheatear.schema.diff import compare

# Nothing of this is to outlive a power cut, and the pairs are many.
CARELESS = {"sqlite": "PRAGMA synchronous = OFF", "postgresql": "SET synchronous_commit = off"}
CHUNKS = 8
# Servers take several times as long; WHEATEAR_TEST_PAIRS=2000 asks for as many of theirs.
PAIRS = {"sqlite": 2000, "postgresql": 300, "mariadb": 300}
MEMORY = Path("/dev/shm")


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: Any, tmp_path_factory: Any) -> Iterator[Any]:
    """One database for all pairs: its tables are dropped after each."""
    yield from _on_a_database(request, tmp_path_factory.mktemp("random"))


@pytest.fixture(scope="module", params=ENGINES)
def fast_engine(request: Any, tmp_path_factory: Any) -> Iterator[Any]:
    """A server of its own in memory: on a disk the pairs take several times as long."""
    if request.param != "sqlite" and MEMORY.is_dir():
        yield from _in_memory(request.param)
    else:
        yield from _on_a_database(request, tmp_path_factory.mktemp("random"))


def _on_a_database(request: Any, folder: Path) -> Iterator[Any]:
    database = create_database(request.param, folder)
    with opened(engine_for(database.connect())) as found:
        if request.param in CARELESS:
            found.db.execute_sql(CARELESS[request.param])
        yield request.param, found
    drop_database(database)


def _in_memory(engine: str) -> Iterator[Any]:
    with running_server(engine, careless=True) as server:
        reading.execute(server.url(server.home), "CREATE DATABASE pairs")
        with opened(engine_for(plain_database(server.url("pairs")))) as found:
            yield engine, found


def test_some_pairs_there_and_back(engine: Any) -> None:
    _pairs(*engine, range(8))


@pytest.mark.long
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_pairs_there_and_back(fast_engine: Any, chunk: int) -> None:
    name, found = fast_engine
    pairs = int(os.environ.get("WHEATEAR_TEST_PAIRS", PAIRS[name]))
    _pairs(name, found, range(chunk, pairs, CHUNKS))


def _pairs(name: str, engine: Any, seeds: range) -> None:
    with_rows = 0
    for seed in seeds:
        before, after = Generator(name, seed).pair()
        try:
            _there_and_back(engine, before, after, seed, rows=True)
            with_rows += 1
        except RowsForbidItError:
            emptied(engine)
            _there_and_back(engine, before, after, seed, rows=False)
        finally:
            emptied(engine)
    assert with_rows > len(seeds) * 0.3, f"{with_rows} of {len(seeds)} pairs with rows"


class RowsForbidItError(Exception):
    """The rows do not meet what is asked of them: NULL, twins, no such row, no such value."""


def _there_and_back(engine: Any, before: Made, after: Made, seed: int, *, rows: bool) -> None:
    db = engine.db
    _create(db, after.statements)
    there = engine.read_schema()
    emptied(engine)
    _create(db, before.statements)
    for row in before.rows if rows else ():
        with contextlib.suppress(peewee.IntegrityError):  # not what all its indexes allow
            _create(db, [row])
    here = engine.read_schema()
    policy = engine.policy()
    changes = compare(here, there, policy=policy).changes
    text = migration(changes, here, there, engine.spelling())
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
    double = not isinstance(db, peewee.SqliteDatabase)
    with db.atomic():
        for sql in statements:
            db.execute_sql(sql.replace("%", "%%") if double else sql)
