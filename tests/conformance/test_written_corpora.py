"""Schemas that others wrote: read, written as one migration, run on nothing, read again: equal."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.corpora import ALL, load, with_functions
from support.written import migration, opened, run
from wheatear.engines import engine_for
from wheatear.schema.diff import Policy, compare
from wheatear.schema.model import Schema


@pytest.mark.long
@pytest.mark.parametrize(("engine", "name"), ALL)
def test_a_schema_as_one_migration(
    engine: str, name: str, new_database: Callable[[str], Any], tmp_path: Path
) -> None:
    theirs, ours = new_database(engine), new_database(engine)
    load(theirs, name)
    with opened(engine_for(theirs.connect())) as reading:
        wanted = reading.read_schema()
    assert len(wanted.tables) > 5
    with_functions(ours, name)
    with opened(engine_for(ours.connect())) as writing:
        policy = writing.policy()
        changes = compare(Schema(), wanted, policy=policy).changes
        text = migration(changes, Schema(), writing.spelling())
        _check_format(text, tmp_path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tables that point at each other are dropped in turn
            run(writing, text, "migrate_forward")
            made = writing.read_schema()
            run(writing, text, "migrate_backward")
            left = writing.read_schema()
    assert compare(made, wanted, policy=_with_names(policy)).changes == ()
    assert left == Schema()


def _with_names(policy: Policy) -> Policy:
    from dataclasses import replace

    return replace(policy, names=True)


def _check_format(text: str, folder: Path) -> None:
    (folder / "migration.py").write_text(text)
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run(
        [ruff, "format", "--isolated", "--diff", folder / "migration.py"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
