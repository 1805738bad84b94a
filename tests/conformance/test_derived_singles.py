"""Each single change that a model can undergo, made by a migration that has no way back."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.databases import DatabaseUnderTest, create_database
from support.single_changes import SINGLES, Single, before_and_after, on_engines
from support.written import filled, opened
from wheatear import Migrations
from wheatear.engines import engine_for
from wheatear.schema.changes import RenameColumn, RenameTable
from wheatear.schema.diff import compare
from wheatear.schema.model import Schema
from wheatear.schema.ours import is_ours
from wheatear.schema.way_back import unnamed_like
from wheatear.schema.writer import body, indented

NAME = "20260101_000000_change"


@pytest.mark.parametrize(
    "single",
    [single for single in SINGLES if "sqlite" in single.engines][::8],
    ids=lambda single: single.name,
)
def test_some_changes_there_and_back(tmp_path: Path, single: Single) -> None:
    _there_and_back(create_database("sqlite", tmp_path), tmp_path / "migrations", single)


@pytest.mark.long
@on_engines(SINGLES)
def test_each_change_there_and_back(
    database_in_memory: DatabaseUnderTest, tmp_path: Path, single: Single
) -> None:
    _there_and_back(database_in_memory, tmp_path / "migrations", single)


def _there_and_back(database: DatabaseUnderTest, folder: Path, single: Single) -> None:
    first, second = before_and_after(single)
    db = database.connect()
    engine = engine_for(db)
    folder.mkdir()
    with opened(engine), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        db.create_tables(first.models(db))
        filled(db)
        here, rows = engine.read_schema(), _rows(engine)
        there = engine.schema_of_models(second.models(db))
        policy = engine.policy()
        found = compare(here, there, renames=single.likely(here, there), policy=policy)
        _write(folder, body(found.changes, here, there, engine.spelling(), fills=single.fills))
        if not found.changes:
            return
        Migrations(db, folder, keep_dropped=True).migrate()
        Migrations(db, folder).migrate(backward=True)
        now = engine.read_schema()
        both = unnamed_like(here, here), unnamed_like(now, here)
        assert compare(*both, policy=replace(policy, names=True)).changes == ()
        assert _without_converted(_rows(engine), found.changes) == _without_converted(
            rows, found.changes
        )
    db.close()


def _write(folder: Path, written: Any) -> None:
    lines = [*written.imports, "from playhouse.migrate import *"]
    lines += ["from migrations_config import db, migrator", "", "", *written.definitions]
    lines += ["", "", "def migrate_forward():", *indented(written.lines or ("pass",))]
    (folder / f"{NAME}.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(engine: Any) -> dict[str, list[dict[str, Any]]]:
    found = {}
    schema: Schema = engine.read_schema()
    for table in schema.tables:
        if is_ours(table.name):
            continue
        names = [column.name for column in table.columns]
        quoted = ", ".join(name.join(engine.db.quote) for name in names)
        rows = engine.db.execute_sql(
            f"SELECT {quoted} FROM {table.name.join(engine.db.quote)}"
        ).fetchall()
        found[table.name] = [
            {name: repr(value) for name, value in zip(names, row, strict=True)} for row in rows
        ]
    return found


def _without_converted(
    rows: dict[str, list[dict[str, Any]]], changes: Any
) -> dict[str, list[dict[str, Any]]]:
    """Without the columns whose type or NULLs were changed: values may have been, too."""
    tables = {one.new: one.old for one in changes if isinstance(one, RenameTable)}
    columns = {(one.table, one.new): one.old for one in changes if isinstance(one, RenameColumn)}
    converted = set()
    for one in changes:
        after = getattr(one, "after", None)
        if hasattr(one, "table") and hasattr(after, "type"):
            name = columns.get((one.table, after.name), after.name)
            converted.add((tables.get(one.table, one.table), name))
    return {
        table: sorted(
            (
                {name: value for name, value in row.items() if (table, name) not in converted}
                for row in found
            ),
            key=lambda row: sorted(row.items()),
        )
        for table, found in rows.items()
    }
