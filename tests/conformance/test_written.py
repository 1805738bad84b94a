"""Each single change written as a migration, run there and back with rows, and kept as a file."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.databases import is_mysql
from support.single_changes import SINGLES, Single, before_and_after, on_engines
from support.written import emptied, filled, migration, opened, run, shared_values
from wheatear.engines import engine_for
from wheatear.schema.diff import compare
from wheatear.schema.model import Schema

GOLDEN = Path(__file__).parent / "golden"
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))


@pytest.fixture(scope="module", params=("sqlite", "postgresql", "mariadb"))
def engine(request: Any, tmp_path_factory: Any) -> Iterator[Any]:
    """One database for all changes: its tables are dropped after each."""
    tools = request.config.pluginmanager.get_plugin(str(Path(__file__).parents[1] / "conftest.py"))
    database = tools.create_database(request.param, tmp_path_factory.mktemp("written"))
    db = database.connect()
    found = engine_for(db)
    with opened(found):
        yield request.param, found
    tools.drop_database(database)


@pytest.fixture
def empty(engine: Any) -> Iterator[Any]:
    name, found = engine
    try:
        yield name, found
    finally:
        emptied(found)


@on_engines(SINGLES[::6])
def test_some_changes_there_and_back(empty: Any, single: Single) -> None:
    _there_and_back(*empty, single)


@pytest.mark.long
@on_engines(SINGLES)
def test_each_change_there_and_back(empty: Any, single: Single) -> None:
    _there_and_back(*empty, single)


def _there_and_back(name: str, engine: Any, single: Single) -> None:
    first, second = before_and_after(single)
    db = engine.db
    db.create_tables(first.models(db))
    filled(db)
    here = engine.read_schema()
    there = engine.schema_of_models(second.models(db))
    policy = engine.policy()
    found = compare(here, there, renames=single.likely(here, there), policy=policy)
    text = migration(found.changes, here, engine.spelling(), single.fills)
    _compare_with_golden(name, f"{single.name}.py", text)
    kept = shared_values(db, here, there, found.changes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run(engine, text, "migrate_forward")
        made = engine.read_schema()
        assert _differs(made, there, policy) == ()
        assert _new_names(made, here) == _new_names(there, here)
        assert shared_values(db, here, there, found.changes, forward=True) == kept
        run(engine, text, "migrate_backward")
    # On SQLite a constraint needs no name; one that is added may get one.
    assert _differs(engine.read_schema(), here, replace(policy, names=name != "sqlite")) == ()
    assert shared_values(db, here, there, found.changes) == kept


def _differs(here: Schema, there: Schema, policy: Any) -> Any:
    return compare(here, there, policy=policy).changes


def _new_names(schema: Schema, before: Schema) -> set[tuple[str, str]]:
    """The names of new tables' indexes: the way back drops them by name."""
    return {
        (table.name, index.name)
        for table in schema.tables
        if before.table(table.name) is None
        for index in table.indexes
    }


def _compare_with_golden(name: str, file: str, text: str) -> None:
    """MySQL has files of its own only of what it says otherwise than MariaDB."""
    path = GOLDEN / name / file
    own = GOLDEN / "mysql" / file
    if name == "mariadb" and is_mysql():
        if UPDATE:
            own.unlink(missing_ok=True)
        path = own if text != path.read_text() else path
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"{path} is not there: UPDATE_GOLDEN=1 writes it"
    assert text == path.read_text(), f"UPDATE_GOLDEN=1 writes {path} anew"


def test_the_files_are_as_the_formatter_leaves_them() -> None:
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run(
        [ruff, "format", "--isolated", "--check", GOLDEN], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_each_file_is_of_a_change() -> None:
    names = {(engine, f"{single.name}.py") for single in SINGLES for engine in single.engines}
    there = {(path.parent.name, path.name) for path in GOLDEN.glob("*/*.py")}
    assert {("mariadb" if kind == "mysql" else kind, file) for kind, file in there} == names
