"""Two random schemas on a real engine, with rows: a migration from one to the other that has no way
back is reverted by its record, and what it dropped is there again.
"""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import peewee
import pytest

from support.databases import DatabaseUnderTest, create_database
from support.random_schemas import Generator, Made
from support.written import emptied, opened, shared_values
from wheatear import Migrations, WheatearError
from wheatear.engines import engine_for
from wheatear.schema.content import primary_key
from wheatear.schema.diff import compare
from wheatear.schema.ours import is_ours
from wheatear.schema.way_back import unnamed_like
from wheatear.schema.writer import body, indented

PAIRS = 60
CHUNK = 15
NAME = "20260101_000000_change"
ABOUT_ROWS = (
    *("UNIQUE constraint failed", "rows do not meet", "rows point", "have NULL", "would have NULL"),
    *("could not create unique index", "violates", "is violated", "contains null values"),
    *("invalid input syntax", "cannot cast", "out of range", "malformed array", "cannot be cast"),
    *("Duplicate entry", "Data truncated", "Incorrect", "CONSTRAINT", "foreign key constraint"),
    *("Out of range", "Data too long", "NOT NULL constraint failed", "CHECK constraint failed"),
    *("too long for type", "contain NULL", "hold NULL", "Truncated", "FOREIGN KEY"),
    "points at nothing",
)


def test_some_pairs_there_and_back(tmp_path: Path) -> None:
    _pairs(create_database("sqlite", tmp_path), tmp_path, range(8))


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, PAIRS, CHUNK))
def test_pairs_there_and_back(
    database_in_memory: DatabaseUnderTest, tmp_path: Path, first: int
) -> None:
    _pairs(database_in_memory, tmp_path, range(first, min(first + CHUNK, PAIRS)))


def _pairs(database: DatabaseUnderTest, tmp_path: Path, seeds: range) -> None:
    engine = engine_for(database.connect())
    with opened(engine), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in seeds:
            pair = Generator(database.engine, seed).pair()
            folder = tmp_path / f"migrations{seed}"
            folder.mkdir()
            for rows in (True, False):
                try:
                    _there_and_back(engine, pair, folder, rows=rows)
                    break
                except RowsForbidItError:
                    assert rows
                except AssertionError as error:
                    raise AssertionError(f"pair {seed}: {error}") from error
                finally:
                    emptied(engine)


class RowsForbidItError(Exception):
    """The rows do not meet what is asked of them, there or back."""


def _there_and_back(engine: Any, pair: tuple[Made, Made], folder: Path, *, rows: bool) -> None:
    db, (before, after) = engine.db, pair
    _create(db, after.statements)
    there = engine.read_schema()
    emptied(engine)
    _create(db, before.statements)
    for row in before.rows if rows else ():
        with contextlib.suppress(peewee.IntegrityError):
            _create(db, [row])
    here, policy = engine.read_schema(), engine.policy()
    changes = compare(here, there, policy=policy).changes
    _write(folder, body(changes, here, there, engine.spelling()))
    values = shared_values(db, here, here, ())
    try:
        Migrations(db, folder, keep_dropped=True).migrate()
        left = Migrations(db, folder).status().migrations[0].derived
        assert left or not changes
        if left:
            Migrations(db, folder).migrate(backward=True)
    except (WheatearError, peewee.PeeweeException) as error:
        if rows and any(word in str(error) for word in ABOUT_ROWS):
            raise RowsForbidItError from error
        raise AssertionError(f"{error}\n{(folder / f'{NAME}.py').read_text()}") from error
    now = engine.read_schema()
    both = unnamed_like(here, here), unnamed_like(now, here)
    assert compare(*both, policy=replace(policy, names=True)).changes == ()
    altered = {getattr(one, "table", None) for one in changes if hasattr(one, "before")}
    found = shared_values(db, here, now, ())
    for table, kept in values.items():
        key, key_there = primary_key(here.table(table)), primary_key(there.table(table))
        told_apart = there.table(table) is None or (key and key == key_there)
        if told_apart and table not in altered and not is_ours(table):
            assert found[table] == kept, table


def _write(folder: Path, written: Any) -> None:
    lines = [*written.imports, "from playhouse.migrate import *"]
    lines += ["from migrations_config import db, migrator", "", "", *written.definitions]
    lines += ["", "", "def migrate_forward():", *indented(written.lines or ("pass",))]
    (folder / f"{NAME}.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _create(db: Any, statements: list[str]) -> None:
    double = not isinstance(db, peewee.SqliteDatabase)
    for sql in statements:
        db.execute_sql(sql.replace("%", "%%") if double else sql)
