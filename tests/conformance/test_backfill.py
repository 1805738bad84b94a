"""`backfill`: many rows in batches, each changed once, also by a run that goes on after another."""

from __future__ import annotations

import datetime as dt
import decimal
import os
import random
import signal
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import peewee
import pytest

from support.backfills import called
from support.databases import DatabaseUnderTest
from support.projects import Project

HEAD = """\
from playhouse.migrate import *
from wheatear import backfill
from migrations_config import db, migrator

{atomic}

class Player(Model):
    name = CharField(max_length=50)
    score = IntegerField(default=0)
    seen = IntegerField(default=0)

    class Meta:
        database = db
        table_name = 'player'

"""
FORWARD = (
    HEAD
    + """
def migrate_forward():
{forward}


def migrate_backward():
    backfill(Player, {{Player.score: Player.score - 1}}, batch=3)
"""
)
PLUS_ONE = "    backfill(Player, lambda row: {'score': row.score + 1}, batch=3)"


def _write(
    project: Project, forward: str, *, atomic: bool = False, name: str = "20260102_000000_b"
) -> None:
    text = FORWARD.format(atomic="" if atomic else "atomic = False", forward=forward)
    project.write(f"migrations/{name}.py", text)


@contextmanager
def _connected(project: Project) -> Iterator[Any]:
    db = DatabaseUnderTest("", project.url).connect()
    db.connect()
    try:
        yield db
    finally:
        db.close()


def _scores(project: Project) -> list[int]:
    with _connected(project) as db:
        return [row[0] for row in db.execute_sql("SELECT score FROM player ORDER BY id").fetchall()]


def _tables(project: Project) -> list[str]:
    with _connected(project) as db:
        return sorted(name for name in db.get_tables() if not name.startswith("wheatear_history"))


@pytest.fixture
def players(project: Project) -> Project:
    """Ten players."""
    return _with_players(project)


def _with_players(project: Project) -> Project:
    project.write(
        "migrations/20260101_000000_a.py",
        FORWARD.format(
            atomic="",
            forward="    db.create_tables([Player])\n"
            "    Player.insert_many([{'name': f'p{n}', 'score': n} for n in range(10)]).execute()",
        ),
    )
    assert project.run("migrate").code == 0
    return project


@pytest.mark.parametrize(
    "forward",
    [
        PLUS_ONE,
        "    def change(row):\n        row.score += 1\n    backfill(Player, change, batch=3)",
        "    backfill(Player, {Player.score: Player.score + 1}, batch=3)",
        "    backfill(Player, {'score': Player.score + 1}, batch=5)",
        "    backfill(Player, lambda row: {Player.score: Player.score + 1}, batch=10)",
        "    def change(rows):\n        assert len(rows) in (1, 3)\n        for row in rows:\n"
        "            row.score += 1\n    backfill(Player, change, each='batch', batch=3)",
        "    def change(rows):\n        rows.sort(key=lambda row: -row.score)\n"
        "        for row in rows:\n            row.score += 1\n        return rows\n"
        "    backfill(Player, change, each='batch', batch=3)",
        "    def change(rows):\n        while rows:\n            rows.pop(0).score += 1\n"
        "    backfill(Player, change, each='batch', batch=3)",
    ],
    ids=[
        *("returns", "assigns", "expression", "by name", "expression a row", "batch"),
        *("batch sorted", "batch emptied"),
    ],
)
def test_each_row_once_there_and_back(players: Project, forward: str) -> None:
    _there_and_back(players, forward, atomic=False)


def test_in_one_transaction(players: Project) -> None:
    both = f"{PLUS_ONE}\n    backfill(Player, {{'seen': Player.seen + 1}}, batch=4, pause=9)"
    _there_and_back(players, both, atomic=True)


def _there_and_back(players: Project, forward: str, *, atomic: bool) -> None:
    _write(players, forward, atomic=atomic)
    ended = players.run("migrate")
    assert ended.told == (0, "  applied 20260102_000000_b  N s\n", "")
    assert _scores(players) == list(range(1, 11))
    assert _tables(players) == ["player"]
    assert players.run("migrate", "--backward").code == 0
    assert _scores(players) == list(range(10))
    assert players.run("migrate").code == 0
    assert _scores(players) == list(range(1, 11))
    assert players.run("status", "--check").code == 0


def test_only_the_rows_of_a_query(players: Project) -> None:
    _write(
        players,
        "    done = backfill(Player.select(Player.id, Player.score).where(Player.score > 6),\n"
        "                    lambda row: {'score': row.score + 100}, batch=2)\n"
        "    assert done == 3, done\n"
        "    done = backfill(Player.select().where(Player.score < 2), {'seen': 1}, batch=1)\n"
        "    assert done == 2, done",
    )
    assert players.run("migrate").told == (0, "  applied 20260102_000000_b  N s\n", "")
    assert _scores(players) == [0, 1, 2, 3, 4, 5, 6, 107, 108, 109]


def test_what_failed_goes_on_where_it_stopped(players: Project) -> None:
    fails = (
        "    backfill(Player, {'seen': Player.seen + 1}, batch=4)\n"
        "    def change(row):\n        assert row.score != 7, 'seven'\n        row.score += 1\n"
        "    backfill(Player, change, batch=3)"
    )
    _write(players, fails)
    ended = players.run("migrate")
    assert (ended.code, ended.out) == (1, "")
    assert "  state: 20260102_000000_b is interrupted.\n" in ended.err
    assert (
        "backfilled in player, and staying so: 6 rows; the next run goes on from there.\n"
        in ended.err
    )
    assert _scores(players) == [1, 2, 3, 4, 5, 6, 6, 7, 8, 9]
    assert _tables(players) == ["player", "wheatear_backfill"]
    _write(players, fails.replace("assert row.score != 7, 'seven'", "pass"))
    assert players.run("migrate").told == (
        0,
        "  applied 20260102_000000_b  N s\n",
        "20260102_000000_b was interrupted while it went forward; it goes on where it stood\n",
    )
    assert _scores(players) == list(range(1, 11))
    with _connected(players) as db:
        assert db.execute_sql("SELECT DISTINCT seen FROM player").fetchall() in ([(1,)], ((1,),))
    assert _tables(players) == ["player"]


def test_what_is_left_of_another_migration_goes_too(players: Project) -> None:
    """It failed and is settled by other means; or its run was killed when it was done."""
    _write(players, "    backfill(Player, {Player.seen: 1})\n    assert False")
    assert players.run("migrate").code == 1
    assert players.run("migrate", "--mark-applied").code == 0
    assert _tables(players) == ["player", "wheatear_backfill"]
    _write(players, "    backfill(Player, {Player.score: 0})", name="20260103_000000_c")
    assert players.run("migrate").code == 0
    assert _tables(players) == ["player"]


@pytest.mark.parametrize(
    ("forward", "what"),
    [
        ("    backfill(Player.select().limit(3), {})", "the query has limit."),
        ("    backfill(Player.select().order_by(Player.name), {})", "the query has order by."),
        ("    backfill('player', {})", "'player' is neither a model nor a query of one."),
        ("    backfill(Player, {'id': 3})", "backfill() cannot change id: it is walked by it."),
        ("    backfill(Player, lambda row: {'id': 3})", "backfill() cannot change id: "),
        ("    backfill(Player, {'nothing': 3})", "Player has no field 'nothing'."),
        ("    backfill(Player, lambda row: 3)", "The function of backfill() returned int."),
        ("    backfill(Player, {}, batch=0)", "batch is a number of rows from 1 on, not 0."),
        ("    backfill(Player, {}, batch='9')", "batch is a number of rows from 1 on, not '9'."),
        ("    backfill(Player, {})", "backfill() cannot change rows by {}."),
        ("    backfill(Player, None)", "backfill() cannot change rows by None."),
        ("    backfill(Player, print, each='rows')", "each is 'row' or 'batch', not 'rows'."),
        (
            "    backfill(Player, print, pause=-1)",
            "pause is a number of seconds from 0 on, not -1.",
        ),
        (
            "    backfill(Player, print, pause='1')",
            "pause is a number of seconds from 0 on, not '1'",
        ),
        (
            "    backfill(Player, print, max_lag=float('nan'), lag=int)",
            "max_lag is a number of seconds from 0 on, not nan.",
        ),
        ("    backfill(Player, lambda row: {'nothing': 3})", "Player has no field 'nothing'."),
        ("    backfill(Player, lambda row: {Player: 3})", "Player has no field "),
        (
            "    backfill(Player, lambda rows: [{'score': 3}], each='batch')",
            "The function of backfill() returned list.",
        ),
        (
            "    def change(rows):\n        rows[:] = [Player(id=row.id, score=9) for row in rows]\n"
            "    backfill(Player, change, each='batch')",
            "The function of backfill() put other things than its rows into their list.",
        ),
        (
            "    backfill(Player.select(Player.score), lambda row: {'score': 3})",
            "backfill() cannot walk this: the query does not select the key id.",
        ),
        (
            "    backfill(Player, lambda row: db.execute_sql('COMMIT'))",
            "The migration sends COMMIT itself.",
        ),
    ],
)
def test_what_cannot_be_done(on_sqlite: Project, forward: str, what: str) -> None:
    _write(_with_players(on_sqlite), forward)
    ended = on_sqlite.run("migrate")
    assert ended.code == 1
    assert what in ended.err
    assert _scores(on_sqlite) == list(range(10))


def test_pauses_and_replicas(players: Project) -> None:
    _write(
        players,
        "    behind = [9.0, 9.0, 0.0]\n"
        "    import time\n"
        "    start = time.monotonic()\n"
        "    backfill(Player, {'seen': 1}, batch=4, pause=0.1, max_lag=5,\n"
        "             lag=lambda: behind.pop(0) if behind else None)\n"
        "    assert time.monotonic() - start > 1.2",
    )
    ended = players.run("migrate")
    assert ended.told == (
        0,
        "  applied 20260102_000000_b  N s\n",
        "waiting for a replica that is 9.0 s behind\n",
    )


def test_who_can_say_how_far_replicas_are_behind(players: Project, engine: str) -> None:
    _write(players, "    backfill(Player, {'seen': 1}, batch=4, max_lag=5)")
    ended = players.run("migrate")
    if engine == "postgresql":
        assert ended.code == 0
    else:
        assert "cannot say how far its replicas are behind." in ended.err


def test_what_has_no_transactions(new_project: Callable[..., Project]) -> None:
    project = _with_players(new_project("mariadb"))
    with _connected(project) as db:
        db.execute_sql("ALTER TABLE player ENGINE = MyISAM")
    _write(project, PLUS_ONE)
    ended = project.run("migrate")
    assert "backfill() cannot walk player: MyISAM tables have no transactions." in ended.err


def test_what_commits_by_itself_is_refused_in_a_batch(new_project: Callable[..., Project]) -> None:
    """On MariaDB it would commit half a batch."""
    project = _with_players(new_project("mariadb"))
    _write(
        project,
        "    db.execute_sql('CREATE TABLE one (x INTEGER)')\n"
        "    def change(row):\n        Player.update(score=9).execute()\n"
        "        db.execute_sql('CREATE TABLE two (x INTEGER)')\n"
        "    backfill(Player, change)",
    )
    ended = project.run("migrate")
    assert ended.code == 1
    assert (
        "20260102_000000_b failed: backfill() called what its transaction does not hold: "
        "CREATE TABLE two (x INTEGER)\n"
    ) in ended.err
    assert (
        "  next:  send that before or after backfill().\n"
        "         mend what failed, the file only from there on, and run the command again: "
    ) in ended.err
    assert _tables(project) == ["one", "player", "wheatear_backfill"]
    assert _scores(project) == list(range(10))


@pytest.mark.parametrize("change", ["lambda row: {'score': 1}", "{'score': 1}"])
@pytest.mark.parametrize(
    ("engine", "type_"),
    [
        ("postgresql", "real"),
        ("mariadb", "float"),
        ("mariadb", "bit(24)"),
        ("mariadb", "enum('1.5', '0.1')"),
    ],
)
def test_keys_that_do_not_lead_to_their_rows(
    new_project: Callable[..., Project], engine: str, type_: str, change: str
) -> None:
    """0.1 is another number as a double, and the order of an ENUM is not that of its texts."""
    project = new_project(engine)
    with _connected(project) as db:
        db.execute_sql(f"CREATE TABLE player (id {type_} PRIMARY KEY, score INTEGER)")
        db.execute_sql("INSERT INTO player VALUES ('0.1', 0), ('1.5', 0)")
    _write(project, f"    backfill(Player.select(Player.id), {change}, batch=1)")
    ended = project.run("migrate")
    assert ended.code == 1
    assert (
        f"backfill() cannot walk this: the key id is of type {type_.partition('(')[0]}, where the "
        "value that is read does not lead to the row.\n"
    ) in ended.err
    assert _scores(project) == [0, 0]


def test_a_value_that_the_database_refuses(players: Project, engine: str) -> None:
    """It is told once; psycopg would log it beside."""
    _write(players, "    backfill(Player, lambda row: {'name': None}, batch=3)")
    ended = players.run("migrate", fresh=True)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: 20260102_000000_b failed: IntegrityError: ")


def test_not_inside_a_transaction(players: Project) -> None:
    _write(players, "    with db.atomic():\n    " + PLUS_ONE)
    ended = players.run("migrate")
    assert ended.code == 1
    assert "backfill() was called inside a transaction of the migration's own." in ended.err
    assert _scores(players) == list(range(10))


# Keys of all kinds, and killed: at the level of the function


KEYS: dict[str, tuple[Any, Callable[[int], Any]]] = {
    "text": (peewee.CharField(max_length=20), lambda n: f"{n % 7}-ä{n:03}"),
    "uuid": (peewee.UUIDField(), lambda n: uuid.uuid5(uuid.NAMESPACE_DNS, str(n))),
    "bytes": (peewee.BlobField(), lambda n: bytes([n % 5, n])),
    "date": (peewee.DateField(), lambda n: dt.date(2020, 1, 1) + dt.timedelta(n)),
    "datetime": (
        peewee.DateTimeField(),
        lambda n: dt.datetime.fromisoformat("2020-01-01") + dt.timedelta(hours=n),
    ),
    "decimal": (peewee.DecimalField(10, 2), lambda n: decimal.Decimal(n) / 4),
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_all_kinds(database: DatabaseUnderTest, engine: str, kind: str) -> None:
    if (kind, engine) == ("bytes", "mariadb"):
        pytest.skip("no BLOB can be a key there")
    field, value = KEYS[kind]
    db = database.connect()
    key = type(field)(**({"max_length": 20} if kind == "text" else {}), primary_key=True)
    model = type(
        "Thing",
        (peewee.Model,),
        {
            "Meta": type("Meta", (), {"database": db, "table_name": "thing"}),
            "key": key,
            "n": peewee.IntegerField(default=0),
        },
    )
    with db:
        db.create_tables([model])
        model.insert_many([{"key": value(n)} for n in range(50)]).execute()
    stop = [3]

    def change(rows: Any) -> None:
        stop[0] -= 1
        if not stop[0]:
            raise ValueError
        for row in rows:
            row.n += 1

    with pytest.raises(ValueError):
        called(db, model, change, each="batch", batch=7)
    assert called(db, model, change, each="batch", batch=7) == 50
    with db:
        assert [row.n for row in model.select()] == [1] * 50


def test_a_composite_key(database: DatabaseUnderTest) -> None:
    db = database.connect()

    class Thing(peewee.Model):
        a = peewee.IntegerField()
        b = peewee.CharField(max_length=9)
        c = peewee.IntegerField()
        n = peewee.IntegerField(default=0)

        class Meta:
            database = db
            primary_key = peewee.CompositeKey("a", "b", "c")

    with db:
        db.create_tables([Thing])
        Thing.insert_many(
            [{"a": a, "b": b, "c": c} for a in range(4) for b in "xyz" for c in range(4)]
        ).execute()
    assert called(db, Thing, lambda row: {"n": row.n + 1}, batch=5) == 48
    with db:
        assert [row.n for row in Thing.select()] == [1] * 48
    assert called(db, Thing, {Thing.n: Thing.n + 1}, batch=7) == 48
    with db:
        assert [row.n for row in Thing.select()] == [2] * 48


def _killed(database: DatabaseUnderTest, rows: int, kills: int) -> None:
    db = database.connect()

    class Player(peewee.Model):
        n = peewee.IntegerField(default=0)

        class Meta:
            database = db
            table_name = "player"

    with db:
        db.create_tables([Player])
        for _ in range(rows // 1000):
            Player.insert_many([{"n": 0}] * 1000).execute()
    chance = random.Random(5)
    killed = finished = 0
    while killed < kills or not finished:
        child = os.fork()
        if child == 0:
            _change_and_end(db, Player)
        if killed < kills:
            time.sleep(chance.uniform(0.005, 0.1))
            os.kill(child, signal.SIGKILL)
            killed += 1
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        finished += code == 0
        assert code in (0, -signal.SIGKILL)
    with db:
        counts = db.execute_sql("SELECT n, count(*) FROM player GROUP BY n").fetchall()
        where = list(db.execute_sql("SELECT done, finished FROM wheatear_backfill").fetchone())
    assert [tuple(row) for row in counts] == [(1, rows)]
    assert where == [rows, 1]


def _change_and_end(db: Any, model: Any) -> None:
    """In a process of its own, which is killed."""

    def change(rows: Any) -> None:
        for row in rows:
            row.n += 1

    try:
        called(db, model, change, ends=False, each="batch", batch=500)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def test_killed_a_few_times(database: DatabaseUnderTest) -> None:
    _killed(database, 6_000, 3)


@pytest.mark.long
def test_killed_a_hundred_times(database: DatabaseUnderTest) -> None:
    _killed(database, 200_000, 100)


def _killed_runs(project: Project, rows: int, kills: int) -> None:
    """Nothing but `migrate`, again and again."""
    _with_players(project)
    with _connected(project) as db:
        values = ", ".join("('x', 0, 0)" for _ in range(1000))
        for _ in range(rows // 1000):
            db.execute_sql(f"INSERT INTO player (name, score, seen) VALUES {values}")
        db.execute_sql("UPDATE player SET score = 0")
    _write(
        project,
        "    migrate(migrator.add_column('player', 'gold', IntegerField(default=0)))\n"
        "    def change(rows):\n"
        "        for row in rows:\n"
        "            row.score += 1\n"
        "    backfill(Player, change, each='batch', batch=200)\n"
        "    migrate(migrator.add_column('player', 'silver', IntegerField(default=0)))\n"
        "    backfill(Player, {'seen': Player.seen + 1}, batch=200)",
    )
    chance, killed = random.Random(7), 0
    while True:
        running = project.start("migrate")
        if killed < kills:
            time.sleep(chance.uniform(0.3, 1.2))
            running.process.kill()
            killed += 1
        ended = running.end()
        assert ended.code in (0, -signal.SIGKILL), ended.err
        if killed == kills and ended.code == 0:
            break
    with _connected(project) as db:
        found = db.execute_sql("SELECT DISTINCT score, seen, gold, silver FROM player").fetchall()
        assert [tuple(row) for row in found] == [(1, 1, 0, 0)]
    assert "wheatear_backfill" not in _tables(project)
    assert project.run("status", "--check").code == 0


@pytest.mark.long
def test_killed_runs_are_finished_by_migrate(project: Project) -> None:
    _killed_runs(project, 20_000, 25)
