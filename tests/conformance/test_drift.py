"""What was changed by other means than a migration: seen, said, and never in the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.projects import Project
from support.reading import execute
from wheatear import Migrations, connect
from wheatear.errors import MigrationFailedError

TABLE = "db.execute_sql('CREATE TABLE {0} (id INTEGER PRIMARY KEY, name VARCHAR(40))')"


def migrated(project: Project, *names: str) -> Project:
    for number, name in enumerate(names, 1):
        forward = TABLE.format(name)
        back = f"db.execute_sql('DROP TABLE {name}')"
        project.migration(f"202601{number:02}_000000_{name}", forward, back)
    assert in_process(project).migrate().failed is None
    return project


def in_process(project: Project, **options: Any) -> Migrations:
    return Migrations(connect(project.url), project.folder, **options)


def drift(project: Project, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = in_process(project, **options).status().to_dict()["drift"]
    return found


def kept(project: Project) -> list[Any]:
    sql = "SELECT fingerprint, left_behind FROM wheatear_history ORDER BY id"
    return [(bool(one), bool(two)) for one, two in execute(project.url, sql)]


def test_what_was_changed_by_hand_is_said(project: Project) -> None:
    migrated(project, "team")
    assert drift(project) == []
    execute(
        project.url,
        "ALTER TABLE team ADD COLUMN city VARCHAR(40)",
        "CREATE INDEX by_name ON team (name)",
        "CREATE TABLE extra (id INTEGER)",
    )
    told = [(one["kind"], one["table"], one["column"]) for one in drift(project)]
    assert told == [("column", "team", "city"), ("index", "team", "name"), ("table", "extra", None)]
    assert json.loads(project.run("status", "--json").out)["drift"] == drift(project)
    ended = project.run("status", "--check")
    assert ended.code == 1
    assert "The schema was changed by other means since the last migration (3):" in ended.out
    assert "  column team.city is only in the database now (" in ended.out
    assert "  table team: index by_name (name) is only in the database now" in ended.out
    assert "  table extra is only in the database now" in ended.out


def test_what_was_undone_by_hand_is_no_drift(project: Project) -> None:
    migrated(project, "team")
    execute(project.url, "CREATE TABLE extra (id INTEGER)", "DROP TABLE extra")
    assert drift(project) == []


def test_what_is_missing_is_said(project: Project) -> None:
    migrated(project, "team", "player")
    execute(project.url, "DROP TABLE team")
    (one,) = drift(project)
    assert one["text"] == "table team is only after the last migration"


def test_the_next_run_takes_it_as_it_is(project: Project) -> None:
    migrated(project, "team")
    execute(project.url, "CREATE TABLE extra (id INTEGER)")
    assert drift(project)
    migrated(project, "team", "player")
    assert drift(project) == []
    assert kept(project) == [(True, False), (True, True)]
    in_process(project).migrate(backward=True)
    assert drift(project) == []


def test_one_read_a_run(project: Project) -> None:
    migrated(project, "a", "b", "c")
    assert kept(project) == [(False, False), (False, False), (True, True)]


def test_a_run_that_failed_later_keeps_what_was_done_before(project: Project) -> None:
    project.migration("20260101_000000_team", TABLE.format("team"))
    project.migration("20260102_000000_fails", "1 / 0")
    with pytest.raises(MigrationFailedError):
        in_process(project).migrate()
    assert (True, True) in kept(project)
    execute(project.url, "CREATE TABLE extra (id INTEGER)")
    assert [one["table"] for one in drift(project)] == ["extra"]


def test_tables_to_ignore(project: Project) -> None:
    migrated(project, "team")
    execute(project.url, "CREATE TABLE cache_1 (id INTEGER)")
    assert drift(project)
    assert drift(project, ignore_tables=["cache_*"]) == []


def test_a_history_of_an_earlier_version_has_none(project: Project) -> None:
    migrated(project, "team")
    execute(
        project.url,
        "ALTER TABLE wheatear_history DROP COLUMN fingerprint",
        "ALTER TABLE wheatear_history DROP COLUMN left_behind",
        "CREATE TABLE extra (id INTEGER)",
    )
    assert drift(project) == []
    migrated(project, "team", "player")  # adds the columns
    assert kept(project) == [(False, False), (True, True)]


@pytest.mark.parametrize("text", ["", "{", '{"reading": 0}', '{"reading": 2, "dialect": "old"}'])
def test_what_cannot_be_compared_is_not_said(on_sqlite: Project, text: str) -> None:
    migrated(on_sqlite, "team")
    execute(on_sqlite.url, f"UPDATE wheatear_history SET left_behind = '{text}'")
    execute(on_sqlite.url, "CREATE TABLE extra (id INTEGER)")
    assert drift(on_sqlite) == []


def test_a_run_does_not_fail_of_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.migration("20260101_000000_team", TABLE.format("team"))
    migrations = in_process(project)
    monkeypatch.setattr("wheatear.drift._fingerprint", _raise)
    assert migrations.migrate().names == ["20260101_000000_team"]
    monkeypatch.undo()
    assert kept(project) == [(False, False)]
    assert migrations.status().drift == ()


def test_nothing_pending_reads_no_schema(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    migrated(project, "team")
    migrations = in_process(project)
    monkeypatch.setattr(type(migrations.project.engine), "kept", _raise)
    monkeypatch.setattr(type(migrations.project.engine), "read_schema", _raise)
    assert migrations.migrate().planned == ()


def _raise(*_: Any) -> None:
    raise AssertionError("the schema was read")


def test_virtual_tables_and_what_depends_on_each_other(on_sqlite: Project) -> None:
    migrated(on_sqlite, "team")
    execute(
        on_sqlite.url,
        "CREATE VIRTUAL TABLE search USING fts5(body)",
        "CREATE TABLE search_mine (id INTEGER)",
        "CREATE VIEW aa AS SELECT * FROM zz",
        "CREATE VIEW zz AS SELECT * FROM team",
        "CREATE TRIGGER tt AFTER INSERT ON team BEGIN INSERT INTO search VALUES (new.name); END",
    )
    migrated(on_sqlite, "team", "player")
    assert drift(on_sqlite) == []
    execute(on_sqlite.url, "DROP VIEW aa")
    assert [(one["kind"], one["text"][:7]) for one in drift(on_sqlite)] == [("view", "view aa")]


def test_what_can_no_longer_be_said_is_at_least_noticed(on_sqlite: Project) -> None:
    migrated(on_sqlite, "team")
    db = connect(on_sqlite.url)
    db.register_collation(lambda one, other: 0, "mine")
    on_sqlite.migration(
        "20260201_000000_collation",
        "db.execute_sql('CREATE TABLE own (name TEXT COLLATE mine)')\n"
        "db.execute_sql('CREATE INDEX by_own ON own (name)')",
    )
    Migrations(db, on_sqlite.folder).migrate()
    execute(on_sqlite.url, "CREATE TABLE extra (id INTEGER)")
    assert [one["text"] for one in drift(on_sqlite)] == ["the schema is not what it was"]
