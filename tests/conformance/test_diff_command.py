"""`diff` as a user runs it: words, JSON, exit codes, and what is wrong with the models."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import peewee as pw
import pytest

from support.projects import CONFIG, Project
from support.reading import execute, exists
from wheatear import Migrations
from wheatear.comparison import compare_models
from wheatear.engines.waiting import Waiting
from wheatear.errors import ConfigError
from wheatear.models import find_models
from wheatear.schema.changes import RenameColumn, RenameTable
from wheatear.schema.diff import candidates

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
    experience = IntegerField(default=0)
"""
CREATE = "from game import Player, Team; db.create_tables([Team, Player])"


def with_models(project: Project, models: str = MODELS, said: str = '"game"') -> Project:
    project.write("migrations_config.py", f"{CONFIG}\nmodels = {said}\n")
    project.write("game.py", models)
    return project


def migrated(project: Project) -> Project:
    project.migration("20260101_000000_create", CREATE)
    assert project.run("migrate").code == 0
    return project


def test_nothing_differs(project: Project) -> None:
    migrated(with_models(project))
    for _ in range(2):
        ended = project.run("diff")
        assert ended.code == 0, ended.err
        assert ended.out.endswith("the database is what the models say.\n")
        assert ended.err == ""


def test_differences_are_told_a_line_each(project: Project) -> None:
    migrated(with_models(project))
    project.write(
        "game.py", MODELS.replace("40", "80", 1).replace("    name = CharField(40)\n", "")
    )
    ended = project.run("diff")
    assert ended.code == 1
    (type_, gone) = ended.out.splitlines()
    assert type_.lower() == (
        f"column team.name: type is {WORD[project_engine(project)]}(40) in the database, "
        f"{WORD[project_engine(project)]}(80) in the models"
    )
    assert gone.startswith("column player.name is only in the database (")
    assert ended.err == ""


WORD = {"sqlite": "varchar", "postgresql": "character varying", "mysql": "varchar"}


def project_engine(project: Project) -> str:
    return project.url.partition(":")[0]


def test_json(project: Project) -> None:
    migrated(with_models(project))
    execute(
        project.url, "ALTER TABLE player ADD COLUMN nick integer", "CREATE TABLE legacy (id int)"
    )
    ended = project.run("diff", "--json")
    assert ended.code == 1
    said = json.loads(ended.out)
    assert set(said) == {"database", "differences", "only_in_database"}
    (one,) = said["differences"]
    assert one["text"].startswith("column player.nick is only in the database (")
    assert (one["kind"], one["table"], one["column"]) == ("column", "player", "nick")
    assert (one["before"][:3].lower(), one["after"]) == ("int", None)
    assert [one["table"] for one in said["only_in_database"]] == ["legacy"]


def test_what_is_not_ours_is_left_alone(project: Project) -> None:
    migrated(with_models(project))
    execute(
        project.url,
        "CREATE TABLE legacy (id int)",
        "CREATE VIEW teams AS SELECT name FROM team",
        "CREATE TABLE spatial_x (id int)",
    )
    config = project.root / "migrations_config.py"
    config.write_text(config.read_text() + 'ignore_tables = ["spatial_*"]\n')
    ended = project.run("diff")
    assert ended.code == 0
    assert "table legacy is only in the database" in ended.err
    assert "view teams is only in the database" in ended.err
    assert "spatial" not in ended.err + ended.out
    assert "wheatear_history" not in ended.err + ended.out


def test_a_default_that_is_only_in_the_database_is_no_difference(project: Project) -> None:
    with_models(project)
    project.migration("20260101_000000_create", CREATE)
    default = "migrate(migrator.add_column_default('player', '{}', \"{}\"))"
    if not project.url.startswith("sqlite"):
        default = 'db.execute_sql("ALTER TABLE player ALTER {} SET DEFAULT {}")'
    lines = [default.format("experience", "(0)"), default.format("name", "'nobody'")]
    project.migration("20260102_000000_default", "\n".join(lines))
    assert project.run("migrate").code == 0
    ended = project.run("diff")
    assert ended.code == 0
    assert "experience" not in ended.err  # the model says the same in Python
    assert "column player.name: default is 'nobody'" in ended.err


def test_a_column_added_with_its_default_is_what_the_model_says(project: Project) -> None:
    with_models(project)
    project.migration(
        "20260101_000000_create",
        CREATE + "\nmigrate(migrator.drop_column('player', 'experience'))\n"
        "migrate(migrator.add_column('player', 'experience', IntegerField(default=0)))",
    )
    assert project.run("migrate").code == 0
    ended = project.run("diff")
    assert (ended.code, ended.err) == (0, "")


def test_a_model_of_a_view(project: Project) -> None:
    migrated(with_models(project))
    execute(project.url, "CREATE VIEW teams AS SELECT id, name FROM team")
    project.write("game.py", MODELS + "\n\nclass Teams(Base):\n    name = CharField(40)\n")
    assert project.run("diff").code == 0


def test_there_is_no_database_yet(on_sqlite: Project) -> None:
    ended = with_models(on_sqlite).run("diff")
    assert ended.code == 1
    assert "There is no database" in ended.err
    assert "make it by running `migrate`" in ended.err
    assert not exists(on_sqlite.url)


def test_help_names_it(on_sqlite: Project) -> None:
    assert "diff" in on_sqlite.run("--help").out


# Bad input

BAD = {
    "None": "does not say where the models are",
    '"nowhere"': "The models module 'nowhere' cannot be imported: ModuleNotFoundError",
    '"empty"': "The module empty has no models",
    '"broken"': "The models module 'broken' cannot be imported: ZeroDivisionError",
    '"game:Nobody"': "the module game has no Nobody",
    "[7]": "names 7, which is no model and no module",
    '"elsewhere"': "belongs to another database than `db`: SqliteDatabase 'other.db'",
    '"twice"': "Two models have the same table team",
    '"other_schema"': "The model other_schema.Team is in the schema league",
    '"refused"': "The models cannot be created in a scratch database",
}


@pytest.mark.parametrize("said", BAD)
def test_models_that_cannot_be_meant(on_sqlite: Project, said: str) -> None:
    with_models(on_sqlite, said=said)
    execute(on_sqlite.url, "CREATE TABLE there_is_a_database (id int)")
    on_sqlite.write("empty.py", "from peewee import Model\n")
    on_sqlite.write("broken.py", "x = 1\ny = 1 / 0\n")
    base = "from peewee import *\nfrom migrations_config import db\n"
    team = "class Team(Model):\n    class Meta:\n        database = "
    on_sqlite.write("elsewhere.py", f"{base}{team}SqliteDatabase('other.db')\n")
    again = team.replace("Team", "Again") + "db\n        table_name = 'team'\n"
    on_sqlite.write("twice.py", f"{base}{team}db\n{again}")
    on_sqlite.write("other_schema.py", f"{base}{team}db\n        schema = 'league'\n")
    on_sqlite.write("refused.py", f"{base}{team}db\n    x = TextField(constraints=[SQL('(')])\n")
    ended = on_sqlite.run("diff")
    assert ended.code == 1
    assert BAD[said] in ended.err
    assert "  next:  " in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    if said == '"broken"':
        assert "where: ROOT/broken.py:2" in ended.err
    if said == '"refused"':
        assert "where: refused.Team" in ended.err


def test_other_commands_need_no_models(on_sqlite: Project) -> None:
    with_models(on_sqlite, said='"nowhere"')
    on_sqlite.tables("a")
    assert on_sqlite.run("migrate").code == 0
    assert on_sqlite.run("status").code == 0


def test_ignore_tables_is_a_list(on_sqlite: Project) -> None:
    with_models(on_sqlite, said='"game"\nignore_tables = "legacy"')
    ended = on_sqlite.run("diff")
    assert ended.code == 1
    assert "`ignore_tables` in migrations_config.py is no list of names" in ended.err


# Which models are meant


@pytest.fixture
def db() -> Any:
    return pw.SqliteDatabase(":memory:")


def module(name: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / f"{name}.py").write_text(source)
    return name


SOURCE = """\
from peewee import *

other = SqliteDatabase("other.db")

class Base(Model):
    class Meta:
        legacy_table_names = False

class Stamped(Base):
    pass

class MixinWithField(Base):
    created = DateTimeField()

class NotedModel(Base):
    note = TextField()

class Note(NotedModel):
    pass

class Post(MixinWithField):
    title = TextField()

class Animal(Base):
    name = TextField()

class Dog(Animal):
    tail = TextField()

class Owner(Stamped):
    dogs = ManyToManyField(Dog)

class Elsewhere(Model):
    class Meta:
        database = other

class Passing(Base):
    class Meta:
        temporary = True

SOME = [Post, Dog]
"""


def test_a_module_means_its_tables(
    db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = module("wheatear_zoo", SOURCE, tmp_path, monkeypatch)
    found = [model.__name__ for model in find_models(name, db, None)]
    assert found == ["Note", "Post", "Animal", "Dog", "Owner", "OwnerDogThrough"]
    assert [model.__name__ for model in find_models(f"{name}:SOME", db, None)] == ["Post", "Dog"]
    assert [model.__name__ for model in find_models(f"{name}:Dog", db, None)] == ["Dog"]
    both = find_models([name, sys.modules[name].Dog, sys.modules[name]], db, None)
    assert [model.__name__ for model in both] == found


def test_one_that_is_named_has_to_be_of_this_database(
    db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = module("wheatear_other_zoo", SOURCE, tmp_path, monkeypatch)
    with pytest.raises(ConfigError, match="Elsewhere belongs to another database"):
        find_models(f"{name}:Elsewhere", db, None)


def test_embedded_in_an_application(database: Any) -> None:
    db = database.connect()

    class Team(pw.Model):
        name = pw.TextField(null=True)

        class Meta:
            database = db

    db.create_tables([Team])
    migrations = Migrations(db, models=[Team])
    assert migrations.diff().changes == ()
    assert not db.is_closed()  # it was open
    Team._meta.fields["name"].null = False
    (one,) = migrations.diff().differences
    assert one.text == "column team.name: NULL in the database, NOT NULL in the models"
    db.close()
    with pytest.raises(ConfigError, match="does not say where the models are"):
        Migrations(db).diff()


def test_a_rename_that_is_said_is_the_only_change(database: Any) -> None:
    db = database.connect()

    class Team(pw.Model):
        name = pw.CharField(40, unique=True, constraints=[pw.Check("name <> ''")])

        class Meta:
            database = db

    class Squad(pw.Model):
        title = pw.CharField(40, unique=True, constraints=[pw.Check("title <> ''")])

        class Meta:
            database = db

    db.create_tables([Team])
    db.close()
    migrations = Migrations(db, models=[Squad])
    found = migrations.diff()
    assert [one.kind for one in found.differences] == ["table"]
    renames = candidates(found.before, found.after)
    assert renames == []  # too little in common to be proposed
    said = [RenameTable("team", "squad"), RenameColumn("squad", "name", "title")]
    waiting = Waiting(5.0, lambda _: None)
    assert list(compare_models(migrations.project, waiting, said).changes) == said
