"""A migration with a backfill that a run did not end: the next one goes the same way, or stops."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from support import reading
from support.databases import only_mariadb
from support.projects import Project

NAME = "20260102_000000_b"
HEAD = """\
import datetime
import os
import signal
import uuid
from pathlib import Path
from playhouse.migrate import *
from wheatear import backfill
from migrations_config import db, migrator

{atomic}
NOW = datetime.datetime.now()
ONCE = Path(__file__).parent / 'once'


class Player(Model):
    name = CharField(max_length=80)
    score = IntegerField(null=True)
    note = CharField(max_length=80, null=True)

    class Meta:
        database = db
        table_name = 'player'


def once():
    if ONCE.exists():
        return False
    ONCE.touch()
    return True


def die():
    if once():
        os.kill(os.getpid(), signal.SIGKILL)


def fail():
    if once():
        raise ValueError('once')


def migrate_forward():
"""
APPLIED = f"  applied {NAME}  N s\n"
RESUMED = f"{NAME} was interrupted while it went forward; it goes on where it stood\n"
WAYS_OUT = (
    "look at the database; then finish the migration by hand and say `migrate --mark-applied`, or "
    "undo what it did and say `migrate --mark-pending`, or let `migrate --backward` run its "
    "migrate_backward() from where it stands."
)
STANDS = "  state: it stands where it stood: nothing was changed by this run.\n"
PLUS_TEN = """\
def change(row):
    if row.id == 5:
        {end}()
    return {{'score': row.score + 10}}
backfill(Player, change, batch=2)
"""


def write(
    project: Project,
    forward: str,
    *,
    atomic: bool = False,
    backward: str = "pass",
    name: str = NAME,
) -> None:
    body = "".join(f"    {line}\n" for line in forward.splitlines())
    text = HEAD.format(atomic="" if atomic else "atomic = False")
    text += f"{body}\n\ndef migrate_backward():\n    {backward}\n"
    project.write(f"migrations/{name}.py", text)


@pytest.fixture
def players(project: Project) -> Project:
    """Six players, whose scores are 1 to 6."""
    write(
        project,
        "db.create_tables([Player])\n"
        "Player.insert_many([{'name': f'p{n}', 'score': n} for n in range(1, 7)]).execute()",
        atomic=True,
        name="20260101_000000_a",
    )
    assert project.run("migrate").code == 0
    return project


def killed(project: Project) -> None:
    assert project.run("migrate").code == -signal.SIGKILL


def finished(project: Project) -> None:
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert ended.out == APPLIED
    assert project.run("status", "--check").code == 0
    assert "wheatear_backfill" not in reading.all_tables(project.url)


def column(project: Project, name: str) -> list[Any]:
    return [
        row[0] for row in reading.execute(project.url, f"SELECT {name} FROM player ORDER BY id")
    ]


@pytest.mark.parametrize("end", ["die", "fail"])
def test_what_was_read_and_asked_before_it(players: Project, end: str) -> None:
    write(
        players,
        "top = Player.select(fn.MAX(Player.score)).scalar()\n"
        "stamp = uuid.uuid4().hex + str(datetime.datetime.now())\n"
        "def change(row):\n"
        f"    if row.id == 5:\n        {end}()\n"
        "    return {'score': row.score + top, 'note': stamp}\n"
        "backfill(Player, change, batch=2)\n"
        "Player.insert(name=stamp).execute()",
    )
    assert players.run("migrate").code == (-signal.SIGKILL if end == "die" else 1)
    finished(players)
    assert column(players, "score")[:6] == [7, 8, 9, 10, 11, 12]
    assert set(column(players, "note")[:6]) == {column(players, "name")[6]}


def test_chance_does_not_come_again(players: Project) -> None:
    """Neither for the rows that are left, nor for another backfill, nor behind them."""
    write(
        players,
        "import random\n"
        "def change(row):\n"
        "    if row.id == 5:\n        die()\n"
        "    row.score = random.randrange(10**9)\n"
        "backfill(Player, change, batch=2)\n"
        "backfill(Player, lambda row: {'note': random.randrange(10**9)}, batch=2)\n"
        "Player.insert(name='x', score=random.randrange(10**9)).execute()",
    )
    killed(players)
    finished(players)
    made = [*column(players, "score"), *map(int, column(players, "note")[:6])]
    assert len(set(made)) == 13, made


def test_a_branch_is_taken_again(players: Project) -> None:
    """The second is another backfill than the first, though it walks the same rows."""
    reading.execute(players.url, "UPDATE player SET score = NULL")
    write(
        players,
        "if Player.select().where(Player.score.is_null()).exists():\n"
        "    backfill(Player, {'score': 0}, batch=2)\n"
        "    die()\n"
        "backfill(Player, {'note': 'x'}, batch=2)\n"
        "backfill(Player, {'score': Player.score + 1}, batch=2)",
    )
    killed(players)
    finished(players)
    assert column(players, "score") == [1] * 6
    assert column(players, "note") == ["x"] * 6


def test_one_that_found_nothing(players: Project) -> None:
    """It finds nothing the second time either, whatever has come since."""
    write(
        players,
        "done = backfill(Player.select().where(Player.note == 'x'), {'score': 0})\n"
        "assert done == 0, done\n"
        "done = backfill(Player, {'note': 'x'}, batch=2)\n"
        "assert done == 6, done\n"
        "die()\n"
        "backfill(Player, {'score': Player.score + 1}, batch=2)",
    )
    killed(players)
    finished(players)
    assert column(players, "score") == [2, 3, 4, 5, 6, 7]


def test_nothing_stays_of_one_that_found_nothing(players: Project, engine: str) -> None:
    write(players, "backfill(Player.select().where(Player.note == 'x'), {'score': 0})\nfail()")
    ended = players.run("migrate")
    assert f"  state: {NAME} had changed nothing yet.\n" in ended.err
    assert [row[2] for row in reading.history(players.url)] == ["done", "failed"]
    finished(players)


def test_nothing_stays_of_a_first_batch_that_failed(players: Project) -> None:
    write(players, PLUS_TEN.format(end="fail").replace("batch=2", "batch=5"))
    ended = players.run("migrate")
    assert f"  state: {NAME} had changed nothing yet.\n" in ended.err
    assert [row[2] for row in reading.history(players.url)] == ["done", "failed"]
    write(players, "backfill(Player.select().where(Player.score > 3), {'score': 0})")
    finished(players)
    assert column(players, "score") == [1, 2, 3, 0, 0, 0]


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
@pytest.mark.parametrize(
    "before",
    [
        "ALTER TABLE player DROP COLUMN note, ADD COLUMN note VARCHAR(80)",
        pytest.param(
            "EXECUTE IMMEDIATE 'ALTER TABLE player DROP COLUMN note, ADD COLUMN note VARCHAR(80)'",
            marks=only_mariadb,
        ),
    ],
)
def test_ddl_before_it_is_not_sent_again(players: Project, before: str, engine: str) -> None:
    write(
        players,
        f"db.execute_sql({before!r})\n"
        "def change(row):\n    if row.id == 5:\n        die()\n    return {'note': 'x'}\n"
        "backfill(Player, change, batch=2)",
    )
    killed(players)
    finished(players)
    assert column(players, "note") == ["x"] * 6


@pytest.mark.parametrize("engine", ["mariadb", "postgresql"], indirect=True)
def test_what_looking_cannot_settle_is_known_before_the_first_batch(
    players: Project, engine: str
) -> None:
    one = "INSERT INTO player (name) VALUES ('new')"
    body = f"BEGIN {one}; COMMIT; END"
    language = (
        ""
        if engine == "mariadb"
        else f" LANGUAGE plpgsql AS '{body.replace(chr(39), chr(39) * 2)}'"
    )
    reading.execute(players.url, f"CREATE PROCEDURE p() {language or body}")
    write(
        players,
        "db.execute_sql('CALL p()')\n"
        + PLUS_TEN.format(end="die")
        .replace("batch=2", "batch=50")
        .replace("row.score", "(row.score or 0)"),
    )
    killed(players)
    finished(players)
    assert column(players, "score") == [11, 12, 13, 14, 15, 16, 10]


def test_values_of_expressions_are_compared(players: Project) -> None:
    """The module is run again, and NOW is another."""
    write(
        players,
        "backfill(Player, {'note': str(NOW)}, batch=2)\ndie()\nbackfill(Player, {'score': 0})",
    )
    killed(players)
    ended = players.run("migrate")
    assert ended.code == 1
    rows, _, rest = ended.err.partition("  where: ")[2].partition("\n")
    assert rows.startswith("backfill of player (id): SELECT ")
    assert ended.err.startswith(
        f"{RESUMED}error: {NAME} was interrupted in or after a backfill, which sets something else "
        "now than it did then.\n"
    )
    assert rest == STANDS + (
        "  next:  let it set what it did (ask for the time with datetime.now() in the migration "
        "itself) and run the command again: only the expressions of a backfill that failed may be "
        f"mended, not their values alone. Or {WAYS_OUT}\n"
    )
    assert column(players, "score") == [1, 2, 3, 4, 5, 6]


def test_an_expression_that_failed_is_mended(players: Project, engine: str) -> None:
    """Of the fifth row on, by what it says now."""
    reading.execute(players.url, "ALTER TABLE player ADD CHECK (score < 15)") if (
        engine != "sqlite"
    ) else reading.execute(
        players.url,
        "CREATE TRIGGER t BEFORE UPDATE ON player WHEN NEW.score >= 15 "
        "BEGIN SELECT RAISE(ABORT, 'too much'); END",
    )
    write(players, "backfill(Player, {'score': Player.score + 10}, batch=2)\nfail()")
    assert players.run("migrate").code == 1
    assert column(players, "score") == [11, 12, 13, 14, 5, 6]
    write(players, "backfill(Player, {'score': Player.score + 5}, batch=2)\nfail()")
    assert "sets something else now than it did then" in players.run("migrate").err
    write(players, "backfill(Player, {'score': Player.score - 5}, batch=2)\nfail()")
    assert players.run("migrate").code == 1
    assert column(players, "score") == [11, 12, 13, 14, 0, 1]
    write(players, "backfill(Player, {'score': -Player.score}, batch=2)\nfail()")
    assert "sets something else now than it did then" in players.run("migrate").err
    write(players, "backfill(Player, {'score': Player.score - 5}, batch=2)\nfail()")
    finished(players)
    assert column(players, "score") == [11, 12, 13, 14, 0, 1]


FAILS_BEFORE = "fail()\n"
FAILS_AT_COMMIT = """\
commit = db.commit
def failing():
    fail()
    commit()
db.commit = failing
"""


@pytest.mark.parametrize("fails", [FAILS_BEFORE, FAILS_AT_COMMIT], ids=["before", "commit"])
def test_mended_it_fails_once_more(players: Project, fails: str) -> None:
    """What it says now counts, though no batch has been committed since it says so."""
    plus = "backfill(Player, {{'score': {}}}, batch=2, max_lag=1.0, lag={})"
    write(players, plus.format("Player.score + 10", "fail"))
    assert players.run("migrate").code == 1
    assert column(players, "score") == [11, 12, 3, 4, 5, 6]
    (players.folder / "once").unlink()
    write(players, fails + plus.format("20 + Player.score", "float"))
    assert players.run("migrate").code == 1
    assert column(players, "score") == [11, 12, 3, 4, 5, 6]
    finished(players)
    assert column(players, "score") == [11, 12, 23, 24, 25, 26]


@pytest.mark.parametrize("batch", [2, 50])
def test_one_whose_error_was_caught_raises_it_again(players: Project, batch: int) -> None:
    """Whether or not batches of it stay: what came after it would be another path."""
    write(
        players,
        "def change(row):\n"
        "    if row.id == 5:\n        raise ValueError('five')\n"
        "    return {'score': row.score + 10}\n"
        "try:\n"
        f"    backfill(Player, change, batch={batch})\n"
        "except ValueError as error:\n"
        "    Player.update(note=str(error)).execute()\n"
        "fail()",
    )
    assert players.run("migrate").code == 1
    finished(players)
    assert column(players, "score") == (
        [11, 12, 13, 14, 5, 6] if batch == 2 else [1, 2, 3, 4, 5, 6]
    )
    assert column(players, "note") == ["five"] * 6


@pytest.mark.parametrize("batch", [2, 3, 50])
def test_interrupted_just_when_a_batch_is_committed(players: Project, batch: int) -> None:
    """Python tells of Ctrl-C when the driver's COMMIT has returned: as if that had failed."""
    write(
        players,
        "commit = db.commit\n"
        "def interrupted():\n"
        "    commit()\n"
        "    if Player.get_by_id(2).score == 12 and once():\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "db.commit = interrupted\n"
        f"backfill(Player, {{'score': Player.score + 10}}, batch={batch})",
    )
    ended = players.run("migrate")
    assert ended.code == 130
    rows = min(batch, 6)
    assert f"backfilled in player, and staying so: {rows} rows; the next run" in ended.err
    finished(players)
    assert column(players, "score") == [11, 12, 13, 14, 15, 16]


def interrupted(players: Project) -> None:
    write(players, PLUS_TEN.format(end="fail"))
    assert players.run("migrate").code == 1
    assert column(players, "score") == [11, 12, 13, 14, 5, 6]


def test_a_failed_one_is_interrupted(players: Project) -> None:
    write(players, PLUS_TEN.format(end="fail"))
    ended = players.run("migrate")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.partition("  state: ")[2] == (
        f"{NAME} is interrupted.\n"
        "         backfilled in player, and staying so: 4 rows; the next run goes on from there.\n"
        "  next:  mend what failed, the file only from there on, and run the command again: it goes "
        "on behind what stays. Or go back from there with `migrate --backward`; or settle it by "
        "hand and say `migrate --mark-applied` or `migrate --mark-pending`.\n"
    )
    status = players.run("status")
    assert "interrupted" in status.out
    assert "backfill of player (id): SELECT " in status.out + status.err
    finished(players)
    assert column(players, "score") == [11, 12, 13, 14, 15, 16]


def test_the_migration_before_is_not_reverted_meanwhile(players: Project) -> None:
    """`migrate --backward` goes back from where it stands; then all begins anew."""
    write(
        players,
        PLUS_TEN.format(end="fail"),
        backward="backfill(Player.select().where(Player.score > 10), {'score': Player.score - 10})",
    )
    assert players.run("migrate").code == 1
    assert players.run("migrate", "--backward").code == 0
    assert column(players, "score") == [1, 2, 3, 4, 5, 6]
    finished(players)
    assert column(players, "score") == [11, 12, 13, 14, 15, 16]


def test_its_file_renamed(players: Project) -> None:
    interrupted(players)
    (players.folder / f"{NAME}.py").rename(players.folder / "20260103_000000_c.py")
    ended = players.run("migrate")
    assert ended.code == 1
    assert f"{NAME} was interrupted, and its file is not in the migrations folder" in ended.err
    assert column(players, "score") == [11, 12, 13, 14, 5, 6]


def test_atomic_after_all(players: Project) -> None:
    """What one run has committed is not one transaction any more."""
    interrupted(players)
    write(players, PLUS_TEN.format(end="fail"), atomic=True)
    finished(players)
    assert column(players, "score") == [11, 12, 13, 14, 15, 16]


def test_another_batch_size(players: Project) -> None:
    interrupted(players)
    write(players, PLUS_TEN.format(end="fail").replace("batch=2", "batch=5"))
    finished(players)
    assert column(players, "score") == [11, 12, 13, 14, 15, 16]


@pytest.mark.parametrize(
    ("rows", "now"),
    [
        ("Player.select().where(Player.name != 'evil')", "that with other values"),
        ("Player.select().where(Player.name > 'even')", "backfill of player (id): SELECT "),
    ],
    ids=["value", "text"],
)
def test_other_rows(players: Project, rows: str, now: str) -> None:
    text = PLUS_TEN.format(end="fail")
    even = "Player.select().where(Player.name != 'even')"
    write(players, text.replace("backfill(Player,", f"backfill({even},"))
    assert players.run("migrate").code == 1
    write(players, text.replace("backfill(Player,", f"backfill({rows},"))
    ended = players.run("migrate")
    assert ended.code == 1
    assert ended.err.startswith(
        f"{RESUMED}error: {NAME} was interrupted, and names other rows for a backfill now than it "
        "did then.\n  where: then: backfill of player (id): SELECT "
    )
    assert f"\n         now:  {now}" in ended.err
    assert ended.err.endswith(
        f"{STANDS}  next:  put the query back as it was, and the values in it (ask for the time "
        "with datetime.now() in the migration itself); what `change` does may be mended. Then run "
        f"the command again. Or {WAYS_OUT}\n"
    )
    assert column(players, "score") == [11, 12, 13, 14, 5, 6]


@pytest.mark.parametrize("other", ["Player.update(score=0).execute()", "pass"])
def test_another_path(players: Project, other: str) -> None:
    interrupted(players)
    write(players, other)
    ended = players.run("migrate")
    assert ended.err.startswith(
        f"{RESUMED}error: {NAME} was interrupted, and takes another path now than it did then.\n"
        "  where: then it sent:\n         backfill of player (id): SELECT "
    )
    assert column(players, "score") == [11, 12, 13, 14, 5, 6]


def test_how_far_it_had_come_is_lost(players: Project) -> None:
    interrupted(players)
    reading.execute(players.url, "DROP TABLE wheatear_backfill")
    ended = players.run("migrate")
    assert ended.err.startswith(
        f"{RESUMED}error: {NAME} was interrupted, and how far a backfill had come is not in the "
        "table wheatear_backfill any more.\n  where: backfill of player (id): SELECT "
    )
    assert ended.err.endswith(f"{STANDS}  next:  {WAYS_OUT}\n")
    assert column(players, "score") == [11, 12, 13, 14, 5, 6]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_nothing_stays_in_one_transaction(players: Project, engine: str) -> None:
    write(players, PLUS_TEN.format(end="fail"), atomic=True)
    ended = players.run("migrate")
    assert f"  state: {NAME} was rolled back: nothing of it stays.\n" in ended.err
    assert column(players, "score") == [1, 2, 3, 4, 5, 6]
    write(players, PLUS_TEN.format(end="fail"))
    finished(players)
    assert column(players, "score") == [11, 12, 13, 14, 15, 16]
