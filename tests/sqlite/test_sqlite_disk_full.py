"""A disk that fills up at any point of a run: once there is room, `migrate` finishes it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.projects import Ended, Project

# The limit stands for the disk: SQLite answers with the same SQLITE_FULL.
# https://www.sqlite.org/pragma.html#pragma_max_page_count
CONFIG = """\
import os

from peewee import SqliteDatabase

from wheatear import migrator_for

pages = int(os.environ.get("PAGES", "0"))
db = SqliteDatabase(
    os.environ["DATABASE_URL"].removeprefix("sqlite:///"),
    pragmas={"max_page_count": pages} if pages else {},
)
migrator = migrator_for(db)
"""
HEAD = """\
from playhouse.migrate import *
from wheatear import backfill
from migrations_config import db, migrator

atomic = {atomic}


class Player(Model):
    name = TextField()
    n = IntegerField(default=0)
    note = TextField(null=True)

    class Meta:
        database = db
        table_name = "player"


def migrate_forward():
{forward}


def migrate_backward():
    pass
"""
ROWS = "    Player.insert_many([{'name': f'player {n}', 'n': n} for n in range(150)]).execute()"
SEVERAL = """\
    db.execute_sql('CREATE TABLE other AS SELECT * FROM player')
    db.execute_sql('CREATE INDEX other_name ON other (name)')
    with db.atomic():
        db.execute_sql('INSERT INTO other SELECT * FROM player')
        db.execute_sql('UPDATE other SET n = 0')
    migrate(migrator.add_column('other', 'silver', IntegerField(default=1)))"""
MIGRATIONS = (
    ("create", True, f"    db.create_tables([Player])\n{ROWS}"),
    ("index", True, "    migrate(migrator.add_index('player', ('name', 'n'), True))"),
    (
        "column",
        True,
        "    migrate(\n        migrator.add_column('player', 'gold', IntegerField(default=1)),\n"
        "        migrator.alter_column_type('player', 'n', TextField()),\n    )",
    ),
    ("rows", False, "    backfill(Player, {'note': Player.name + ' writes a lot'}, batch=20)"),
    ("several", False, SEVERAL),
    ("drop", True, "    migrate(migrator.drop_column('player', 'gold'))"),
    ("more", True, ROWS.replace("player {n}", "other {n}")),
)


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    made = new_project(config=CONFIG)
    for number, (name, atomic, forward) in enumerate(MIGRATIONS, 1):
        text = HEAD.format(atomic=atomic, forward=forward)
        made.write(f"migrations/202601{number:02}_000000_{name}.py", text)
    return made


def _path(project: Project) -> Path:
    return Path(project.url.removeprefix("sqlite:///"))


def _found(project: Project) -> tuple[list[str], int]:
    """What is in the database but for the history; and its pages."""
    with closing(sqlite3.connect(_path(project))) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        dump = [line for line in db.iterdump() if "wheatear_history" not in line]
        return dump, db.execute("PRAGMA page_count").fetchone()[0]


def _remove(project: Project) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        Path(f"{_path(project)}{suffix}").unlink(missing_ok=True)


def _says_what_to_do(ended: Ended) -> None:
    assert ended.code == 1
    assert "disk is full" in ended.err
    assert ended.err.endswith(
        "  next:  make room on the disk of the database, then run the command again.\n"
    )
    assert "  state: " in ended.err


def _whole(project: Project) -> tuple[list[str], int]:
    assert project.run("migrate").code == 0
    whole, pages = _found(project)
    with closing(sqlite3.connect(_path(project))) as db:
        db.execute("VACUUM")
    _remove(project)
    return whole, pages


def _full_at(project: Project, pages: int, whole: list[str]) -> bool:
    """Run with so many pages, then with room; returns whether the first run failed."""
    _remove(project)
    ended = project.run("migrate", env={"PAGES": str(pages)})
    if ended.code:
        _says_what_to_do(ended)
    again = project.run("migrate")
    assert again.code == 0, again.err
    assert _found(project)[0] == whole
    return ended.code == 1


def _full_everywhere(project: Project, step: int) -> None:
    whole, pages = _whole(project)
    failed = [_full_at(project, at, whole) for at in range(2, pages + 2, step)]
    assert failed[0]
    assert not _full_at(project, pages + 2, whole)


def test_full_at_some_pages(project: Project) -> None:
    _full_everywhere(project, 9)


@pytest.mark.long
def test_full_at_every_page(project: Project) -> None:
    _full_everywhere(project, 1)


@pytest.mark.long
def test_full_on_the_way_back(project: Project) -> None:
    """A migration that grows while it is reverted."""
    for path in project.folder.iterdir():
        path.unlink()
    project.migration("20260101_000000_a", "db.execute_sql('CREATE TABLE a (x)')", BACK)
    assert project.run("migrate").code == 0
    start = _path(project).read_bytes()
    assert project.run("migrate", "--backward").code == 0
    whole, pages = _found(project)
    for at in range(len(start) // 4096, pages + 1):
        _path(project).write_bytes(start)
        ended = project.run("migrate", "--backward", env={"PAGES": str(at)})
        if ended.code:
            _says_what_to_do(ended)
            assert project.run("migrate", "--backward").code == 0
        assert _found(project)[0] == whole


BACK = """\
db.execute_sql('DROP TABLE a')
db.execute_sql('CREATE TABLE b (x)')
for _ in range(60):
    db.execute_sql('INSERT INTO b VALUES (zeroblob(1000))')
"""


# A disk of its own, where this user may make one


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A small file system of a size in KiB, which can be changed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if mount is None or os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root can make a small disk; max_page_count stands for it")

    def size(kibibytes: int) -> Path:
        options = ["-o", f"remount,size={kibibytes}k", str(folder)]
        subprocess.run([command[0], *options], check=True)
        return folder

    yield size
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _on_disk(project: Project, folder: Path) -> None:
    project.url = f"sqlite:///{folder / 'game.db'}"


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.long
@pytest.mark.parametrize("words", [["migrate"], ["migrate", "--backup"]], ids=["plain", "backup"])
def test_a_real_disk_at_every_size(
    project: Project, disk: Callable[[int], Path], words: list[str]
) -> None:
    """The journal and the backup fill it, too."""
    _on_disk(project, disk(8_000))
    last = {path: path.read_text() for path in sorted(project.folder.glob("*.py"))[3:]}
    for path in last:
        path.unlink()
    assert project.run("migrate").code == 0
    start = _path(project).read_bytes()
    for path, text in last.items():
        path.write_text(text)
    whole, pages = _whole(project)
    failures = 0
    for size in range(len(start) // 1024 + 4, 4 * pages * (4 if "--backup" in words else 3), 8):
        folder = disk(8_000)
        _empty(folder)
        _path(project).write_bytes(start)
        disk(size)
        ended = project.run(*words)
        disk(8_000)
        if ended.code:
            failures += 1
            assert ended.code == 1
            assert "full" in ended.err or "No space left" in ended.err, ended.err
            assert "make room on the disk of the database" in ended.err, ended.err
            if "cannot be copied" in ended.err:
                assert _path(project).read_bytes() == start
            again = project.run(*words)
            assert again.code == 0, again.err
        assert _found(project)[0] == whole
        assert not list(folder.glob("*.part*"))
    assert failures > 3


def test_the_backup_does_not_fit(project: Project, disk: Callable[[int], Path]) -> None:
    folder = disk(1_000)
    _on_disk(project, folder)
    with closing(sqlite3.connect(_path(project))) as db:
        db.execute("CREATE TABLE filler (x)")
        db.execute("INSERT INTO filler VALUES (zeroblob(400000))")
        db.commit()
    before = _path(project).read_bytes()
    disk(600)
    ended = project.run("migrate", "--backup")
    assert ended.err == (
        f"error: sqlite:///{_path(project)} cannot be copied: database or disk is full\n"
        "  state: nothing was changed.\n"
        "  next:  make room on the disk of the database, then run the command again.\n"
    )
    assert _path(project).read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["game.db"]


def test_what_rolls_back_hides_nothing(project: Project) -> None:
    """SQLite has rolled back by itself, so that `db.atomic()` fails as it ends."""
    for path in project.folder.iterdir():
        path.unlink()
    forward = (
        "    with db.atomic():\n"
        "        db.execute_sql('CREATE TABLE a (x)')\n"
        "        db.execute_sql('INSERT INTO a VALUES (zeroblob(100000))')"
    )
    for number, atomic in enumerate((True, False), 1):
        text = HEAD.format(atomic=atomic, forward=forward.replace(" a ", f" t{number} "))
        project.write(f"migrations/2026010{number}_000000_a.py", text)
        ended = project.run("migrate", env={"PAGES": "12"})
        _says_what_to_do(ended)
        assert f"statement: INSERT INTO t{number} VALUES" in ended.err
        assert project.run("migrate").code == 0
        with closing(sqlite3.connect(_path(project))) as db:
            db.execute(f"DROP TABLE t{number}")
            db.execute("VACUUM")
