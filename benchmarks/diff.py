"""500 tables of 15 columns, nothing changed: `diff` against pwmigrate's, which compares less."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.servers import database, engines
from benchmarks.startup import run
from benchmarks.timing import compare, seconds_of, show

TABLES = 500
ROUNDS = 5

_MODELS = """\
from playhouse.db_url import connect
from peewee import *

db = connect({url!r})


class Base(Model):
    class Meta:
        database = db


previous = "self"
for number in range({tables}):
    fields = {{f"c{{n}}": CharField(40) if n % 3 else IntegerField(null=True) for n in range(11)}}
    fields["name"] = CharField(unique=True)
    fields["rank"] = IntegerField(index=True)
    fields["parent"] = ForeignKeyField(previous, null=True)
    previous = type(f"Table{{number}}", (Base,), {{**fields, "__module__": __name__}})
    globals()[previous.__name__] = previous
"""
_CONFIG = """\
from wheatear import connect, migrator_for

db = connect({url!r})
migrator = migrator_for(db)
models = "game"
"""
_CREATE = "import game; game.db.create_tables(game.Base.__subclasses__())"


def main() -> None:
    """Compare, on each engine that there is."""
    for engine in engines():
        with tempfile.TemporaryDirectory() as name, database(engine, Path(name)) as url:
            _on(engine, url, Path(name))


def _on(engine: str, url: str, folder: Path) -> None:
    (folder / "game.py").write_text(_MODELS.format(url=url, tables=TABLES))
    (folder / "migrations_config.py").write_text(_CONFIG.format(url=url))
    (folder / "migrations").mkdir()
    run([sys.executable, "-c", _CREATE], folder)
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    ours = [sys.executable, "-m", "wheatear", "diff"]
    theirs = [sys.executable, "-m", "playhouse.migrations", "game.db", "diff", "game"]

    def first() -> None:
        shutil.rmtree(folder / "cache", ignore_errors=True)
        run(ours, folder)

    first()
    rows = compare(
        {
            "pwmigrate diff": lambda: seconds_of(lambda: run(theirs, folder)),
            "wheatear diff": lambda: seconds_of(lambda: run(ours, folder)),
        },
        ROUNDS,
    )
    rows += compare({"wheatear diff, the first time": lambda: seconds_of(first)}, 1)
    show(f"{TABLES} tables of 15 columns, {engine}", rows, "faster than pwmigrate")
