"""Projects of many small migrations, ours and a peer's, doing the same statements."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_OURS = """\
from playhouse.migrate import *
from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql('{statement}')


def migrate_backward():
    db.execute_sql('DROP TABLE t{number}')
"""
_PWMIGRATE = """\
from peewee import *


def up(migrator, db):
    db.execute_sql('{statement}')


def down(migrator, db):
    db.execute_sql('DROP TABLE t{number}')
"""


def statement(number: int) -> str:
    """What the migration of this number does."""
    return f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name VARCHAR(20))"


def wheatear_project(folder: Path, count: int, url: str = "sqlite:///app.db") -> Path:
    """A project of so many migrations."""
    folder.mkdir(parents=True)
    subprocess.run(
        [sys.executable, "-m", "wheatear", "-C", str(folder), "init"],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    config = f"from wheatear import connect, migrator_for\n\ndb = connect({url!r})\n"
    (folder / "migrations_config.py").write_text(f"{config}migrator = migrator_for(db)\n")
    for number in range(count):
        text = _OURS.format(statement=statement(number), number=number)
        (folder / "migrations" / f"20260101_{number:06d}_create_t{number}.py").write_text(text)
    return folder


def pwmigrate_project(folder: Path, count: int) -> Path:
    """The same for pwmigrate, which comes with Peewee."""
    (folder / "migrations").mkdir(parents=True)
    for number in range(count):
        text = _PWMIGRATE.format(statement=statement(number), number=number)
        (folder / "migrations" / f"{number + 1:04d}_create_t{number}.py").write_text(text)
    (folder / "app.db").touch()
    return folder
