"""Dropped rows that are kept aside: put back by the way back, removed by `purge`."""

from __future__ import annotations

import pytest

from support import reading
from support.changes_of_migrations import CASES, LEAGUE
from support.projects import CONFIG, Project
from support.undone import (
    FIRST,
    NEXT,
    differences,
    in_process,
    rows_of,
    schema_of,
    without_backward,
)

LOSING = [name for name, case in CASES.items() if case.lost and "not null" not in name]
KEEPING = f"{CONFIG}keep_dropped = True\n"


def kept_tables(project: Project) -> list[str]:
    return [name for name in reading.tables(project.url) if name.startswith("wheatear_kept_")]


@pytest.fixture
def keeping(project: Project) -> Project:
    """A project that keeps what it drops, with the league in its database."""
    project.write("migrations_config.py", KEEPING)
    project.migration(FIRST, LEAGUE)
    in_process(project, keep_dropped=True).migrate()
    return project


@pytest.mark.parametrize("name", LOSING)
def test_what_was_dropped_is_put_back(keeping: Project, name: str) -> None:
    (_, before), rows = schema_of(keeping), rows_of(keeping)
    without_backward(keeping, NEXT, CASES[name].forward)
    in_process(keeping, keep_dropped=True).migrate()
    assert kept_tables(keeping)
    assert in_process(keeping).status().drift == ()
    in_process(keeping).migrate(backward=True)
    assert differences(before, keeping) == ()
    assert rows_of(keeping) == rows
    assert kept_tables(keeping) == []
