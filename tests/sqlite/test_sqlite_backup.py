"""`migrate --backup` and `restore`: a copy before the first change, and the way back to it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from support.projects import CONFIG, Project, wait_for
from support.terminal import ESCAPE, on_a_terminal

NAME = r"wheatear_test_[0-9a-f]{16}\.db\.\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}\.backup"
FAILS = "db.execute_sql('CREATE TABLE c (x)')\nraise ValueError('no')"
FAILS_WITHOUT_TRANSACTION = """\
from migrations_config import db

atomic = False


def migrate_forward():
    db.execute_sql('CREATE TABLE c (x)')
    {first}
    raise ValueError('no')


def migrate_backward():
    pass
"""
OTHERS_WRITE = (
    "import sqlite3\n"
    "    other = sqlite3.connect(db.database, isolation_level=None)\n"
    "    other.execute('INSERT INTO player VALUES (77)')\n"
    "    other.close()"
)
APSW = """\
import os

from playhouse.apsw_ext import APSWDatabase

from wheatear import migrator_for

db = APSWDatabase(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
migrator = migrator_for(db)
"""
POOLED = CONFIG.replace('["DATABASE_URL"]', '["DATABASE_URL"].replace("sqlite", "sqlite+pool")')
LOW = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"


def _path(project: Project) -> Path:
    return Path(project.url.removeprefix("sqlite:///"))


def _open(project: Project) -> Any:
    return closing(sqlite3.connect(_path(project), isolation_level=None, timeout=5))


def _backups(project: Project) -> list[Path]:
    return sorted(p for p in _path(project).parent.iterdir() if re.fullmatch(NAME, p.name))


def _leftovers(project: Project) -> list[str]:
    """What is beside the database that is neither a backup nor SQLite's own."""
    base = _path(project).name
    return [
        path.name
        for path in _path(project).parent.iterdir()
        if path.name.startswith(base)
        and not re.fullmatch(NAME, path.name)
        and path.name.removeprefix(base) not in ("", "-wal", "-shm")
    ]


def _dump(path: Path) -> list[str]:
    """All but the history, of a copy beside it: looking must not change anything."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [line for line in db.iterdump() if "wheatear_history" not in line]


@pytest.fixture(params=["delete", "wal"])
def player(request: pytest.FixtureRequest, new_project: Callable[..., Project]) -> Project:
    """A database with a table and rows, in both kinds of journal, before two more migrations."""
    project = new_project()
    _begin(project, request.param)
    return project


def _begin(project: Project, journal: str = "delete") -> None:
    with _open(project) as db:
        db.execute(f"PRAGMA journal_mode = {journal}")
        db.execute("CREATE TABLE player (id INTEGER PRIMARY KEY)")
        db.execute("INSERT INTO player VALUES (1), (2), (3)")
    project.migration("20260101_000000_a", "db.execute_sql('CREATE TABLE a (x)')")
    assert project.run("migrate").code == 0
    project.migration(
        "20260102_000000_b",
        "db.execute_sql('CREATE TABLE b (x)')\ndb.execute_sql('DELETE FROM player')",
    )


def test_a_copy_before_the_first_change_and_none_without_one(player: Project) -> None:
    before = _dump(_path(player))
    ended = player.run("migrate", "--backup")
    (backup,) = _backups(player)
    assert (ended.code, ended.out) == (0, "  applied 20260102_000000_b  N s\n")
    assert ended.raw.splitlines()[-1] == f"backup: {backup.name}"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert _dump(backup) == before
    assert _dump(_path(player)) != before
    assert player.run("migrate", "--backup").told == (
        0,
        "Nothing to do: no migration is pending.\n",
        "",
    )
    assert _backups(player) == [backup]
    assert _leftovers(player) == []


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        pytest.param(APSW, marks=pytest.mark.skipif(not find_spec("apsw"), reason="no APSW")),
        POOLED,
    ],
    ids=["sqlite3", "apsw", "pool"],
)
def test_a_failure_after_a_commit_is_undone(player: Project, config: str) -> None:
    player.write("migrations_config.py", config)
    player.migration("20260103_000000_c", FAILS)
    with _open(player) as other:
        assert other.execute("SELECT count(*) FROM player").fetchone() == (3,)
        before = _dump(_path(player))
        ended = player.run("migrate", "--backup")
        assert (ended.code, ended.out) == (1, "  applied 20260102_000000_b  N s\n"), ended.raw
        assert _backups(player) == []  # the database is the same again, and older ones are needed
        assert re.sub(r"(?<=DATABASE.db)\S*", "", ended.err) == (
            "backup: DATABASE.db\n"
            "error: 20260103_000000_c failed: ValueError: no\n"
            "  where: ROOT/migrations/20260103_000000_c.py:10 in migrate_forward()\n"
            "           raise ValueError('no')\n"
            "  state: the database is what it was before this run, by its backup; undone with it: "
            "20260102_000000_b.\n"
            "  next:  mend the file and run the command again.\n"
        )
        assert _dump(_path(player)) == before
        # A connection that was open all the time goes on, and so does who reads what it writes.
        assert other.execute("SELECT count(*) FROM player").fetchone() == (3,)
        other.execute("INSERT INTO player VALUES (4)")
    history = json.loads(player.run("history", "--json").out)["records"]
    assert [(one["name"], one["outcome"]) for one in history] == [
        ("20260101_000000_a", "done"),
        ("20260103_000000_c", "failed"),
    ]
    player.migration("20260103_000000_c", "db.execute_sql('CREATE TABLE c (x)')")
    assert player.run("migrate", "--backup").code == 0
    assert player.run("status", "--check").code == 0


PRAGMAS = """\
import os

from peewee import SqliteDatabase

from wheatear import migrator_for

path = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
db = SqliteDatabase(path, pragmas={pragmas})
migrator = migrator_for(db)
"""


@pytest.mark.parametrize("journal", ["memory", "off", "truncate", "persist"])
def test_with_any_journal(on_sqlite: Project, journal: str) -> None:
    _begin(on_sqlite)
    on_sqlite.write("migrations_config.py", PRAGMAS.format(pragmas={"journal_mode": journal}))
    before = _dump(_path(on_sqlite))
    text = FAILS_WITHOUT_TRANSACTION.format(
        first=f"assert db.pragma('journal_mode') == {journal!r}"
    )
    on_sqlite.write("migrations/20260103_000000_c.py", text)
    ended = on_sqlite.run("migrate", "--backup")
    assert "the database is what it was before this run" in ended.err, ended.err
    assert _dump(_path(on_sqlite)) == before


def test_with_the_file_kept_for_itself(on_sqlite: Project) -> None:
    _begin(on_sqlite)
    before = _dump(_path(on_sqlite))
    pragmas = {"locking_mode": "exclusive"}
    on_sqlite.write("migrations_config.py", PRAGMAS.format(pragmas=pragmas))
    on_sqlite.migration("20260103_000000_c", FAILS)
    ended = on_sqlite.run("migrate", "--backup")
    assert "the database is what it was before this run" in ended.err, ended.err
    assert _dump(_path(on_sqlite)) == before


@pytest.mark.parametrize(
    "journal", ["wal", pytest.param("delete", marks=pytest.mark.long)], ids=str
)
def test_with_the_file_kept_for_itself_since_before_the_run(
    on_sqlite: Project, journal: str
) -> None:
    """Nobody can read it then but the connection that writes: it is told, and not waited for."""
    _begin(on_sqlite, journal)
    pragmas = {"locking_mode": "exclusive"}
    used = "db.connect()\ndb.execute_sql('CREATE TABLE IF NOT EXISTS used (x)')\n"
    on_sqlite.write("migrations_config.py", PRAGMAS.format(pragmas=pragmas) + used)
    assert on_sqlite.run("migrate", "--backup", "--wait", "10").told == (
        1,
        "",
        "error: sqlite:///FILE cannot be copied: its connection keeps the file for itself "
        "(`locking_mode = exclusive`).\n"
        "  state: nothing was changed.\n"
        "  next:  leave out `locking_mode`, or `--backup`.\n",
    )
    assert _backups(on_sqlite) == []
    backup = f"{_path(on_sqlite)}.20260101T000000.000Z-00000001.backup"
    with _open(on_sqlite) as db:
        db.execute("VACUUM INTO ?", (backup,))
        db.execute("INSERT INTO player VALUES (9)")
    before, after = _dump(Path(backup)), _dump(_path(on_sqlite))
    ended = on_sqlite.run("restore", "2026010", "--yes", "--wait", "10")
    assert ended.code == 0, ended.err
    assert _dump(_path(on_sqlite)) == before
    assert _dump(_backups(on_sqlite)[1]) == after


def test_without_a_transaction_too(player: Project) -> None:
    player.write("migrations/20260103_000000_c.py", FAILS_WITHOUT_TRANSACTION.format(first=""))
    before = _dump(_path(player))
    ended = player.run("migrate", "--backup")
    assert ended.code == 1
    assert "the database is what it was before this run" in ended.err
    assert ended.err.endswith("  next:  mend the file and run the command again.\n")
    assert _dump(_path(player)) == before
    assert "interrupted" not in player.run("status").out


def test_what_others_wrote_is_not_undone(player: Project) -> None:
    text = FAILS_WITHOUT_TRANSACTION.format(first=OTHERS_WRITE)
    player.write("migrations/20260103_000000_c.py", text)
    ended = player.run("migrate", "--backup")
    (backup,) = _backups(player)
    assert ended.code == 1
    assert (
        "the backup was not put back: others have written to the database meanwhile, and it would "
        "be lost." in ended.err
    )
    assert ended.raw.splitlines()[-1] == (
        f"         to go back to what was before this run: `restore {backup.name}`"
    )
    with _open(player) as db:
        assert db.execute("SELECT * FROM player").fetchall() == [(77,)]


def test_runs_that_fail_again_and_again_leave_older_backups(player: Project) -> None:
    player.write("migrations_config.py", CONFIG + "backup = True\nbackups = 2\n")
    assert player.run("migrate").code == 0
    (backup,) = _backups(player)
    player.migration("20260103_000000_e", "db.execute_sql('CREATE TABLE extra (x)')")
    player.migration("20260104_000000_c", FAILS)
    for _ in range(3):
        assert "the database is what it was before this run" in player.run("migrate").err
    assert _backups(player) == [backup]


def test_a_run_that_changed_nothing_leaves_no_backup(player: Project) -> None:
    player.migration("20260102_000000_b", FAILS)
    ended = player.run("migrate", "--backup")
    assert ended.code == 1
    assert "20260102_000000_b was rolled back: nothing of it stays." in ended.err
    assert _backups(player) == []


def test_stopped_from_outside_the_backup_stays(player: Project) -> None:
    player.migration(
        "20260103_000000_c", f"import time\nopen({str(player.root / 'on')!r}, 'w')\ntime.sleep(60)"
    )
    running = player.start("migrate", "--backup")
    wait_for((player.root / "on").exists)
    ended = running.end(signal.SIGTERM)
    (backup,) = _backups(player)
    assert ended.code == 143
    assert f"`restore {backup.name}` goes back to what was before this run.\n" in ended.raw
    with _open(player) as db:
        assert db.execute("SELECT count(*) FROM player").fetchone() == (0,)


SLOW = """\
import os
import time
from pathlib import Path

from peewee import SqliteDatabase

from wheatear import migrator_for

db = SqliteDatabase(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
migrator = migrator_for(db)


@db.func("slow", deterministic=True)
def slow(x):
    if os.path.exists("ready"):
        Path("on").touch()
        time.sleep(0.05)
    return 1
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_a_rebuild_the_backup_stays(player: Project, number: signal.Signals) -> None:
    """The statement that is stopped fails, which is no failure of the migration's."""
    player.write("migrations_config.py", SLOW)
    player.migration(
        "20260103_000000_c",
        "from pathlib import Path\n"
        "db.execute_sql('CREATE TABLE many (x INTEGER CHECK (slow(x)), y INTEGER)')\n"
        "db.execute_sql('INSERT INTO many WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL '\n"
        "    'SELECT n + 1 FROM c WHERE n < 900) SELECT n, n FROM c')\n"
        "Path('ready').touch()\n"
        "migrate(migrator.alter_column_type('many', 'y', TextField()))",
    )
    running = player.start("migrate", "--backup")
    wait_for((player.root / "on").exists)
    ended = running.end(number)
    (backup,) = _backups(player)
    assert ended.code == 128 + number
    assert f"`restore {backup.name}` goes back to what was before this run.\n" in ended.raw
    assert "applied before it in this run, and staying so: 20260102_000000_b" in ended.err
    with _open(player) as db:
        assert db.execute("SELECT count(*) FROM player").fetchone() == (0,)


def test_many_runs_at_once_make_one(player: Project) -> None:
    runs = [player.fork("migrate", "--backup") for _ in range(6)]
    assert [run.end()[0] for run in runs] == [0] * 6
    assert len(_backups(player)) == 1


def test_the_configuration_asks_and_counts(on_sqlite: Project) -> None:
    on_sqlite.write("migrations_config.py", CONFIG + "backup = True\nbackups = 2\n")
    on_sqlite.tables("a", "b", "c", "d")
    assert on_sqlite.run("migrate", "--steps", "1").told == (
        0,
        "  applied 20260101_000000_add_a  N s\n",
        "",  # there was no database to copy
    )
    made = []
    for _ in range(3):
        assert on_sqlite.run("migrate", "--steps", "1").code == 0
        made.append(_backups(on_sqlite)[-1])
    assert _backups(on_sqlite) == made[1:]
    assert on_sqlite.run("migrate", "--backward", "--no-backup").code == 0
    assert _backups(on_sqlite) == made[1:]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("backup = 'yes'", "`backup` in migrations_config.py is neither True nor False but 'yes'."),
        (
            "backup = True\nbackups = 0",
            "`backups` in migrations_config.py is no number from 1 on but 0.",
        ),
    ],
)
def test_a_wrong_configuration(on_sqlite: Project, line: str, what: str) -> None:
    _begin(on_sqlite)
    on_sqlite.write("migrations_config.py", f"{CONFIG}{line}\n")
    ended = on_sqlite.run("migrate")
    assert (ended.code, ended.err.splitlines()[0]) == (1, f"error: {what}")
    assert _backups(on_sqlite) == []


def test_no_room_for_the_backup_stops_the_run(player: Project) -> None:
    """The limit of a file's size stands for a disk that is full: SQLite meets the same errors."""
    with _open(player) as db:
        db.execute("CREATE TABLE filler (x)")
        db.execute("INSERT INTO filler VALUES (zeroblob(200000))")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = _dump(_path(player))
    player.write("migrations_config.py", CONFIG + LOW)
    ended = player.run("migrate", "--backup")
    assert ended.code == 1
    assert ended.err.startswith("error: sqlite:///FILE cannot be copied: ")
    assert "  state: nothing was changed.\n  next:  " in ended.err
    assert _dump(_path(player)) == before
    assert _backups(player) == []
    assert _leftovers(player) == []


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_an_empty_database_is_empty_again(on_sqlite: Project, journal: str) -> None:
    """With a write-ahead log it has one page, and a copy of it is one step."""
    with _open(on_sqlite) as db:
        db.execute(f"PRAGMA journal_mode = {journal}")
    _path(on_sqlite).touch()
    on_sqlite.tables("a")
    on_sqlite.migration("20260103_000000_c", FAILS)
    ended = on_sqlite.run("migrate", "--backup")
    assert "  state: the database is what it was before this run, by its backup;" in ended.err
    assert _dump(_path(on_sqlite)) == ["BEGIN TRANSACTION;", "COMMIT;"]


def test_a_clock_that_was_put_back(on_sqlite: Project) -> None:
    """The newest is the one that was made last, whatever its time."""
    on_sqlite.write("migrations_config.py", CONFIG + "backups = 2\n")
    _begin(on_sqlite)
    for name in ("29990101T000000.000Z-00000001", "29990101T000000.000Z-00000002"):
        shutil.copy(_path(on_sqlite), f"{_path(on_sqlite)}.{name}.backup")
    assert on_sqlite.run("migrate", "--backup").code == 0
    made = _backups(on_sqlite)
    assert [path.name.split(".")[2][:15] for path in made] == ["29990101T000000"] * 2
    assert made[1].name.split(".")[3].startswith("001Z-")
    after = _dump(_path(on_sqlite))
    ended = on_sqlite.run("restore", made[1].name, "--yes")
    assert ended.code == 0, ended.raw
    kept = _backups(on_sqlite)[-1]
    assert ended.raw.endswith(f"what was there before is kept: {kept.name}\n")
    assert _dump(kept) == after


def test_a_name_of_no_day_is_no_backup(on_sqlite: Project) -> None:
    _begin(on_sqlite)
    Path(f"{_path(on_sqlite)}.20269931T000000.000Z-00000001.backup").touch()
    assert on_sqlite.run("migrate", "--backup").code == 0
    assert len(on_sqlite.run("restore").raw.splitlines()) == 1


def test_a_damaged_database_makes_no_backup(on_sqlite: Project) -> None:
    _begin(on_sqlite)
    with _open(on_sqlite) as db:
        db.execute("CREATE TABLE filler (x)")
        db.executemany("INSERT INTO filler VALUES (?)", [("x" * 500,)] * 200)
    with open(_path(on_sqlite), "r+b") as file:
        file.seek(20 * 4096)
        file.write(os.urandom(4096))
    ended = on_sqlite.run("migrate", "--backup")
    assert ended.code == 1
    assert "is not sound" in ended.err or "disk image is malformed" in ended.err
    assert ended.err.endswith(
        "  next:  look whether the database itself is sound: `PRAGMA integrity_check`.\n"
    )
    assert _backups(on_sqlite) == []
    assert on_sqlite.run("migrate").code == 0


# restore


def test_list_restore_and_back_again(player: Project) -> None:
    assert player.run("restore").told == (
        0,
        "sqlite:///FILE: there is no backup; `migrate --backup` makes one.\n",
        "",
    )
    before = _dump(_path(player))
    player.run("migrate", "--backup")
    after = _dump(_path(player))
    (backup,) = _backups(player)
    listed = player.run("restore")
    assert (listed.code, listed.err) == (0, "")
    assert re.fullmatch(
        NAME + r"  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \d+ KiB  1 applied, last 20260101_000000_a\n",
        listed.raw,
    )
    (shown,) = json.loads(player.run("restore", "--json").raw)["backups"]
    assert shown["name"] == backup.name
    assert shown["applied"] == ["20260101_000000_a"]
    assert shown["bytes"] == backup.stat().st_size
    last = json.loads(player.run("history", "--json").out)["records"][-1]
    assert last["run"].startswith(shown["run"])

    with _open(player) as other:
        assert other.execute("SELECT count(*) FROM player").fetchone() == (0,)
        restored = player.run("restore", backup.name, "--yes")
        kept = next(one for one in _backups(player) if one != backup)
        assert restored.code == 0
        assert restored.raw == (
            f"restored {backup.name}: 1 applied, last 20260101_000000_a\n"
            f"what was there before is kept: {kept.name}\n"
        )
        assert _dump(_path(player)) == before
        other.execute("INSERT INTO player VALUES (4)")
        assert other.execute("SELECT count(*) FROM player").fetchone() == (4,)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    told = player.run("restore", str(kept), "--yes", "--json")
    assert json.loads(told.raw)["restored"]["name"] == kept.name
    assert _dump(_path(player)) == after
    assert player.run("status", "--check").code == 0
    assert _leftovers(player) == []


def test_restore_asks_who_is_there(player: Project) -> None:
    player.run("migrate", "--backup")
    (backup,) = _backups(player)
    after = _dump(_path(player))
    ended = player.run("restore", backup.name)
    assert ended.told == (
        2,
        "",
        "error: Whether to put the backup in the place of the database cannot be asked here: there "
        "is no terminal.\n"
        "  state: nothing was changed.\n"
        f"  next:  `restore {player.plain(backup.name)} --yes` does it without asking.\n",
    )
    pytest.importorskip("pty", reason="no terminals here")
    code, text = on_a_terminal(player, "restore", backup.name, types="n\n")
    assert (code, ESCAPE.sub("", text).partition("Restore? [y/N]: ")[2].lstrip("n\n")) == (
        1,
        "error: Not restored: the answer was no.\n"
        "  state: nothing was changed.\n"
        "  next:  `restore` lists the backups there are.\n",
    )
    code, text = on_a_terminal(player, "restore", backup.name, types="\x04")
    assert (code, ESCAPE.sub("", text).partition("error: ")[2]) == (
        130,
        "Stopped: the question was not answered.\n"
        "  state: nothing was changed.\n"
        "  next:  run the command again.\n",
    )
    assert _dump(_path(player)) == after


def test_restore_wants_one_that_is_there(player: Project) -> None:
    player.run("migrate", "--backup")
    (backup,) = _backups(player)
    assert player.run("restore", "nothing", "--yes").err.replace(backup.name, "NAME") != ""
    ended = player.run("restore", "nothing", "--yes")
    assert ended.code == 2
    assert ended.raw == (
        "error: No backup is called 'nothing'.\n"
        "  state: nothing was changed.\n"
        f"  next:  name one of these:\n         {backup.name}\n"
    )
    assert player.run("restore", "20", "--yes").code == 0
    ended = player.run("restore", "20", "--yes")
    assert ended.code == 2
    assert ended.raw.startswith("error: '20' is the beginning of 2 backups.\n")


def test_a_damaged_backup_is_not_put_back(player: Project) -> None:
    player.run("migrate", "--backup")
    (backup,) = _backups(player)
    after = _dump(_path(player))
    with open(backup, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    ended = player.run("restore", backup.name, "--yes")
    assert ended.code == 1
    assert f"The backup {backup.name} is damaged: " in ended.raw
    assert _dump(_path(player)) == after
    assert _backups(player) == [backup]


def test_a_backup_that_was_cut_to_nothing_is_not_put_back(player: Project) -> None:
    """SQLite would open it as a database without tables."""
    player.run("migrate", "--backup")
    (backup,) = _backups(player)
    after = _dump(_path(player))
    backup.write_bytes(b"")
    ended = player.run("restore", backup.name, "--yes")
    assert (ended.code, ended.raw) == (
        1,
        f"error: The backup {backup.name} is damaged: it is empty.\n"
        "  state: nothing was changed.\n"
        "  next:  name another one: `restore` lists all there are.\n",
    )
    assert _dump(_path(player)) == after
    assert _backups(player) == [backup]


def test_a_database_that_is_gone_comes_back(on_sqlite: Project) -> None:
    _begin(on_sqlite)
    before = _dump(_path(on_sqlite))
    on_sqlite.run("migrate", "--backup")
    (backup,) = _backups(on_sqlite)
    _path(on_sqlite).unlink()
    assert on_sqlite.run("restore", backup.name, "--yes").code == 0
    assert _dump(_path(on_sqlite)) == before
    assert stat.S_IMODE(_path(on_sqlite).stat().st_mode) == 0o600
    assert _backups(on_sqlite) == [backup]


def test_pages_of_another_size(player: Project) -> None:
    """With a write-ahead log, SQLite itself would say only that the database is read-only."""
    before = _dump(_path(player))
    player.run("migrate", "--backup")
    (backup,) = _backups(player)
    with _open(player) as db:
        ((journal,),) = db.execute("PRAGMA journal_mode")
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA page_size = 8192")
        db.execute("VACUUM")
        db.execute(f"PRAGMA journal_mode = {journal}")
    if journal == "wal":
        ended = player.run("restore", backup.name, "--yes")
        assert ended.told == (
            1,
            "",
            "error: The backup has pages of 4096 bytes and the database of 8192, which cannot "
            "change in a database with a write-ahead log.\n"
            "  state: nothing was changed.\n"
            "  next:  say `PRAGMA journal_mode = DELETE` while nobody else has it open, then run "
            "the command again.\n",
        )
        with _open(player) as db:
            db.execute("PRAGMA journal_mode = DELETE")
    assert player.run("restore", backup.name, "--yes").code == 0
    assert _dump(_path(player)) == before


def test_a_reader_is_waited_for(on_sqlite: Project) -> None:
    """With a rollback journal only: with a write-ahead log, readers are in nobody's way."""
    _begin(on_sqlite)
    on_sqlite.run("migrate", "--backup")
    (backup,) = _backups(on_sqlite)
    with _open(on_sqlite) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM a").fetchall()
        ended = on_sqlite.run("restore", backup.name, "--yes", "--wait", "0.3")
        assert ended.code == 1
        assert "Gave up after waiting" in ended.err
        other.execute("COMMIT")
        other.execute("INSERT INTO a VALUES (1)")
    assert _backups(on_sqlite) == [backup]


def test_from_python(player: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from wheatear import Migrations

    monkeypatch.setenv("DATABASE_URL", player.url)
    migrations = Migrations.load(player.root)
    result = migrations.migrate(backup=True)
    (backup,) = migrations.backups()
    assert (result.backup, backup.applied) == (backup.name, ("20260101_000000_a",))
    restored = migrations.restore(backup.name)
    assert restored.backup.path == backup.path
    assert restored.kept is not None
    assert restored.kept.applied == ("20260101_000000_a", "20260102_000000_b")
    assert migrations.project.engine.db.is_closed()


def test_stopped_at_the_commit_the_backup_stays(
    on_sqlite: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Ctrl-C that comes while SQLite commits is raised when it has."""
    from wheatear import Migrations
    from wheatear.turn import Turn

    def take(turn: Any) -> None:
        taken(turn)
        raise KeyboardInterrupt

    taken = Turn._take
    _begin(on_sqlite)
    monkeypatch.setenv("DATABASE_URL", on_sqlite.url)
    monkeypatch.setattr(Turn, "_take", take)
    said: list[Any] = []
    with pytest.raises(KeyboardInterrupt):
        Migrations.load(on_sqlite.root).migrate(backup=True, listener=said.append)
    (backup,) = _backups(on_sqlite)
    assert said[-1].text == f"`restore {backup.name}` goes back to what was before this run."


def test_stopped_when_it_is_put_back_what_was_there_stays(
    player: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wheatear import Migrations
    from wheatear.engines.sqlite.backup import SqliteCopies

    def restore(copies: Any, *args: Any, **options: Any) -> None:
        put(copies, *args, **options)
        raise KeyboardInterrupt

    put = SqliteCopies.restore
    before = _dump(_path(player))
    player.run("migrate", "--backup")
    (backup,) = _backups(player)
    after = _dump(_path(player))
    monkeypatch.setenv("DATABASE_URL", player.url)
    monkeypatch.setattr(SqliteCopies, "restore", restore)
    said: list[Any] = []
    with pytest.raises(KeyboardInterrupt):
        Migrations.load(player.root).restore(backup.name, listener=said.append)
    (kept,) = [path for path in _backups(player) if path != backup]
    assert said[-1].text == f"what was there before is kept: {kept.name}"
    assert (_dump(_path(player)), _dump(kept)) == (before, after)


def test_nobody_writes_between_what_is_kept_and_what_is_put_back(
    player: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be lost, or an application that writes all the time had to be stopped."""
    from wheatear import Migrations
    from wheatear.engines.sqlite.backup import SqliteCopies

    def make(copies: Any, *args: Any, **options: Any) -> None:
        make_it(copies, *args, **options)
        with closing(sqlite3.connect(_path(player), isolation_level=None, timeout=0)) as other:
            assert other.execute("SELECT count(*) FROM player").fetchone() == (0,)
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("INSERT INTO player VALUES (4)")

    make_it = SqliteCopies.make
    before = _dump(_path(player))
    player.run("migrate", "--backup")
    (backup,) = _backups(player)
    after = _dump(_path(player))
    monkeypatch.setenv("DATABASE_URL", player.url)
    monkeypatch.setattr(SqliteCopies, "make", make)
    kept = Migrations.load(player.root).restore(backup.name).kept
    assert kept is not None
    assert (_dump(_path(player)), _dump(Path(kept.path))) == (before, after)


# Killed


KILLED = """
import sys
sys.path.insert(0, {root!r})
from wheatear import Migrations
migrations = Migrations.load({root!r})
print("go", flush=True)
migrations.restore(sys.argv[1])
"""


def _large(project: Project, journal: str) -> tuple[list[str], list[str], Path]:
    _begin(project, journal)
    with _open(project) as db:
        db.execute("CREATE TABLE filler (id INTEGER PRIMARY KEY, x)")
        db.executemany("INSERT INTO filler (x) VALUES (?)", [("x" * 2000,)] * 4000)
    project.migration("20260103_000000_c", "db.execute_sql('UPDATE filler SET x = id')")
    old = _dump(_path(project))
    assert project.run("migrate", "--backup").code == 0
    (backup,) = _backups(project)
    return old, _dump(_path(project)), backup


def _killed_restores(project: Project, journal: str, times: int) -> None:
    old, new, backup = _large(project, journal)
    script = project.write("killed.py", KILLED.format(root=str(project.root)))
    command = [sys.executable, str(script), backup.name]
    start = time.monotonic()
    environment = project.environment()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert _dump(_path(project)) == old
    whole = time.monotonic() - start
    seen = set()
    for number in range(times):
        for path in _backups(project):
            if path != backup:
                path.unlink()
        with (
            closing(sqlite3.connect(_path(project))) as db,
            closing(sqlite3.connect(":memory:")) as memory,
        ):
            memory.executescript("\n".join(new))
            if _dump(_path(project)) == old:  # make it new again
                db.executescript("UPDATE filler SET x = id; DELETE FROM player; CREATE TABLE b (x)")
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(whole * 0.6 * number / times)
        process.kill()
        process.wait()
        process.stdout.close()
        found = _dump(_path(project))
        seen.add(found == old)
        assert found in (old, new)
    assert seen == {True, False}
    assert project.run("restore", backup.name, "--yes").code == 0
    assert _leftovers(project) == []


@pytest.mark.long
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_killed_while_it_is_put_back(on_sqlite: Project, journal: str) -> None:
    _killed_restores(on_sqlite, journal, 40)


def test_what_a_killed_copy_left_is_swept(player: Project) -> None:
    part = f"{_path(player)}.20260101T000000.000Z-0123abcd.backup.part"
    for end in ("", "-journal", "-wal", "-shm"):
        Path(f"{part}{end}").write_bytes(b"x")
    mine = Path(f"{_path(player)}.backup.part")
    mine.write_bytes(b"mine")
    assert player.run("migrate", "--backup").code == 0
    assert _leftovers(player) == [mine.name]


# Elsewhere


@pytest.mark.parametrize(
    ("engine", "command"),
    [
        ("postgresql", "pg_dump --format=custom --file=before.dump DATABASE"),
        (
            "mariadb",
            "mariadb-dump --single-transaction --routines --result-file=before.sql DATABASE",
        ),
    ],
)
def test_other_engines_say_what_to_use(
    engine: str, command: str, new_project: Callable[..., Project]
) -> None:
    project = new_project(engine)
    project.tables("a")
    for words in (["migrate", "--backup"], ["restore"], ["restore", "x", "--yes"]):
        ended = project.run(*words)
        assert (ended.code, ended.out) == (2, "")
        assert "Backups are copies of an SQLite file; " in ended.err
        assert (
            "  state: nothing was changed.\n"
            f"  next:  a server's backup is a dump: make one (`{command}`) before a run without --backup.\n"
        ) in ended.err
    project.write("migrations_config.py", CONFIG + "backup = True\n")
    ended = project.run("migrate")
    assert (ended.code, ended.out) == (0, "  applied 20260101_000000_add_a  N s\n")
    assert ended.err.startswith(
        "warning: no backup is made, though migrations_config.py says `backup = True`: Backups are "
        "copies of an SQLite file; "
    )


def test_memory_has_no_file() -> None:
    from peewee import SqliteDatabase

    from wheatear import Migrations
    from wheatear.errors import UsageError

    with pytest.raises(UsageError, match="copies of an SQLite file"):
        Migrations(SqliteDatabase(":memory:"), "nowhere").backups()


@pytest.mark.long
def test_killed_while_it_is_made(player: Project) -> None:
    """There is a whole copy or none, the database is as it was, and the next run is as ever."""
    with _open(player) as db:
        db.execute("CREATE TABLE filler (id INTEGER PRIMARY KEY, x)")
        db.executemany("INSERT INTO filler (x) VALUES (?)", [("x" * 2000,)] * 6000)
    player.migration(
        "20260102_000000_b", "import time\ntime.sleep(60)\ndb.execute_sql('CREATE TABLE b (x)')"
    )
    before = _dump(_path(player))
    folder = _path(player).parent
    seen = set()
    for number in range(30):
        running = player.start("migrate", "--backup")
        wait_for(lambda: any(path.name.endswith(".part") for path in folder.iterdir()))
        time.sleep(0.002 * number)
        running.process.kill()
        running.process.wait()
        seen.add(bool(_leftovers(player)))
        for backup in _backups(player):
            assert _dump(backup) == before
            backup.unlink()
        assert _dump(_path(player)) == before
    assert True in seen
    player.migration("20260102_000000_b", "db.execute_sql('CREATE TABLE b (x)')")
    assert player.run("migrate", "--backup").code == 0
    assert _leftovers(player) == []
