"""Dropped rows that are kept aside: put back by the way back, removed by `purge`."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from support import reading
from support.changes_of_migrations import CASES, LEAGUE
from support.databases import is_mysql
from support.projects import CONFIG, Project
from support.undone import (
    FIRST,
    NEXT,
    differences,
    in_process,
    rows_of,
    schema_of,
    told,
    without_backward,
)
from wheatear.errors import ConfigError, MigrationFailedError
from wheatear.events import Note

LOSING = [name for name, case in CASES.items() if case.lost and "not null" not in name]
KEEPING = f"{CONFIG}keep_dropped = True\n"


def kept_tables(project: Project) -> list[str]:
    return [name for name in reading.tables(project.url) if name.startswith("wheatear_kept_")]


@pytest.mark.parametrize("name", LOSING)
def test_what_was_dropped_is_put_back(on_sqlite: Project, name: str) -> None:
    there_and_back(on_sqlite, name)


@pytest.mark.long
@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
@pytest.mark.parametrize("name", LOSING)
def test_what_was_dropped_is_put_back_on_servers(project: Project, name: str) -> None:
    there_and_back(project, name)


def there_and_back(project: Project, name: str) -> None:
    project.migration(FIRST, LEAGUE)
    in_process(project, keep_dropped=True).migrate()
    (_, before), rows = schema_of(project), rows_of(project)
    without_backward(project, NEXT, CASES[name].forward)
    in_process(project, keep_dropped=True).migrate()
    assert kept_tables(project)
    assert in_process(project).status().drift == ()
    in_process(project).migrate(backward=True)
    assert differences(before, project) == ()
    assert rows_of(project) == rows
    assert kept_tables(project) == []


PLAYER = """
class Player(Model):
    name = CharField(max_length=40)
    note = TextField(null=True)

    class Meta:
        database = db
        table_name = 'player'

db.create_tables([Player])
Player.insert_many([
    {'name': 'Ann', 'note': '007'}, {'name': 'Bob', 'note': None}, {'name': 'Cid', 'note': '%s'},
]).execute()
"""
DROP = "migrate(migrator.drop_column('player', 'note'))"
ROWS = [(1, "Ann", "007"), (2, "Bob", None), (3, "Cid", "%s")]


@pytest.fixture
def player(project: Project) -> Project:
    """A project that keeps what it drops; its second migration drops a column."""
    project.write("migrations_config.py", KEEPING)
    project.migration(FIRST, PLAYER, "db.execute_sql('DROP TABLE player')")
    without_backward(project, NEXT, DROP)
    assert project.run("migrate").told[0] == 0
    assert kept_tables(project) == ["wheatear_kept_1"]
    return project


def test_it_is_said_what_comes_back(player: Project) -> None:
    assert player.run("migrate", "--backward").told == (
        0,
        f"  reverted {NEXT}  N s\n",
        f"{NEXT} is reverted by its record, since its file has no migrate_backward().\n"
        "  column note of table player comes back with what was kept of 3 rows\n",
    )
    assert reading.rows(player.url, "player") == ROWS
    assert kept_tables(player) == []


def test_a_files_own_way_back_gets_it_too(player: Project) -> None:
    player.migration(
        NEXT, DROP, "migrate(migrator.add_column('player', 'note', TextField(null=True)))"
    )
    in_process(player).migrate(backward=True)
    assert reading.rows(player.url, "player") == ROWS
    assert kept_tables(player) == []


def test_rows_that_came_and_went_meanwhile(player: Project) -> None:
    reading.execute(
        player.url,
        "DELETE FROM player WHERE id = 1",
        "INSERT INTO player (id, name) VALUES (9, 'Dan')",
        "UPDATE player SET name = 'Cyd' WHERE id = 3",
    )
    in_process(player).migrate(backward=True)
    assert reading.rows(player.url, "player") == [
        (2, "Bob", None), (3, "Cyd", "%s"), (9, "Dan", None),
    ]  # fmt: skip


def test_each_run_puts_back_its_own(player: Project) -> None:
    in_process(player).migrate(backward=True)
    reading.execute(player.url, "UPDATE player SET note = 'new' WHERE id = 2")
    in_process(player, keep_dropped=True).migrate()
    in_process(player).migrate(backward=True)
    assert reading.rows(player.url, "player") == [ROWS[0], (2, "Bob", "new"), ROWS[2]]


def test_purge_removes_what_is_old(player: Project) -> None:
    nothing = "Nothing to remove: nothing so old is kept.\n"
    assert player.run("purge", "--older-than", "1d").told == (0, nothing, "")
    reading.execute(player.url, "UPDATE wheatear_kept SET kept_at = '2020-02-02T20:20:20.000000Z'")
    what = f"column note of table player, 3 rows, dropped by {NEXT} on TIME UTC\n"
    told_ = player.run("purge", "--older-than", "30d", "--dry-run").told
    assert told_ == (0, f"  would remove {what}", "")
    assert kept_tables(player) == ["wheatear_kept_1"]
    assert player.run("purge", "--older-than", "30d").told == (0, f"  removed {what}", "")
    assert kept_tables(player) == []
    assert reading.execute(player.url, "SELECT count(*) FROM wheatear_kept") == [(0,)]
    (said,) = told(in_process(player))
    assert said.splitlines()[1:] == [
        "  column note of table player comes back with NULL in each row"
    ]
    assert reading.rows(player.url, "player") == [(one, two, None) for one, two, _ in ROWS]


def test_purge_of_all_from_python(player: Project) -> None:
    found = in_process(player).purge(timedelta(0))
    assert [(one.migration, one.what, one.rows) for one in found] == [
        (NEXT, "column note of table player", 3)
    ]
    assert kept_tables(player) == []


def test_purge_where_nothing_is(on_sqlite: Project) -> None:
    nothing = (0, "Nothing to remove: nothing so old is kept.\n", "")
    assert on_sqlite.run("purge", "--older-than", "0d").told == nothing
    assert not reading.exists(on_sqlite.url)
    on_sqlite.migration(FIRST, PLAYER)
    in_process(on_sqlite).migrate()
    assert on_sqlite.run("purge", "--older-than", "0d").told == nothing


@pytest.mark.parametrize("age", ["30", "d", "-1d", "1y", "9999999999999w"])
def test_purge_wants_an_age(on_sqlite: Project, age: str) -> None:
    ended = on_sqlite.run("purge", f"--older-than={age}")
    assert ended.code == 2
    assert f"'{age}' is no age such as 30d, 12h or 2w." in ended.err


def test_without_the_setting_nothing_is_kept(project: Project) -> None:
    project.migration(FIRST, PLAYER)
    without_backward(project, NEXT, DROP)
    in_process(project).migrate()
    assert [name for name in reading.tables(project.url) if "kept" in name] == []


def test_a_setting_that_is_none(on_sqlite: Project) -> None:
    on_sqlite.write("migrations_config.py", f"{CONFIG}keep_dropped = 'yes'\n")
    on_sqlite.migration(FIRST, PLAYER)
    assert on_sqlite.run("migrate").told == (
        1,
        "",
        "error: `keep_dropped` in migrations_config.py is neither True nor False but 'yes'.\n"
        "  where: ROOT/migrations_config.py\n"
        "  state: nothing was changed.\n"
        "  next:  write `keep_dropped = True` to keep dropped rows for the way back.\n",
    )
    with pytest.raises(ConfigError):
        in_process(on_sqlite, keep_dropped=1).migrate()


def test_without_a_primary_key_it_is_said_that_nothing_is_kept(project: Project) -> None:
    project.write("migrations_config.py", KEEPING)
    project.migration(
        FIRST,
        "db.execute_sql('CREATE TABLE log (day INTEGER, line VARCHAR(9))')\n"
        "db.execute_sql('INSERT INTO log VALUES (1, 2)')",
    )
    without_backward(project, NEXT, "migrate(migrator.drop_column('log', 'line'))")
    ended = project.run("migrate")
    assert ended.code == 0
    assert ended.err == (
        "warning: the values of column line of table log are not kept: without its primary key "
        "nothing says which row they belong to\n"
    )
    assert kept_tables(project) == []


def test_a_failed_migration_keeps_nothing(project: Project, engine: str) -> None:
    project.migration(FIRST, PLAYER)
    without_backward(project, NEXT, f"{DROP}\n1 / 0")
    in_process(project, keep_dropped=True).migrate(to=FIRST)
    with pytest.raises(MigrationFailedError):
        in_process(project, keep_dropped=True).migrate()
    assert kept_tables(project) == ([] if engine != "mariadb" else ["wheatear_kept_1"])


def test_a_table_that_is_only_made_anew_is_not_kept(project: Project) -> None:
    """SQLite copies a table for a UNIQUE; and a migration's own tables are nobody's rows."""
    project.migration(FIRST, PLAYER)
    without_backward(
        project,
        NEXT,
        "migrate(migrator.add_unique('player', 'name'))\n"
        "db.execute_sql('CREATE TABLE helper (id INTEGER PRIMARY KEY)')\n"
        "db.execute_sql('INSERT INTO helper VALUES (1)')\n"
        "db.execute_sql('DROP TABLE helper')",
    )
    in_process(project, keep_dropped=True).migrate()
    assert kept_tables(project) == []


def test_a_table_copied_by_hand(on_sqlite: Project) -> None:
    """The twelve steps of SQLite's manual: what the copy lacks is kept, and the rest is not."""
    on_sqlite.migration(FIRST, PLAYER)
    without_backward(
        on_sqlite,
        NEXT,
        "db.execute_sql('CREATE TABLE new_player (id INTEGER PRIMARY KEY, name VARCHAR(40))')\n"
        "db.execute_sql('INSERT INTO new_player SELECT id, name FROM player')\n"
        "db.execute_sql('DROP TABLE player')\n"
        "db.execute_sql('ALTER TABLE new_player RENAME TO player')",
    )
    in_process(on_sqlite, keep_dropped=True).migrate()
    (said,) = told(in_process(on_sqlite))
    assert "  column note of table player comes back with what was kept of 3 rows" in said
    rows = reading.execute(on_sqlite.url, "SELECT id, name, note FROM player ORDER BY id")
    assert rows == ROWS


def test_renamed_before_it_was_dropped(project: Project) -> None:
    project.migration(FIRST, PLAYER)
    without_backward(
        project,
        NEXT,
        "migrate(migrator.rename_table('player', 'gamer'))\ndb.execute_sql('DROP TABLE gamer')",
    )
    in_process(project, keep_dropped=True).migrate()
    (said,) = told(in_process(project))
    assert said.splitlines()[1:] == ["  table player comes back with what was kept of 3 rows"]
    assert reading.rows(project.url, "player") == ROWS
    reading.execute(project.url, "INSERT INTO player (name) VALUES ('Dan')")
    assert reading.execute(project.url, "SELECT max(id) FROM player") == [(4,)]


COPIED = """
db.execute_sql('ALTER TABLE player RENAME TO old')
db.execute_sql('CREATE TABLE player (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL)')
db.execute_sql('INSERT INTO player SELECT id, name FROM old')
db.execute_sql('DROP TABLE old')
"""
COUNTING = {  # the table is spelled otherwise than when it was made
    "sqlite": "db.execute_sql('CREATE TRIGGER t AFTER UPDATE ON PLAYER BEGIN "
    "INSERT INTO seen VALUES (1); END')",
    "postgresql": "db.execute_sql('CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN INSERT INTO seen VALUES (1); RETURN NEW; END$$')\n"
    "db.execute_sql('CREATE TRIGGER t AFTER UPDATE ON PLAYER FOR EACH ROW EXECUTE FUNCTION f()')",
}
MEMO = "migrate(migrator.rename_column('player', 'note', 'memo'))\n"
AFTER_A_RENAME = {
    "a column": f"{MEMO}migrate(migrator.drop_column('player', 'memo'))",
    "another column": "migrate(migrator.rename_column('player', 'id', 'number'))\n" + DROP,
    "another column, in one statement": "migrate(migrator.rename_column('player', 'id', 'number'), "
    "migrator.drop_column('player', 'note'))",
    "the table": f"{MEMO}migrate(migrator.drop_table('player'))",
    "the table, with a new column of the old name": f"{MEMO}"
    "migrate(migrator.add_column('player', 'note', TextField(default='new')))\n"
    "migrate(migrator.drop_table('player'))",
    "the table, by a name that was another's": "db.execute_sql('CREATE TABLE t (id INTEGER)')\n"
    "db.execute_sql('DROP TABLE t')\n"
    "migrate(migrator.rename_table('player', 't'))\ndb.execute_sql('DROP TABLE t')",
    "the table, copied first": COPIED,
    "the table, copied first, and a column": MEMO + COPIED,
}


@pytest.mark.parametrize("forward", AFTER_A_RENAME.values(), ids=AFTER_A_RENAME)
def test_what_was_renamed_first(project: Project, forward: str) -> None:
    """It is kept by the names that the way back will find."""
    project.migration(FIRST, PLAYER)
    without_backward(project, NEXT, forward)
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.execute(project.url, "SELECT id, name, note FROM player ORDER BY id") == ROWS
    assert kept_tables(project) == []


def test_a_copied_tables_rows_do_not_come_back(project: Project) -> None:
    project.migration(FIRST, PLAYER)
    without_backward(project, NEXT, COPIED)
    in_process(project, keep_dropped=True).migrate()
    reading.execute(project.url, "DELETE FROM player")
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, "player") == []


@pytest.mark.parametrize("note", ["", ", note TEXT"])
def test_a_table_that_is_made_anew_without_its_rows(project: Project, note: str) -> None:
    project.migration(FIRST, PLAYER)
    project.migration(
        NEXT,
        "db.execute_sql('DROP TABLE player')\n"
        f"db.execute_sql('CREATE TABLE player (id INTEGER PRIMARY KEY, name VARCHAR(40){note})')",
        "pass" if note else "db.execute_sql('ALTER TABLE player ADD COLUMN note TEXT')",
    )
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, "player") == ROWS
    assert kept_tables(project) == []


def test_what_finds_no_column_stays_kept(project: Project) -> None:
    project.migration(FIRST, PLAYER)
    project.migration(
        NEXT,
        "migrate(migrator.drop_table('player'))",
        "db.execute_sql('CREATE TABLE player (id INTEGER PRIMARY KEY, name VARCHAR(40))')",
    )
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, "player") == [(one, two) for one, two, _ in ROWS]
    assert reading.execute(project.url, "SELECT c3 FROM wheatear_kept_1 ORDER BY c1") == [
        ("007",), (None,), ("%s",),
    ]  # fmt: skip


def test_a_copy_that_was_only_begun_is_none(project: Project) -> None:
    """What a killed run has left on MariaDB: the note of a copy, and perhaps no copy."""
    project.migration(FIRST, PLAYER)
    project.migration(
        NEXT, DROP, "migrate(migrator.add_column('player', 'note', TextField(null=True)))"
    )
    in_process(project, keep_dropped=True).migrate()
    reading.execute(
        project.url,
        "INSERT INTO wheatear_kept (id, migration, run, table_name, store, kept_at) "
        "SELECT id + 1, migration, run, table_name, store, kept_at FROM wheatear_kept",
        "DELETE FROM player WHERE id = 1",
    )
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, "player") == ROWS[1:]


def test_names_that_differ_by_case(new_project: Any, engine: str) -> None:
    """Tables where that counts, and columns too; on SQLite only beyond ASCII."""
    project = new_project(engine)
    mark = "`" if engine == "mariadb" else '"'
    table = "player" if engine == "sqlite" else f"{mark}Player{mark}"
    first, second = {
        "sqlite": ("É", "é"),
        "postgresql": ('"Note"', "note"),
        "mariadb": ("memo", "note"),
    }[engine]
    project.migration(
        FIRST,
        f"db.execute_sql('''CREATE TABLE {table} (id INTEGER PRIMARY KEY, {first} INTEGER, "
        f"{second} INTEGER)''')\n"
        f"db.execute_sql('''INSERT INTO {table} VALUES (1, 2, 3)''')",
    )
    forward = f"db.execute_sql('''DROP TABLE {table}''')"
    if engine != "sqlite":
        forward = f"db.execute_sql('CREATE TABLE player (id INTEGER PRIMARY KEY)')\n{forward}"
    without_backward(project, NEXT, forward)
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, table) == [(1, 2, 3)]
    without_backward(
        project, NEXT, f"db.execute_sql('''ALTER TABLE {table} DROP COLUMN {second}''')"
    )
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, table) == [(1, 2, 3)]


@pytest.mark.parametrize("tables", ["parent, child", "child, parent"])
def test_tables_dropped_by_one_statement(new_project: Any, engine: str, tables: str) -> None:
    if engine == "sqlite":
        pytest.skip("SQLite drops one table at a time")
    project = new_project(engine)
    project.migration(
        FIRST,
        "db.execute_sql('CREATE TABLE parent (id INTEGER PRIMARY KEY)')\n"
        "db.execute_sql('CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL, "
        "FOREIGN KEY (parent_id) REFERENCES parent (id))')\n"
        "db.execute_sql('INSERT INTO parent VALUES (1)')\n"
        "db.execute_sql('INSERT INTO child VALUES (2, 1)')",
    )
    mysql = engine == "mariadb"
    off, on = (f"db.execute_sql('SET foreign_key_checks = {n}')" if mysql else "" for n in (0, 1))
    without_backward(project, NEXT, f"{off}\ndb.execute_sql('DROP TABLE {tables}')\n{on}")
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, "child") == [(2, 1)]


def test_several_statements_in_one_text(new_project: Any) -> None:
    project = new_project("postgresql")
    project.migration(FIRST, PLAYER)
    without_backward(
        project,
        NEXT,
        "db.execute_sql('CREATE TABLE b (id INTEGER PRIMARY KEY); ALTER TABLE player RENAME TO c; "
        "DROP TABLE b; DROP TABLE c')",
    )
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, "player") == ROWS


def test_a_lock_is_waited_for(new_project: Any) -> None:
    """The copy locks first what is dropped: it gives way as the drop itself does."""
    project = new_project("postgresql")
    project.migration(FIRST, PLAYER)
    without_backward(project, NEXT, DROP)
    in_process(project).migrate(to=FIRST)
    with closing(reading.connection(project.url)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM player")
        said: list[str] = []

        def listener(event: Any) -> None:
            if isinstance(event, Note):
                said.append(event.text)
                other.execute("COMMIT")

        in_process(project, keep_dropped=True).migrate(listener=listener)
    assert said[0].startswith(f"{NEXT} gave way to another connection's lock; next try in ")
    assert kept_tables(project) == ["wheatear_kept_1"]


def test_a_key_of_zero(new_project: Any) -> None:
    """MariaDB makes the next number of it, unless it is told not to."""
    project = new_project("mariadb")
    project.migration(FIRST, f"{PLAYER}\ndb.execute_sql('UPDATE player SET id = 0 WHERE id = 1')")
    without_backward(project, NEXT, "migrate(migrator.drop_table('player'))")
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, "player") == [(0, *ROWS[0][1:]), *ROWS[1:]]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_triggers_are_there_after_a_failure(new_project: Any, engine: str) -> None:
    """Also where each statement of the way back commits by itself."""
    project = new_project(engine)
    project.migration(
        FIRST, f"{PLAYER}\ndb.execute_sql('CREATE TABLE seen (n INTEGER)')\n{COUNTING[engine]}"
    )
    path = project.migration(
        NEXT, DROP, "db.execute_sql('ALTER TABLE player ADD COLUMN note TEXT DEFAULT 7 NOT NULL')"
    )
    path.write_text(path.read_text() + "\n\natomic = False\n")
    in_process(project, keep_dropped=True).migrate()
    with pytest.raises(MigrationFailedError, match="note"):  # which is NULL in what was kept
        in_process(project).migrate(backward=True)
    reading.execute(project.url, "UPDATE player SET name = name WHERE id = 1")
    assert reading.rows(project.url, "seen") == [(1,)]


def test_values_are_the_same_to_the_bit(on_sqlite: Project) -> None:
    on_sqlite.migration(
        FIRST,
        "db.execute_sql('CREATE TABLE odd (a TEXT, b NUMERIC, c, d REAL)')\n"
        "db.execute_sql(\"INSERT INTO odd (rowid, a, b, c, d) VALUES (7, '01', '1e3x', x'00ff', 2), "
        "(9, NULL, 1.5, '007', '1e400')\")\n"
        "db.execute_sql('CREATE TABLE pair (k TEXT, v, w, PRIMARY KEY (k, v)) WITHOUT ROWID')\n"
        "db.execute_sql(\"INSERT INTO pair VALUES ('a', 1, 'x'), ('a', '1', 'y'), ('A', 1.5, 'z')\")",
    )
    without_backward(
        on_sqlite,
        NEXT,
        "db.execute_sql('DROP TABLE odd')\nmigrate(migrator.drop_column('pair', 'w'))",
    )
    in_process(on_sqlite, keep_dropped=True).migrate(to=FIRST)

    def values() -> list[Any]:
        return [
            reading.execute(
                on_sqlite.url,
                "SELECT rowid, typeof(a), a, typeof(b), b, typeof(c), c, typeof(d), d FROM odd",
            ),
            reading.execute(on_sqlite.url, "SELECT k, v, typeof(v), w FROM pair"),
        ]

    before = values()
    in_process(on_sqlite, keep_dropped=True).migrate()
    in_process(on_sqlite).migrate(backward=True)
    assert values() == before


def test_triggers_do_not_see_what_is_put_back(new_project: Any, engine: str) -> None:
    if engine == "mariadb":
        pytest.skip("MariaDB's triggers cannot be switched off")
    project = new_project(engine)
    project.migration(
        FIRST, f"{PLAYER}\ndb.execute_sql('CREATE TABLE seen (n INTEGER)')\n{COUNTING[engine]}"
    )
    without_backward(project, NEXT, DROP)
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, "player") == ROWS
    assert reading.rows(project.url, "seen") == []
    reading.execute(project.url, "UPDATE player SET name = name WHERE id = 1")
    assert reading.rows(project.url, "seen") == [(1,)]


def test_a_type_that_goes_with_its_column(new_project: Any) -> None:
    project = new_project("postgresql")
    project.migration(
        FIRST,
        f"{PLAYER}\ndb.execute_sql(\"CREATE TYPE mood AS ENUM ('sad', 'glad')\")\n"
        "db.execute_sql(\"ALTER TABLE player ADD COLUMN mood mood DEFAULT 'sad'\")\n"
        "db.execute_sql(\"UPDATE player SET mood = 'glad' WHERE id = 2\")",
    )
    without_backward(
        project,
        NEXT,
        "migrate(migrator.drop_column('player', 'mood'))\ndb.execute_sql('DROP TYPE mood')",
    )
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.execute(project.url, "SELECT mood::text FROM player ORDER BY id") == [
        ("sad",), ("glad",), ("sad",),
    ]  # fmt: skip


def test_what_an_update_would_touch_stays(new_project: Any) -> None:
    project = new_project("mariadb")
    project.migration(
        FIRST,
        f"{PLAYER}\ndb.execute_sql('ALTER TABLE player ADD COLUMN seen TIMESTAMP NOT NULL DEFAULT "
        "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP')\n"
        "db.execute_sql(\"UPDATE player SET seen = '2020-02-02 20:20:20'\")",
    )
    without_backward(project, NEXT, DROP)
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    seen = reading.execute(project.url, "SELECT DISTINCT CAST(seen AS CHAR) FROM player")
    assert seen == [("2020-02-02 20:20:20",)]


def test_quoted_names(project: Project, engine: str) -> None:
    """As their statements spell them, in any letter case where that does not count."""
    mark = "`" if engine == "mariadb" else '"'
    table, column = f"{mark}my table{mark}", f"{mark}a 100% odd; name{mark}"
    doubled = column.replace("%", "%%") if engine != "sqlite" else column
    project.migration(
        FIRST,
        f"db.execute_sql('CREATE TABLE {table} (id INTEGER PRIMARY KEY, {doubled} INTEGER)')\n"
        f"db.execute_sql('INSERT INTO {table} VALUES (1, 2)')",
    )
    without_backward(
        project, NEXT, f"db.execute_sql('alter /* it */ table {table} drop column {doubled}')"
    )
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, table) == [(1, 2)]


def test_a_name_with_a_percent_sign(project: Project, engine: str) -> None:
    mark = "`" if engine == "mariadb" else '"'
    table, column = f"{mark}100% %s{mark}", f"{mark}50%{mark}"
    given = [name if engine == "sqlite" else name.replace("%", "%%") for name in (table, column)]
    project.migration(
        FIRST,
        "db.execute_sql('CREATE TABLE {0} (id INTEGER PRIMARY KEY, {1} INTEGER, "
        "FOREIGN KEY ({1}) REFERENCES {0} (id))')\n"
        "db.execute_sql('INSERT INTO {0} VALUES (1, 1)')".format(*given),
    )
    without_backward(project, NEXT, f"db.execute_sql('DROP TABLE {given[0]}')")
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, table) == [(1, 1)]


def test_rowids_beside_a_key(on_sqlite: Project) -> None:
    """https://www.sqlite.org/lang_createtable.html#rowid: DESC makes it another column."""
    on_sqlite.migration(
        FIRST,
        "db.execute_sql('CREATE TABLE odd (id INTEGER PRIMARY KEY DESC, x)')\n"
        "db.execute_sql('INSERT INTO odd (rowid, id, x) VALUES (7, 1, 2)')",
    )
    without_backward(on_sqlite, NEXT, "db.execute_sql('DROP TABLE odd')")
    in_process(on_sqlite, keep_dropped=True).migrate()
    in_process(on_sqlite).migrate(backward=True)
    assert reading.execute(on_sqlite.url, "SELECT rowid, id, x FROM odd") == [(7, 1, 2)]


def test_a_table_that_points_at_itself(project: Project) -> None:
    project.migration(
        FIRST,
        "class Node(Model):\n    parent = ForeignKeyField('self', null=True)\n"
        "    class Meta:\n        database = db\n        table_name = 'node'\n"
        "db.create_tables([Node])\n"
        "Node.insert_many([{'parent': None}, {'parent': 1}]).execute()\n"
        "db.execute_sql('UPDATE node SET parent_id = 2 WHERE id = 1')",
    )
    without_backward(project, NEXT, "migrate(migrator.drop_table('node'))")
    in_process(project, keep_dropped=True).migrate()
    in_process(project).migrate(backward=True)
    assert reading.rows(project.url, "node") == [(1, 2), (2, 1)]


@pytest.mark.skipif(is_mysql(), reason="MySQL has no CREATE OR REPLACE TABLE")
def test_a_table_that_is_replaced(new_project: Any) -> None:
    project = new_project("mariadb")
    project.migration(FIRST, PLAYER)
    without_backward(
        project,
        NEXT,
        "db.execute_sql('CREATE OR REPLACE TABLE player (id INTEGER PRIMARY KEY, name VARCHAR(40))')",
    )
    in_process(project, keep_dropped=True).migrate()
    assert kept_tables(project) == ["wheatear_kept_1"]


def test_a_table_that_moves_away(new_project: Any) -> None:
    """What is no longer in the schema has been touched; there is no way back that knows where."""
    project = new_project("postgresql")
    project.migration(FIRST, PLAYER)
    without_backward(
        project,
        NEXT,
        "db.execute_sql('CREATE SCHEMA other')\n"
        "db.execute_sql('ALTER TABLE player SET SCHEMA other')",
    )
    in_process(project).migrate()
    (said,) = told(in_process(project))
    assert "  table player comes back without rows" in said


LAST = {
    "sqlite": ("integer PRIMARY KEY", "last_insert_rowid()"),
    "postgresql": ("bigserial PRIMARY KEY", "lastval()"),
    "mariadb": ("bigint PRIMARY KEY AUTO_INCREMENT", "LAST_INSERT_ID()"),
}


@pytest.mark.parametrize(
    "drop", ["ALTER TABLE gone DROP COLUMN x", "DROP TABLE gone"], ids=["column", "table"]
)
def test_the_last_number_is_the_migrations(project: Project, engine: str, drop: str) -> None:
    """What is kept aside meanwhile gets one that the migration does not see."""
    key, last = LAST[engine]
    reading.execute(
        project.url,
        f"CREATE TABLE parent (id {key}, n integer)",
        "INSERT INTO parent VALUES (100, 1)",
        "CREATE TABLE child (p integer)",
        f"CREATE TABLE gone (id {key}, x integer)",
        "INSERT INTO gone (x) VALUES (1), (2)",
        *(["SELECT setval('parent_id_seq', 100)"] if engine == "postgresql" else []),
    )
    project.migration(
        FIRST,
        "db.execute_sql('INSERT INTO parent (n) VALUES (7)')\n"
        f"db.execute_sql('{drop}')\n"
        f"db.execute_sql('INSERT INTO child SELECT {last}')",
    )
    in_process(project, keep_dropped=True).migrate()
    assert kept_tables(project) == ["wheatear_kept_1"]
    assert reading.rows(project.url, "child") == [(101,)]
