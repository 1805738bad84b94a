"""A server's disk that fills up in the middle of a run: once there is room, `migrate` finishes it.

SQLite's is tested page by page in `sqlite/test_sqlite_disk_full.py`. A server's is tested where
this user may mount a small file system and start a server on it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.own_server import Disk, Mariadb, Postgresql, Server, on_small_disk
from support.projects import Project, wait_for

HEAD = """\
from playhouse.migrate import *
from wheatear import backfill
from migrations_config import db, migrator

atomic = {atomic}


class Player(Model):
    name = CharField(max_length=200)
    n = IntegerField(default=0)

    class Meta:
        database = db
        table_name = "player"


def migrate_forward():
{forward}


def migrate_backward():
    pass
"""
FILL = (
    "    def fill(player):\n"
    "        player.name = str(player.id).rjust(200, 'x')\n"
    "        player.n += 1\n"
    "    backfill(Player, fill, batch=100)"
)
SEVERAL = """\
    db.execute_sql('CREATE TABLE other (id INTEGER PRIMARY KEY, name VARCHAR(250))')
    db.execute_sql('INSERT INTO other SELECT id, name FROM player')
    db.execute_sql('CREATE INDEX other_name ON other (name)')
    with db.atomic():
        db.execute_sql("UPDATE other SET name = 'y'")
        db.execute_sql("INSERT INTO other SELECT id + 100000, 'z' FROM player")
    migrate(migrator.add_column('other', 'silver', IntegerField(default=1)))"""
MIGRATIONS = (
    ("index", True, "    migrate(migrator.add_index('player', ('name',)))"),
    ("rows", False, FILL),
    ("column", True, "    migrate(migrator.add_column('player', 'gold', IntegerField(default=1)))"),
    ("type", True, "    migrate(migrator.alter_column_type('player', 'n', BigIntegerField()))"),
    ("again", False, FILL),
    ("several", False, SEVERAL),
)
COUNT = 3000


def _begin(server: Server) -> None:
    key = "SERIAL" if isinstance(server, Postgresql) else "INTEGER AUTO_INCREMENT"
    server.send("DROP DATABASE IF EXISTS game")
    server.send("CREATE DATABASE game")
    server.send(
        f"CREATE TABLE player (id {key} PRIMARY KEY, name VARCHAR(200) NOT NULL, "
        "n INTEGER NOT NULL DEFAULT 0)",
        "game",
    )
    values = ", ".join(f"('player {n}')" for n in range(COUNT))
    server.send(f"INSERT INTO player (name) VALUES {values}", "game")
    if isinstance(server, Postgresql):
        server.send("CHECKPOINT")


def _found(server: Server) -> list[Any]:
    rows = server.send("SELECT * FROM player ORDER BY id", "game")
    columns = server.send(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_name = 'player' ORDER BY column_name",
        "game",
    )
    others = server.send(
        "SELECT name, silver, count(*) FROM other GROUP BY 1, 2 ORDER BY 1", "game"
    )
    return [list(rows), list(columns), list(others)]


@pytest.mark.long
@pytest.mark.parametrize("kind", [Postgresql, Mariadb], ids=["postgresql", "mariadb"])
def test_full_at_many_sizes(
    kind: Callable[[Path], Server], new_project: Callable[..., Project]
) -> None:
    project = new_project()
    for number, (name, atomic, forward) in enumerate(MIGRATIONS, 1):
        text = HEAD.format(atomic=atomic, forward=forward)
        project.write(f"migrations/202601{number:02}_000000_{name}.py", text)
    with on_small_disk(kind) as (server, disk):
        project.url = server.url("game")
        _begin(server)
        before = disk.used()
        assert project.run("migrate").code == 0
        whole, grown = _found(server), disk.used() - before
        assert {row[2] for row in whole[0]} == {2}
        assert grown > 500
        failed = sum(_full(project, server, disk, grown * part // 12, whole) for part in range(12))
    assert failed >= 3


def _full(project: Project, server: Server, disk: Disk, room: int, whole: list[Any]) -> bool:
    """Run with so much room, in KiB, then with enough; returns whether the first run failed."""
    disk.size(400_000)
    _begin(server)
    disk.size(disk.used() + room)
    ended = project.run("migrate")
    disk.size(400_000)
    if not ended.code:
        return False
    assert ended.code == 1, ended.err
    wait_for(server.answers, 60)  # a server that cannot write its log ends itself
    again = project.run("migrate")
    assert again.code == 0, (ended.err, again.err)
    assert _found(server) == whole
    return True
