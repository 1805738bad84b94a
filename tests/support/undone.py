"""Migrations that are reverted, and what is there before and afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from support import reading
from support.changes_of_migrations import LEAGUE, TABLES
from support.projects import Project
from wheatear import Migrations, connect
from wheatear.engines import engine_for
from wheatear.engines.waiting import Waiting
from wheatear.events import Note
from wheatear.schema.diff import compare
from wheatear.schema.model import Schema
from wheatear.schema.way_back import unnamed_like

FIRST = "20260101_000000_league"
NEXT = "20260201_000000_next"


def without_backward(project: Project, name: str, forward: str) -> Any:
    path = project.migration(name, forward)
    text = path.read_text()
    path.write_text(text[: text.index("def migrate_backward")])
    return path


def in_process(project: Project, **options: Any) -> Migrations:
    return Migrations(connect(project.url), project.folder, **options)


def league(project: Project) -> Project:
    project.migration(FIRST, LEAGUE)
    assert in_process(project).migrate().names == [FIRST]
    return project


def schema_of(project: Project) -> tuple[Any, Schema]:
    engine = engine_for(connect(project.url))
    with engine.opened(Waiting(5.0, lambda _: None)):
        return replace(engine.policy(), names=True), engine.read_schema()


def differences(before: Schema, project: Project) -> Any:
    """Of what was and what is; where a constraint had no name it may have one."""
    policy, now = schema_of(project)
    both = unnamed_like(before, before), unnamed_like(now, before)
    return compare(*both, policy=policy).changes


def rows_of(project: Project) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for table in TABLES:
        names = list(reading.columns(project.url, table))
        rows = reading.execute(project.url, f"SELECT {', '.join(names)} FROM {table} ORDER BY id")
        found[table] = [dict(zip(names, row, strict=True)) for row in rows]
    return found


def remaining(rows: dict[str, list[dict[str, Any]]], lost: tuple[str, ...]) -> Any:
    return {
        table: [
            {name: value for name, value in row.items() if f"{table}.{name}" not in lost}
            for row in found
        ]
        for table, found in rows.items()
        if table not in lost
    }


def told(migrations: Migrations, **options: Any) -> list[str]:
    """What a run backward says before it begins."""
    found: list[str] = []

    def listener(event: Any) -> None:
        if isinstance(event, Note):
            found.append(event.text)

    migrations.migrate(backward=True, listener=listener, **options)
    return found
