"""The guide's "A database that is there already", followed by somebody who has such a database."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import peewee

from support import reading
from support.projects import Project
from wheatear import connect

GUIDE = (Path(__file__).parent.parent.parent / "docs" / "guide.md").read_text(encoding="utf-8")
SECTION = GUIDE.partition("\n### A database that is there already\n")[2].partition("\n## ")[0]
CONSOLE = re.findall(r"^\$ (.*)$", SECTION, re.MULTILINE)
(PYTHON,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
MODELS = """
from peewee import CharField, ForeignKeyField, Model
from migrations_config import db

class Player(Model):
    name = CharField(max_length=100, unique=True)
    class Meta:
        database = db

class Item(Model):
    owner = ForeignKeyField(Player)
    class Meta:
        database = db
"""


class Player(peewee.Model):
    name = peewee.CharField(max_length=100, unique=True)


class Item(peewee.Model):
    owner = peewee.ForeignKeyField(Player)


def old_database(url: str) -> None:
    """What the application's `create_tables` has made, with rows in it."""
    db = connect(url)
    with db.bind_ctx([Player, Item]), db:
        db.create_tables([Player, Item])
        Item.create(owner=Player.create(name="Ann"))


def follow(project: Project, line: str) -> str:
    words = shlex.split(line)
    env = dict(word.split("=", 1) for word in words if "://" in word)
    done = project.run(*words[words.index("wheatear") + 1 :], env=env)
    assert done.code == 0, done.err
    return done.out


def test_it_is_taken_as_it_is(project: Project) -> None:
    project.write("game.py", MODELS)
    project.write("migrations_config.py", f"{CONFIG}models = 'game'\n")
    old_database(project.url)
    diff, create, fake = CONSOLE
    assert "is what the models say" in follow(project, diff)
    empty = str(project.root / "empty.db")
    assert follow(project, create.replace("sqlite:///empty.db", f"sqlite:///{empty}"))
    assert "(recorded only)" in follow(project, fake)
    assert reading.rows(project.url, "player") == [(1, "Ann")]
    assert project.run("status", "--check").code == 0


CONFIG = """
import os
from wheatear import connect, migrator_for
db = connect(os.environ["DATABASE_URL"])
migrator = migrator_for(db)
"""


def test_an_application_takes_its_users_databases_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (name,) = re.findall(r'to="(\w+)"', PYTHON)
    (folder / f"{name}.py").write_text(
        "from playhouse.migrate import *\nfrom migrations_config import db, migrator\n"
        "def migrate_forward():\n"
        "    db.execute_sql('CREATE TABLE player (id INTEGER PRIMARY KEY, name VARCHAR(100))')\n"
        "    db.execute_sql('CREATE TABLE item (id INTEGER PRIMARY KEY, owner_id INTEGER)')\n"
    )
    (folder / "20270101_000000_add_age.py").write_text(
        "from playhouse.migrate import *\nfrom migrations_config import db, migrator\n"
        "def migrate_forward():\n"
        "    migrate(migrator.add_column('player', 'age', IntegerField(default=7)))\n"
    )
    start_up = PYTHON.replace('"migrations"', repr(str(folder)))
    for kind in ("old", "new"):
        url = f"sqlite:///{tmp_path}/{kind}.db"
        if kind == "old":
            old_database(url)
        for _ in range(2):  # it starts more than once
            db = connect(url)
            with db.connection_context():
                exec(start_up, {"db": db})
        assert list(reading.columns(url, "player")) == ["id", "name", "age"]
    assert reading.rows(f"sqlite:///{tmp_path}/old.db", "player") == [(1, "Ann", 7)]
    assert reading.rows(f"sqlite:///{tmp_path}/new.db", "player") == []
