"""`create --auto`: a migration written from models, proven on a scratch copy, run on each engine."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee as pw
import pytest

from support.databases import DatabaseUnderTest
from support.every_field import models_for
from support.projects import PROGRAM, Project
from support.raising import raises
from support.reading import execute, exists, rows, tables
from support.seeds import SEEDS, before
from wheatear import Migrations
from wheatear.errors import UsageError

MODELS = """\
from peewee import *
from migrations_config import db


class Base(Model):
    class Meta:
        database = db


class Team(Base):
    name = CharField(40, unique=True)


class Player(Base):
    team = ForeignKeyField(Team, on_delete="CASCADE")
    name = CharField(40)
    lore = CharField(20, null=True)
"""


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.long),
        pytest.param("mariadb", marks=pytest.mark.long),
    ]
)
def each(request: Any, new_project: Callable[..., Project]) -> Project:
    """A project of each engine in turn, the servers' in the longer suite."""
    return new_project(request.param)


def with_models(project: Project, models: str = MODELS) -> Project:
    config = project.root / "migrations_config.py"
    config.write_text(config.read_text() + 'models = "game"\n')
    project.write("game.py", models)
    return project


def begun(project: Project) -> Project:
    """Created from the models, migrated, with a row in each table."""
    with_models(project)
    assert project.run("create", "create_game", "--auto").code == 0
    assert project.run("migrate").code == 0
    execute(
        project.url,
        "INSERT INTO team (id, name) VALUES (1, 'Alices')",
        "INSERT INTO player (id, team_id, name, lore) VALUES (1, 1, 'Ann', 'old')",
    )
    return project


def change(project: Project, *pairs: tuple[str, str]) -> None:
    text = (project.root / "game.py").read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    project.write("game.py", text)
    # Python tells byte code that is out of date by whole seconds and the size.
    shutil.rmtree(project.root / "__pycache__", ignore_errors=True)


def files(project: Project) -> list[str]:
    return sorted(path.name[16:] for path in project.folder.glob("*.py"))


FIRST = '''\
"""Create game."""

from playhouse.migrate import *

from migrations_config import db, migrator


class Team(Model):
    name = CharField(max_length=40, unique=True)

    class Meta:
        database = db
        table_name = "team"


class Player(Model):
    team = ForeignKeyField(Team, on_delete="CASCADE")
    name = CharField(max_length=40)
    lore = CharField(max_length=20, null=True)

    class Meta:
        database = db
        table_name = "player"


def migrate_forward():
    """Make the database what the models say."""
    db.create_tables([Team, Player])


def migrate_backward():
    """Undo it, in the opposite order."""
    migrate(
        # loses all rows of table player
        migrator.drop_table("player"),
        # loses all rows of table team
        migrator.drop_table("team"),
    )
'''


def test_the_first_migration(project: Project) -> None:
    with_models(project)
    ended = project.run("create", "Create game", "--auto")
    assert ended.err == ("table team is only in the models\ntable player is only in the models\n")
    (path,) = project.folder.glob("*.py")
    assert (ended.code, ended.out) == (0, f"created migrations/{path.name}\n")
    assert path.read_text() == FIRST
    assert tables(project.url) == []
    assert exists(project.url) is not project.url.startswith("sqlite")
    assert project.run("migrate").code == 0
    assert project.run("diff").told[0] == 0
    again = project.run("create", "again", "--auto")
    assert (again.code, again.err) == (0, "")
    assert again.out.endswith(": the database is what the models say; nothing was written.\n")
    assert files(project) == ["create_game.py"]
    assert project.run("migrate", "--backward").code == 0
    assert tables(project.url) == []


def test_every_field(database: Any, tmp_path: Path) -> None:
    db = database.connect()
    migrations = Migrations(db, tmp_path / "migrations", models=models_for(database.engine, db))
    created = migrations.create("every field", auto=True)
    assert created is not None
    formatted(created.path)
    migrations.migrate()
    found = migrations.diff()
    assert [one.text for one in found.differences] == []
    assert migrations.create("again", auto=True) is None
    migrations.migrate(backward=True)
    assert tables(database.url) == []


def formatted(path: Path) -> None:
    """As `ruff format` would leave it, with its own settings."""
    ruff = Path(sys.executable).parent / "ruff"
    done = subprocess.run(
        [ruff, "format", "--isolated", "--diff", path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_one_table_of_a_chain(database: Any, tmp_path: Path) -> None:
    """Only its neighbours are copied: what they point at is not there."""
    db = database.connect()
    models: list[Any] = []
    for number in range(6):
        parent = pw.ForeignKeyField(models[-1] if models else "self", null=True)
        meta = type("Meta", (), {"database": db})
        models.append(type(f"Table{number}", (pw.Model,), {"parent": parent, "Meta": meta}))
    db.create_tables(models)
    db.close()
    models[2]._meta.add_field("extra", pw.IntegerField(default=5))
    migrations = Migrations(db, tmp_path / "migrations", models=models)
    assert migrations.create("add extra", auto=True) is not None
    migrations.migrate()
    assert migrations.diff().changes == ()


PARTS = 4  # so that several workers share them
ROWS = (
    "INSERT INTO team (id, name, city) VALUES (1, 'Alices', 'Ayr')",
    "INSERT INTO coach (id, name) VALUES (1, 'Cy')",
    "INSERT INTO player VALUES (1, 'Ann', 30, 3, 1.5, '2001-02-03', 'c', 1)",
    "INSERT INTO pair (one, two) VALUES (1, 2)",
)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(PARTS))
def test_each_difference_there_and_back(
    database_in_memory: DatabaseUnderTest, tmp_path: Path, part: int
) -> None:
    database = database_in_memory
    db = database.connect()
    db.create_tables(before().models(db))
    db.close()
    execute(database.url, *ROWS)
    was = Migrations(db, tmp_path / "none", models=before().models(db))
    for seed in [one for one in SEEDS if database.engine in one.engines][part::PARTS]:
        changed = before()
        seed.change(changed)
        migrations = Migrations(db, tmp_path / seed.name, models=changed.models(db))
        assert created_with_fills(migrations, seed.name) is not None, seed.name
        migrations.migrate()
        assert migrations.diff().changes == (), seed.name
        migrations.migrate(backward=True)
        assert was.diff().changes == (), seed.name
        for table in ("team", "coach", "player", "pair"):
            assert len(rows(database.url, table)) == 1, (seed.name, table)


def created_with_fills(migrations: Migrations, name: str) -> Any:
    """Rows get 0 wherever a value is needed."""
    try:
        return migrations.create(name, auto=True, no_renames=True)
    except UsageError as error:
        fills = [f"{place}=0" for place in re.findall(r"--fill (\S+)=…", str(error))]
    return migrations.create(name, auto=True, no_renames=True, fills=fills)


# What is added and removed


def test_columns_come_and_go(each: Project) -> None:
    begun(each)
    change(
        each,
        ("    lore = CharField(20, null=True)\n", "    level = IntegerField(default=7)\n"),
        (
            "    name = CharField(40)\n",
            "    name = CharField(40, constraints=[Check(\"name <> ''\")])\n",
        ),
    )
    ended = each.run("create", "add_level", "--auto", "--no-renames")
    assert ended.code == 0, ended.err
    assert "warning: it loses the values of column lore of table player\n" in ended.err
    path = next(each.folder.glob("*add_level.py"))
    formatted(path)
    assert 'migrator.add_column("player", "level", IntegerField(default=7)),' in path.read_text()
    assert "# loses the values of column lore of table player" in path.read_text()
    assert each.run("migrate").code == 0
    assert each.run("diff").code == 0
    assert execute(each.url, "SELECT id, team_id, name, level FROM player") == [(1, 1, "Ann", 7)]
    assert each.run("migrate", "--backward").code == 0
    assert execute(each.url, "SELECT id, team_id, name, lore FROM player") == [(1, 1, "Ann", None)]


def test_a_default_in_the_models_is_what_rows_get(each: Project) -> None:
    begun(each)
    change(each, ("CharField(20, null=True)", 'CharField(20, default="it\'s 100%")'))
    change(
        each,
        (
            "    name = CharField(40, unique",
            "    on = BooleanField(default=True)\n    name = CharField(40, unique",
        ),
    )
    execute(each.url, "INSERT INTO player (id, team_id, name) VALUES (2, 1, 'Bo')")
    ended = each.run("create", "lore_for_all", "--auto")
    assert ended.code == 0, ended.err
    formatted(next(each.folder.glob("*lore_for_all.py")))
    assert each.run("migrate").code == 0
    assert each.run("diff").code == 0
    assert execute(each.url, "SELECT lore FROM player ORDER BY id") == [("old",), ("it's 100%",)]
    assert [
        bool(on) for (on,) in execute(each.url, 'SELECT "on" FROM team'.replace('"', _QUOTE(each)))
    ] == [True]


def test_a_default_in_double_quotes_is_sqlites(on_sqlite: Project) -> None:
    """SQLite takes it for a text: https://www.sqlite.org/quirks.html, section 8."""
    begun(on_sqlite)
    named = "CharField(20, null=True{})"
    said = ", constraints=[SQL('DEFAULT \"{}\"')]"
    change(on_sqlite, (named.format(""), named.format(said.format("1 2"))))
    assert on_sqlite.run("create", "first", "--auto").code == 0
    assert on_sqlite.run("migrate").code == 0
    change(on_sqlite, ("1 2", "1 2 3"))
    ended = on_sqlite.run("create", "second", "--auto")
    assert ended.code == 0, ended.err
    assert on_sqlite.run("migrate").code == 0
    execute(on_sqlite.url, "INSERT INTO player (id, team_id, name) VALUES (2, 1, 'Bo')")
    assert execute(on_sqlite.url, "SELECT lore FROM player") == [("old",), ("1 2 3",)]
    assert on_sqlite.run("migrate", "--backward", "--steps", "2").code == 0


def _QUOTE(project: Project) -> str:
    return "`" if project.url.startswith("mysql") else '"'


# What takes no NULL

NO_VALUE = """\
error: Rows that are there would have no value in what takes no NULL: player.born.
  state: nothing was written.
  next:  say what they get, as SQL: --fill player.born=…; or give the field a default, or null=True.
"""


def test_a_value_for_the_rows_that_are_there(each: Project) -> None:
    begun(each)
    change(each, ("    lore =", "    born = DateField()\n    lore ="))
    ended = each.run("create", "add_born", "--auto")
    assert ended.told == (2, "", NO_VALUE)
    assert files(each) == ["create_game.py"]
    ended = each.run("create", "add_born", "--auto", "--fill", "player.born='2001-02-03'")
    assert ended.code == 0, ended.err
    assert each.run("migrate").code == 0
    assert [str(born) for (born,) in execute(each.url, "SELECT born FROM player")] == ["2001-02-03"]
    assert each.run("diff").told[0] == 0


def test_a_value_computed_from_other_columns(each: Project) -> None:
    begun(each)
    change(each, ("    lore =", "    nick = CharField(50)\n    lore ="))
    ended = each.run("create", "add_nick", "--auto", "--fill", "player.nick=upper(name)")
    assert ended.code == 0, ended.err
    assert each.run("migrate").code == 0
    assert execute(each.url, "SELECT nick FROM player") == [("ANN",)]
    assert each.run("diff").told[0] == 0


def test_a_column_that_is_to_take_no_null(each: Project) -> None:
    begun(each)
    execute(each.url, "INSERT INTO player (id, team_id, name) VALUES (2, 1, 'Bo')")
    change(each, ("CharField(20, null=True)", "CharField(20)"))
    ended = each.run("create", "lore_for_all", "--auto")
    assert ended.code == 0, ended.err
    assert (
        "warning: a row with NULL in player.lore would make it fail; --fill player.lore=SQL gives "
        "such rows a value\n"
    ) in ended.err
    assert each.run("migrate").code == 1
    next(each.folder.glob("*lore_for_all.py")).unlink()
    ended = each.run("create", "lore_for_all", "--auto", "--fill", "player.lore='new'")
    assert ended.code == 0, ended.err
    assert each.run("migrate").code == 0
    assert execute(each.url, "SELECT lore FROM player ORDER BY id") == [("old",), ("new",)]


def test_a_value_that_is_no_sql(each: Project) -> None:
    begun(each)
    change(each, ("    lore =", "    nick = CharField(50)\n    lore ="))
    ended = each.run("create", "add_nick", "--auto", "--fill", "player.nick=no such(")
    assert ended.code == 1
    assert "fails forward on a scratch copy: " in ended.err
    assert "  next:  correct the value, if it is one of --fill; else write" in ended.err
    assert files(each) == ["create_game.py"]


# Renames

LIKELY = """\
error: Some of what is only in the database looks like what is only in the models, under another \
name; whether it is cannot be asked here.
  state: nothing was written.
  next:  say which it is:
         --rename player:hero
         --rename hero.name:nick
         --no-renames if none of this was renamed: its data is lost.
"""


def renamed(project: Project) -> None:
    change(
        project,
        ("class Player", "class Hero"),
        ("    name = CharField(40)\n", "    nick = CharField(40)\n"),
    )


def test_what_looks_renamed_has_to_be_said(each: Project) -> None:
    begun(each)
    renamed(each)
    assert each.run("create", "rename", "--auto").told == (2, "", LIKELY)
    assert files(each) == ["create_game.py"]


def test_a_rename_keeps_the_rows(each: Project) -> None:
    begun(each)
    renamed(each)
    words = ("--rename", "hero.name:nick", "--rename", "player:hero")
    ended = each.run("create", "rename", "--auto", *words)
    assert ended.code == 0, ended.err
    assert "table player in the database is hero in the models\n" in ended.err
    assert "loses" not in ended.err
    path = next(each.folder.glob("*_rename.py"))
    formatted(path)
    assert "loses" not in path.read_text()
    assert each.run("migrate").code == 0
    assert each.run("diff").told[0] == 0
    assert rows(each.url, "hero") == [(1, 1, "Ann", "old")]
    assert each.run("migrate", "--backward").code == 0
    assert rows(each.url, "player") == [(1, 1, "Ann", "old")]


WRONG = {
    "player": "--rename player is not two names with a colon between them.",
    "player:": "--rename player: is not two names with a colon between them.",
    "playr:hero": "--rename playr:hero: playr is no table that only the database has; such are: "
    "player.",
    "player:heroes": "--rename player:heroes: heroes is no table that only the models have; such "
    "are: hero.",
    "team:hero": "--rename team:hero: team is no table that only the database has; such are: "
    "player.",
    "team.nam:title": "--rename team.nam:title: nam is no column of team that only the database "
    "has; there is none.",
    "hero.name:nick": "--rename hero.name:nick: hero is no table that both the database and the "
    "models have; such are: team.",
}


@pytest.mark.parametrize("said", WRONG)
def test_a_rename_of_what_is_not_there(on_sqlite: Project, said: str) -> None:
    begun(on_sqlite)
    renamed(on_sqlite)
    ended = on_sqlite.run("create", "rename", "--auto", "--rename", said)
    assert ended.told == (
        2,
        "",
        f"error: {WRONG[said]}\n"
        "  state: nothing was written.\n"
        "  next:  write --rename OLD:NEW for a table, --rename TABLE.OLD:NEW for a column.\n",
    )


def test_no_renames(on_sqlite: Project) -> None:
    begun(on_sqlite)
    change(on_sqlite, ("    lore =", "    note ="))
    ended = on_sqlite.run("create", "note", "--auto", "--no-renames")
    assert ended.code == 0, ended.err
    assert "warning: it loses the values of column lore of table player\n" in ended.err
    assert on_sqlite.run("migrate").code == 0
    assert execute(on_sqlite.url, "SELECT note FROM player") == [(None,)]


# Tables that no model speaks of


def test_a_table_without_a_model_stays_unless_it_is_said(each: Project) -> None:
    begun(each)
    text = (each.root / "game.py").read_text()
    each.write("game.py", text[: text.index("class Player")])
    execute(each.url, "CREATE TABLE legacy (id int)", "CREATE TABLE other (id int)")
    config = each.root / "migrations_config.py"
    config.write_text(config.read_text() + 'ignore_tables = ["oth*"]\n')
    ended = each.run("create", "nothing", "--auto")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("nothing was written.\n")
    ended = each.run("create", "nothing", "--auto", "--drop", "other")
    assert ended.told == (
        2,
        "",
        "error: --drop other: it is no table that only the database has; such are: legacy, "
        "player.\n"
        "  state: nothing was written.\n"
        "  next:  write --drop TABLE for a table that no model speaks of any more.\n",
    )
    ended = each.run("create", "drop_player", "--auto", "--drop", "player")
    path = next(each.folder.glob("*drop_player.py"))
    assert ended.told == (
        0,
        f"created migrations/{path.name}\n",
        "table player is only in the database\n"
        "warning: it loses all rows of table player\n"
        "table legacy is only in the database, and left alone (--drop legacy drops it)\n",
    )
    assert each.run("migrate").code == 0
    assert tables(each.url) == ["legacy", "other", "team"]
    assert each.run("migrate", "--backward").code == 0
    assert tables(each.url) == ["legacy", "other", "player", "team"]


# Pending migrations


def test_what_is_pending_comes_first(on_sqlite: Project) -> None:
    with_models(on_sqlite)
    assert on_sqlite.run("create", "one", "--auto").code == 0
    ended = on_sqlite.run("create", "two", "--auto")
    name = next(on_sqlite.folder.glob("*.py")).stem
    assert ended.told == (
        1,
        "",
        "error: The models are compared with the database, which is not up to date; pending: "
        f"{name}.\n"
        "  state: nothing was written.\n"
        "  next:  run `migrate` first, so that only what is new is written.\n",
    )
    assert on_sqlite.run("migrate").code == 0
    assert on_sqlite.run("create", "two", "--auto").code == 0


# Bad input


def test_options_of_auto_alone_mean_nothing(on_sqlite: Project) -> None:
    ended = on_sqlite.run("create", "x", "--rename", "a:b", "--no-renames")
    assert ended.told == (
        2,
        "",
        "error: --rename and --no-renames without --auto: there is nothing to write.\n"
        "  state: nothing was written.\n"
        "  next:  add --auto.\n",
    )


BAD_FILLS = {
    "player=1": "--fill player=1 is not a column and what its rows get.",
    "player.born": "--fill player.born is not a column and what its rows get.",
    "player.name=1": "--fill player.name: no row needs a value there; where one does: player.born.",
}


@pytest.mark.parametrize("said", BAD_FILLS)
def test_a_value_for_what_needs_none(on_sqlite: Project, said: str) -> None:
    begun(on_sqlite)
    change(on_sqlite, ("    lore =", "    born = DateField()\n    lore ="))
    ended = on_sqlite.run("create", "x", "--auto", "--fill", said)
    assert ended.told == (
        2,
        "",
        f"error: {BAD_FILLS[said]}\n"
        "  state: nothing was written.\n"
        "  next:  write --fill TABLE.COLUMN=SQL, such as --fill player.experience=0.\n",
    )


def test_a_value_where_nothing_differs(on_sqlite: Project) -> None:
    begun(on_sqlite)
    ended = on_sqlite.run("create", "x", "--auto", "--fill", "player.nosuch=1")
    assert ended.told == (
        2,
        "",
        "error: --fill player.nosuch: no row needs a value there; none does anywhere.\n"
        "  state: nothing was written.\n"
        "  next:  write --fill TABLE.COLUMN=SQL, such as --fill player.experience=0.\n",
    )


def test_no_models(on_sqlite: Project) -> None:
    ended = on_sqlite.run("create", "x", "--auto")
    assert ended.told == (
        1,
        "",
        "error: migrations_config.py does not say where the models are.\n"
        "  where: ROOT/migrations_config.py\n"
        "  state: nothing was changed.\n"
        '  next:  write `models = "game.models"`, the module that defines them.\n',
    )
    with_models(on_sqlite, "x = 1 / 0\n")
    ended = on_sqlite.run("create", "x", "--auto")
    assert ended.told == (
        1,
        "",
        "error: The models module 'game' cannot be imported: ZeroDivisionError: division by zero\n"
        "  where: ROOT/game.py:1\n"
        "  state: nothing was changed.\n"
        "  next:  mend it and run the command again.\n",
    )
    on_sqlite.write("game.py", "from peewee import *\n")
    ended = on_sqlite.run("create", "x", "--auto")
    assert ended.told == (
        1,
        "",
        "error: The module game has no models.\n"
        "  where: ROOT/migrations_config.py\n"
        "  state: nothing was changed.\n"
        '  next:  write `models = "game.models"`: a module, `module:NAME`, or a list of models or '
        "modules.\n",
    )
    assert not exists(on_sqlite.url)


def test_a_folder_that_takes_no_files(on_sqlite: Project) -> None:
    with_models(on_sqlite)
    on_sqlite.folder.chmod(0o500)
    ended = on_sqlite.run("create", "x", "--auto", unprivileged=True)
    on_sqlite.folder.chmod(0o700)
    assert ended.told == (
        1,
        "",
        "error: Cannot write a migration into ROOT/migrations: Permission denied.\n"
        "  state: nothing was written.\n"
        "  next:  check that this user may write there, and that the disk is not full.\n",
    )


def test_the_right_to_make_a_scratch_namespace(new_project: Callable[..., Project]) -> None:
    project = begun(new_project("postgresql"))
    role, base = f"wheatear_{os.urandom(4).hex()}", project.url.rpartition("/")[2]
    execute(
        project.url,
        f"CREATE ROLE {role} LOGIN",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        f"REVOKE ALL ON DATABASE {base} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {base} TO {role}",
    )
    change(project, ("    lore =", "    level = IntegerField(default=0)\n    lore ="))
    env = {"DATABASE_URL": project.url.replace("postgres@", f"{role}@")}
    try:
        ended = project.run("create", "add_level", "--auto", env=env)
        assert ended.told == (
            1,
            "",
            "error: This needs a scratch namespace, but this user may make neither temporary "
            "tables nor a schema in the database DATABASE.\n"
            "  state: nothing was changed.\n"
            '  next:  GRANT TEMPORARY ON DATABASE "DATABASE" TO CURRENT_USER;  -- as its owner '
            "(naming the user), or use a development database, where this user may.\n",
        )
        execute(project.url, f"GRANT TEMPORARY ON DATABASE {base} TO {role}")
        assert project.run("create", "add_level", "--auto", env=env).code == 0
    finally:
        execute(project.url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    assert project.run("migrate").code == 0
    assert project.run("diff").code == 0


def test_the_right_to_make_a_scratch_database(new_project: Callable[..., Project]) -> None:
    project = begun(new_project("mariadb"))
    user, base = f"wheatear_{os.urandom(4).hex()}", project.url.rpartition("/")[2]
    execute(
        project.url,
        f"CREATE USER {user}@'%' IDENTIFIED BY 'secret'",
        f"GRANT ALL ON {base}.* TO {user}@'%'",
    )
    change(project, ("    lore =", "    level = IntegerField(default=0)\n    lore ="))
    env = {"DATABASE_URL": project.url.replace("root@", f"{user}:secret@")}
    try:
        ended = project.run("create", "add_level", "--auto", env=env)
        assert ended.told == (
            1,
            "",
            "error: This needs a scratch database, which this user may not make.\n"
            "  state: nothing was changed.\n"
            f"  next:  GRANT ALL ON `wheatear\\_scratch\\_%`.* TO '{user}'@'%';  -- or connect as a "
            "user who may.\n",
        )
        execute(project.url, f"GRANT ALL ON `wheatear\\_scratch\\_%`.* TO '{user}'@'%'")
        assert project.run("create", "add_level", "--auto", env=env).code == 0
    finally:
        execute(project.url, f"DROP USER {user}@'%'")


# At a terminal

CTRL_C = "\x03"


def at_terminal(project: Project, *words: str, answers: tuple[str, ...]) -> tuple[int, str]:
    """Run the program with a terminal, answering each question as it comes."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, *words],
        cwd=project.root,
        env=project.environment({"TERM": "dumb", "NO_COLOR": "1"}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C is the terminal's
    )
    os.close(theirs)
    seen, left, asked = "", list(answers), 0
    end = time.monotonic() + 30
    while select.select([ours], [], [], max(end - time.monotonic(), 0))[0]:
        try:
            chunk = os.read(ours, 4096).decode()
        except OSError:  # the other end has gone
            break
        if not chunk:
            break
        seen += chunk
        if left and seen[asked:].rstrip(" ").endswith(("[y/N]:", "[y/N]", "TIMESTAMP:", "none:")):
            asked = len(seen)
            answer = left.pop(0)
            if answer == CTRL_C:
                time.sleep(0.3)  # between the question and the reading no signal is seen
            os.write(ours, answer.encode() if answer == CTRL_C else f"{answer}\n".encode())
    os.close(ours)  # hangs the terminal up
    return process.wait(10), project.plain(seen.replace("\r\n", "\n"))


def test_questions_at_a_terminal(on_sqlite: Project) -> None:
    begun(on_sqlite)
    renamed(on_sqlite)
    change(on_sqlite, ("    lore =", "    born = DateField()\n    lore ="))
    answers = ("y", "y", "'2001-02-03'")
    code, seen = at_terminal(on_sqlite, "create", "rename", "--auto", answers=answers)
    assert code == 0, seen
    assert seen.startswith(
        "Was table player renamed to hero, and keeps its rows? [y/N] y\n"
        "Was column hero.name renamed to nick, and keeps its values? [y/N] y\n"
        "Column hero.born (DATE) takes no NULL. What do rows that are there get, as SQL?\n"
        "  such as 0, 'none' or CURRENT_TIMESTAMP: '2001-02-03'\n"
    )
    assert on_sqlite.run("migrate").code == 0
    assert execute(on_sqlite.url, "SELECT id, nick, born FROM hero") == [(1, "Ann", "2001-02-03")]


def test_no_is_the_answer_to_enter(on_sqlite: Project) -> None:
    begun(on_sqlite)
    change(on_sqlite, ("    lore =", "    note ="))
    code, seen = at_terminal(on_sqlite, "create", "note", "--auto", answers=("",))
    assert code == 0, seen
    assert "warning: it loses the values of column lore of table player\n" in seen


def test_a_table_that_had_a_model_is_asked_about(on_sqlite: Project) -> None:
    begun(on_sqlite)
    execute(on_sqlite.url, "CREATE TABLE legacy (id int)")
    text = (on_sqlite.root / "game.py").read_text()
    on_sqlite.write("game.py", text[: text.index("class Player")])
    code, seen = at_terminal(on_sqlite, "create", "drop", "--auto", answers=("y",))
    assert code == 0, seen
    assert "No model speaks of table player any more. Drop it, with all its rows? [y/N] y" in seen
    assert "Drop it, with all its rows? [y/N] y" in seen
    assert seen.count("[y/N]") == 1
    assert on_sqlite.run("migrate").code == 0
    assert tables(on_sqlite.url) == ["legacy", "team"]


def test_interrupted_at_a_question(on_sqlite: Project) -> None:
    begun(on_sqlite)
    change(on_sqlite, ("    lore =", "    note ="))
    code, seen = at_terminal(on_sqlite, "create", "note", "--auto", answers=(CTRL_C,))
    assert code == 130
    assert seen.endswith(
        "error: Stopped by Ctrl-C.\n  state: nothing was changed in the database.\n"
        "  next:  run the command again.\n"
    )
    assert files(on_sqlite) == ["create_game.py"]


# From Python


def test_embedded_in_an_application(database: Any, tmp_path: Path) -> None:
    db = database.connect()

    class Team(pw.Model):
        name = pw.CharField(40)

        class Meta:
            database = db

    migrations = Migrations(db, tmp_path / "migrations", models=[Team])
    created = migrations.create("create_team", auto=True)
    assert created is not None
    assert [one.text for one in created.differences] == ["table team is only in the models"]
    migrations.migrate()
    db.execute_sql("INSERT INTO team (name) VALUES ('Alices')")
    db.close()

    class Squad(pw.Model):
        title = pw.CharField(40)

        class Meta:
            database = db

    migrations = Migrations(db, tmp_path / "migrations", models=[Squad])
    renames = ["team:squad", "squad.name:title"]
    assert migrations.create("rename", auto=True, renames=renames) is not None
    migrations.migrate()
    assert migrations.diff().changes == ()
    assert rows(database.url, "squad") == [(1, "Alices")]
    message = (
        "--rename a:b: a is no table that only the database has; there is none.\n"
        "  state: nothing was written.\n"
        "  next:  write --rename OLD:NEW for a table, --rename TABLE.OLD:NEW for a column."
    )
    with raises(UsageError, message):
        migrations.create("x", auto=True, renames=["a:b"])


def test_a_plain_playhouse_migrator(on_sqlite: Project) -> None:
    config = on_sqlite.root / "migrations_config.py"
    config.write_text(
        config.read_text()
        + "from playhouse.migrate import SchemaMigrator\n"
        + "migrator = SchemaMigrator.from_database(db)\n"
    )
    begun(on_sqlite)
    change(on_sqlite, ("    lore =", "    level = IntegerField(null=True)\n    lore ="))
    ended = on_sqlite.run("create", "level", "--auto")
    assert ended.code == 0, ended.err
    assert on_sqlite.run("migrate").code == 0
    assert on_sqlite.run("diff").code == 0
