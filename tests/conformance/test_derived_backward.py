"""The way back that nobody wrote: what a migration did, undone by what its record says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support import reading
from support.changes_of_migrations import CASES, Case
from support.projects import Project
from support.terminal import ESCAPE, on_a_terminal
from support.undone import (
    FIRST,
    NEXT,
    differences,
    in_process,
    league,
    remaining,
    rows_of,
    schema_of,
    told,
    without_backward,
)
from wheatear.errors import HistoryError, MigrationFailedError, MigrationFileError, UsageError
from wheatear.events import Planned
from wheatear.schema.diff import compare


def cases(engine: str) -> list[str]:
    return [name for name, case in CASES.items() if engine in case.engines]


@pytest.mark.parametrize("name", cases("sqlite"))
def test_what_a_migration_did_is_undone(on_sqlite: Project, name: str) -> None:
    there_and_back_twice(on_sqlite, CASES[name])


@pytest.mark.long
@pytest.mark.parametrize(
    ("engine", "name"),
    [(engine, name) for engine in ("postgresql", "mariadb") for name in cases(engine)],
)
def test_what_a_migration_did_is_undone_on_servers(project_in_memory: Project, name: str) -> None:
    there_and_back_twice(project_in_memory, CASES[name])


def there_and_back_twice(project: Project, case: Case) -> None:
    league(project)
    (policy, before), rows = schema_of(project), rows_of(project)
    path = without_backward(project, NEXT, case.forward)
    in_process(project).migrate()
    _, there = schema_of(project)
    assert compare(before, there, policy=policy).changes
    lines = [f"{NEXT} is reverted by its record, since its file has no migrate_backward()."]
    lines += [f"  {line}" for line in case.told]
    (said,) = told(in_process(project))
    if case.told != ("*",):
        assert said.splitlines() == lines
    assert differences(before, project) == ()
    assert remaining(rows_of(project), case.lost) == remaining(rows, case.lost)
    # There again, and back without the file.
    in_process(project).migrate()
    assert differences(there, project) == ()
    path.unlink()
    told(in_process(project), yes=True)
    assert differences(before, project) == ()
    assert remaining(rows_of(project), case.lost) == remaining(rows, case.lost)


PLAYER = """
class Player(Model):
    name = CharField(max_length=40)

    class Meta:
        database = db
        table_name = 'player'

db.create_tables([Player])
Player.insert_many([{'name': 'Ann'}, {'name': 'Bob'}]).execute()
"""
ADD = "migrate(migrator.add_column('player', 'age', IntegerField(default=7)))"


def player(project: Project) -> Any:
    """A project whose second migration, without a way back of its own, adds a column."""
    project.migration(FIRST, PLAYER, "db.execute_sql('DROP TABLE player')")
    path = without_backward(project, NEXT, ADD)
    assert project.run("migrate").code == 0
    return path


LOSES = "  lost: the values of column age of table player\n"
WITHOUT = f"{NEXT} is reverted by its record, since its file has no migrate_backward().\n{LOSES}"
MISSING = f"{NEXT} is reverted by its record, since its file is missing.\n{LOSES}"


def test_what_is_lost_is_said_before_it_runs(project: Project) -> None:
    player(project)
    assert project.run("migrate", "--backward").told == (0, f"  reverted {NEXT}  N s\n", WITHOUT)
    assert list(reading.columns(project.url, "player")) == ["id", "name"]
    assert reading.rows(project.url, "player") == [(1, "Ann"), (2, "Bob")]


def test_status_says_whose_way_back_is_derived(project: Project) -> None:
    path = player(project)
    status = project.run("status").out.splitlines()
    assert status[1:] == [
        f"applied      {FIRST:<40} TIME UTC  N s  WHO",
        f"applied      {NEXT:<40} TIME UTC  N s  WHO  backward: derived",
    ]
    path.unlink()
    found = json.loads(project.run("status", "--json").out)["migrations"]
    assert [(one["state"], one["derived"]) for one in found] == [
        ("applied", False), ("missing", True),
    ]  # fmt: skip


def test_a_missing_file_is_asked_about(project: Project) -> None:
    player(project).unlink()
    code, said = on_a_terminal(project, "migrate", "--backward", types="n\n")
    assert code == 1
    echoed, _, rest = said.partition("\n")
    assert echoed == "n"
    assert rest.startswith(f"{MISSING}Revert {NEXT} without a file? [y/N]: ")
    assert ESCAPE.sub("", said).endswith(
        "error: Not reverted: the answer was no.\n"
        "  state: nothing was changed.\n"
        "  next:  put the file back to revert it by that.\n"
    )
    assert "age" in reading.columns(project.url, "player")
    code, said = on_a_terminal(project, "migrate", "--backward", types="y\n")
    assert code == 0
    assert "age" not in reading.columns(project.url, "player")


def test_a_missing_file_without_a_terminal_takes_yes(project: Project) -> None:
    player(project).unlink()
    assert project.run("migrate", "--backward").told == (
        2,
        "",
        f"{MISSING}error: {NEXT} would be reverted by the record, since its file is not in the "
        "migrations folder.\n"
        "  state: nothing was changed.\n"
        "  next:  if that is meant, say --yes (from Python: yes=True); else put the file back.\n",
    )
    assert "age" in reading.columns(project.url, "player")
    told = project.run("migrate", "--backward", "--yes").told
    assert told == (0, f"  reverted {NEXT}  N s\n", MISSING)
    assert reading.history(project.url)[-1] == (NEXT, "backward", "done")


def test_from_python(project: Project) -> None:
    player(project).unlink()
    with pytest.raises(UsageError, match="--yes"):
        in_process(project).migrate(backward=True)
    asked: list[str] = []
    with pytest.raises(HistoryError, match="the answer was no"):
        in_process(project).migrate(backward=True, ask=asked.append)
    assert asked == [f"Revert {NEXT} without a file?"]
    result = in_process(project).migrate(backward=True, yes=True)
    assert (result.names, result.by_record) == ([NEXT], (NEXT,))


def test_a_dry_run_says_the_same(project: Project) -> None:
    player(project)
    assert project.run("migrate", "--backward", "--steps", "2", "--dry-run").told == (
        0,
        f"Would revert, in this order:\n  {NEXT} (by its record)\n  {FIRST}\n",
        WITHOUT,
    )
    assert "age" in reading.columns(project.url, "player")


def test_a_table_that_was_changed_by_hand_is_refused(project: Project) -> None:
    player(project)
    reading.execute(project.url, "ALTER TABLE player ADD COLUMN extra INTEGER")
    ended = project.run("migrate", "--backward")
    assert (ended.code, ended.out) == (1, "")
    head, shown, *rest = ended.err.splitlines()
    assert head == (
        f"error: {NEXT} cannot be reverted by its record: what it touched was changed by other "
        "means since."
    )
    assert shown.startswith("  where: column player.extra is only in the database now (")
    assert "\n".join(rest) == (
        "  state: nothing was changed.\n"
        "  next:  change that back, then run the command again; or write `def migrate_backward():` "
        "in its file; or, if the database is as it was before this migration, record that with "
        "`migrate --backward --fake`."
    )
    reading.execute(project.url, "ALTER TABLE player DROP COLUMN extra")
    assert project.run("migrate", "--backward").code == 0


def test_another_table_may_have_been_changed_by_hand(project: Project) -> None:
    player(project)
    reading.execute(project.url, "CREATE TABLE extra (id INTEGER PRIMARY KEY)")
    assert project.run("migrate", "--backward").code == 0
    assert "extra" in reading.tables(project.url)


def test_changed_between_the_look_and_the_lock(project: Project) -> None:
    """The tables are looked at again where nobody else migrates; here a listener is faster."""
    player(project)

    def change(event: Any) -> None:
        if isinstance(event, Planned):
            reading.execute(project.url, "ALTER TABLE player ADD COLUMN extra INTEGER")

    with pytest.raises(HistoryError, match="changed by other means"):
        in_process(project).migrate(backward=True, listener=change)
    assert {"age", "extra"} <= set(reading.columns(project.url, "player"))
    reading.execute(project.url, "ALTER TABLE player DROP COLUMN extra")
    assert in_process(project).migrate(backward=True).names == [NEXT]


def test_several_in_a_row_with_and_without_files(project: Project) -> None:
    project.migration(FIRST, PLAYER, "db.execute_sql('DROP TABLE player')")
    _, before = schema_of(in_process_migrated(project))
    for number, forward in enumerate(
        (
            ADD,
            "migrate(migrator.rename_table('player', 'gamer'))",
            "migrate(migrator.rename_column('gamer', 'age', 'years'))",
            "migrate(migrator.add_index('gamer', ('years',)))",
        )
    ):
        without_backward(project, f"2026020{number}_000000_step", forward)
    project.migration(
        "20260209_000000_own",
        "migrate(migrator.drop_column('gamer', 'years'))",
        "migrate(migrator.add_column('gamer', 'years', IntegerField(default=7)),"
        " migrator.add_index('gamer', ('years',)))",
    )
    in_process(project).migrate()
    (project.folder / "20260202_000000_step.py").unlink()
    result = in_process(project).migrate(backward=True, to=FIRST, yes=True)
    steps = [f"2026020{number}_000000_step" for number in (3, 2, 1, 0)]
    assert result.names == ["20260209_000000_own", *steps]
    assert list(result.by_record) == steps
    assert differences(before, project) == ()
    assert reading.rows(project.url, "player") == [(1, "Ann"), (2, "Bob")]


def in_process_migrated(project: Project) -> Project:
    in_process(project).migrate()
    return project


def test_a_rename_keeps_the_rows(project: Project) -> None:
    project.migration(FIRST, PLAYER)
    without_backward(
        project,
        NEXT,
        "migrate(migrator.rename_table('player', 'gamer'),"
        " migrator.rename_column('gamer', 'name', 'nick'))",
    )
    in_process(project).migrate()
    (said,) = told(in_process(project))
    assert said == f"{NEXT} is reverted by its record, since its file has no migrate_backward()."
    assert reading.rows(project.url, "player") == [(1, "Ann"), (2, "Bob")]


def test_what_only_changes_rows_has_no_way_back(project: Project) -> None:
    project.migration(FIRST, PLAYER)
    path = without_backward(project, NEXT, "db.execute_sql('UPDATE player SET name = id')")
    in_process(project).migrate()
    ended = project.run("migrate", "--backward")
    assert (ended.code, ended.err.splitlines()[0]) == (
        1, f"error: {NEXT} cannot be reverted: its file has no migrate_backward(), and it changed "
        "rows, which no record undoes.",
    )  # fmt: skip
    assert project.run("migrate", "--backward", "--dry-run").told == ended.told
    assert in_process(project).status().migrations[-1].derived is False
    path.unlink()
    ended = project.run("migrate", "--backward", "--yes")
    assert ended.err.splitlines()[0] == (
        f"error: {NEXT} cannot be reverted: its file is not in the migrations folder."
    )


NOTHING = {
    "skip": "if 'name' not in [it.name for it in db.get_columns('player')]: 1 / 0",
    "safe": "db.execute_sql('CREATE TABLE IF NOT EXISTS player (id INTEGER)')",
    "gone": "migrate(migrator.drop_table('gone', safe=True))",
    "null": "migrate(migrator.drop_not_null('player', 'id2'))",
    "type": "migrate(migrator.alter_column_type('player', 'id2', IntegerField(null=True)))",
}


def test_what_changed_nothing_is_reverted(project: Project) -> None:
    """Also where nothing may be written: what is behind it can be reverted too."""
    project.migration(FIRST, f"{PLAYER}\ndb.execute_sql('ALTER TABLE player ADD id2 INTEGER')")
    names = [f"20260301_00000{at}_{name}" for at, name in enumerate(NOTHING)]
    for name, body in zip(names, NOTHING.values(), strict=True):
        without_backward(project, name, body)
    assert project.run("migrate").code == 0
    before = reading.dump(project.url)
    assert [it.derived for it in in_process(project).status().migrations] == [False, *[True] * 5]
    said = told(in_process(project), steps=5)
    assert said[0].splitlines()[1:] == ["  it changed nothing, so there is nothing to undo"]
    assert reading.dump(project.url) == before
    assert len(reading.history(project.url)) == 11


@pytest.mark.parametrize(
    "body",
    [
        "db.execute_sql('DROP TABLE a')\ndb.execute_sql('CREATE TABLE a (id INTEGER)')",
        "db.execute_sql('SELECT abs(1)')",
        "db.execute_sql('CREATE TABLE IF NOT EXISTS temp.b (id INTEGER)')",
        "db.execute_sql('UPDATE a SET id = id')",
        "migrate(migrator.alter_column_type('player', 'name', CharField(max_length=40), '1'))",
    ],
)
def test_what_may_have_changed_rows_is_not_nothing(on_sqlite: Project, body: str) -> None:
    on_sqlite.migration(FIRST, f"{PLAYER}\ndb.execute_sql('CREATE TABLE a (id INTEGER)')")
    without_backward(on_sqlite, NEXT, body)
    in_process(on_sqlite).migrate()
    assert in_process(on_sqlite).status().migrations[-1].derived is False


def test_a_file_that_has_its_own_way_back_goes_by_it(project: Project) -> None:
    project.migration(FIRST, PLAYER)
    project.migration(NEXT, ADD, "migrate(migrator.drop_column('player', 'age'))")
    in_process(project).migrate()
    assert told(in_process(project)) == []


def test_records_of_an_earlier_version_say_nothing(project: Project) -> None:
    player(project)
    reading.execute(project.url, "ALTER TABLE wheatear_history DROP COLUMN touched")
    ended = project.run("migrate", "--backward")
    assert ended.err.splitlines()[0] == (
        f"error: {NEXT} cannot be reverted: its file has no migrate_backward()."
    )
    assert in_process(project).status().migrations[-1].derived is False


@pytest.mark.parametrize("text", ["{", "[]", '{"form": 1}', '{"form": 1, "before": 1, "after": 2}'])
def test_a_record_that_is_none(on_sqlite: Project, text: str) -> None:
    player(on_sqlite)
    reading.execute(on_sqlite.url, f"UPDATE wheatear_history SET touched = '{text}'")
    with pytest.raises(HistoryError, match=f"What the record of {NEXT} says cannot be understood"):
        in_process(on_sqlite).migrate(backward=True)


def test_a_record_of_a_later_version_is_none(on_sqlite: Project) -> None:
    player(on_sqlite)
    reading.execute(on_sqlite.url, "UPDATE wheatear_history SET touched = '{\"form\": 2}'")
    with pytest.raises(MigrationFileError, match="has no migrate_backward"):
        in_process(on_sqlite).migrate(backward=True)


def test_a_failed_recording_is_no_failed_migration(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.migration(FIRST, PLAYER)
    migrations = in_process(project)
    monkeypatch.setattr(type(migrations.project.engine), "recorder", lambda _: 1 / 0)
    assert migrations.migrate().names == [FIRST]
    assert in_process(project).status().migrations[-1].derived is False


def test_what_cannot_be_undone_is_rolled_back(project: Project, engine: str) -> None:
    """Two rows would have the same value in a column that was unique."""
    project.migration(FIRST, PLAYER)
    in_process(project).migrate()
    reading.execute(project.url, "CREATE UNIQUE INDEX one_name ON player (name)")
    without_backward(project, NEXT, "migrate(migrator.drop_index('player', 'one_name'))")
    in_process(project).migrate()
    reading.execute(project.url, "UPDATE player SET name = 'Ann'")
    with pytest.raises(MigrationFailedError) as caught:
        in_process(project).migrate(backward=True)
    assert caught.value.what.startswith(f"{NEXT} failed: ")
    assert caught.value.state in {
        f"{NEXT} was rolled back: nothing of it stays.",
        f"{NEXT} had changed nothing yet.",
    }
    assert reading.indexes(project.url, "player") == {}
    assert in_process(project).status().names("applied") == [FIRST, NEXT]


def test_what_stands_beside_the_schema_is_named(new_project: Any) -> None:
    project = new_project("postgresql")
    project.migration(FIRST, PLAYER)
    without_backward(
        project,
        NEXT,
        "db.execute_sql('CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS $$SELECT 1$$')\n"
        "db.execute_sql('GRANT SELECT ON player TO postgres')\n"
        "db.execute_sql('ALTER TABLE player ADD COLUMN x integer DEFAULT one()')",
    )
    in_process(project).migrate()
    (said,) = told(in_process(project))
    assert said.splitlines()[1:] == [
        "  lost: the values of column x of table player",
        "  not undone: CREATE FUNCTION one …",
        "  not undone: GRANT SELECT ON player …",
    ]


def test_savepoints_of_a_migration_are_followed(on_sqlite: Project) -> None:
    """A rename that was taken back is none."""
    on_sqlite.migration(FIRST, PLAYER)
    without_backward(
        on_sqlite,
        NEXT,
        "try:\n    with db.atomic():\n"
        "        db.execute_sql('ALTER TABLE player RENAME COLUMN name TO nick')\n"
        "        raise LookupError\nexcept LookupError:\n    pass\n"
        "db.execute_sql('ALTER TABLE player ADD COLUMN nick TEXT')\n"
        "db.execute_sql('ALTER TABLE player DROP COLUMN name')",
    )
    in_process(on_sqlite).migrate()
    (said,) = told(in_process(on_sqlite))
    assert said.splitlines()[1:] == [
        "  lost: the values of column nick of table player",
        "  column name of table player comes back with an empty value in each row",
    ]
    assert reading.rows(on_sqlite.url, "player") == [(1, ""), (2, "")]
