"""`add_column` with a constant default, at three sizes, on each engine.

At most 3 times the engine's own single ALTER, and no slower on a large table than on a small one;
meanwhile, how long a concurrent SELECT and UPDATE wait at worst.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peewee import IntegerField, PostgresqlDatabase
from playhouse.migrate import SchemaMigrator

from benchmarks.servers import database, engines, opened
from benchmarks.timing import compare, seconds_of, show
from wheatear import migrator_for

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 15
OWN = "ALTER TABLE player ADD COLUMN experience INTEGER NOT NULL DEFAULT 0"


def fill(db: Any, rows: int) -> None:
    """A table of players."""
    key = {"?": "INTEGER PRIMARY KEY", "%s": "INTEGER NOT NULL PRIMARY KEY"}[db.param]
    db.execute_sql(f"CREATE TABLE player (id {key}, name VARCHAR(40) NOT NULL, gold INTEGER)")
    step = 10_000
    for start in range(0, rows, step):
        values = ", ".join(f"({n}, 'player {n}', {n % 100})" for n in range(start, start + step))
        db.execute_sql(f"INSERT INTO player (id, name, gold) VALUES {values}")
    if isinstance(db, PostgresqlDatabase):
        # Or the SELECT of `traffic` reads the whole table: there are no statistics yet.
        db.execute_sql("ANALYZE player")


@contextmanager
def traffic(url: str, statement: str) -> Iterator[list[float]]:
    """Send a statement again and again from a connection of its own; yields the times it took."""
    waits: list[float] = []
    stop = threading.Event()

    def work() -> None:
        db = opened(url)
        while not stop.is_set():
            waits.append(seconds_of(lambda: db.execute_sql(statement).close()))
            time.sleep(0.001)
        db.close()

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.1)
    try:
        yield waits
    finally:
        stop.set()
        thread.join()


def measure(engine: str, folder: Path, rows: int) -> float:
    """Compare at one size; returns our seconds."""
    with database(engine, folder) as url:
        db = opened(url)
        fill(db, rows)

        def own() -> None:
            db.execute_sql(OWN)

        def through(migrator: Any) -> None:
            field = IntegerField(default=0)
            migrator.migrate(migrator.add_column("player", "experience", field))

        def timed(action: Any, *args: Any) -> float:
            seconds = seconds_of(lambda: action(*args))
            db.execute_sql("ALTER TABLE player DROP COLUMN experience")
            return seconds

        ours, theirs = migrator_for(db), SchemaMigrator.from_database(db)
        rows_ = compare(
            {
                "the engine's own ALTER": lambda: timed(own),
                "wheatear": lambda: timed(through, ours),
            },
            ROUNDS,
        )
        peer = compare({"playhouse": lambda: timed(through, theirs)}, 1)[0]
        limit = rows_[0].seconds
        show(
            f"add_column(IntegerField(default=0)), {rows:,} rows, {engine}",
            [*rows_, type(peer)(peer.name, peer.seconds, peer.seconds / limit)],
            "3 x",
        )
        if engine != "sqlite":
            _waits(url, lambda: timed(through, ours))
        db.close()
        return rows_[1].seconds


def _waits(url: str, change: Any) -> None:
    for name, statement in (
        ("SELECT", "SELECT count(*) FROM player WHERE id < 100"),
        ("UPDATE", "UPDATE player SET gold = gold + 1 WHERE id = 17"),
    ):
        with traffic(url, statement) as waits:
            change()
        print(f"  longest concurrent {name:<25} {max(waits) * 1000:10.2f} ms")


def main() -> None:
    """Measure each engine at each size."""
    with tempfile.TemporaryDirectory() as name:
        for engine in engines():
            times = [measure(engine, Path(name), rows) for rows in SIZES]
            print(f"  {engine}: 1,000,000 rows / 10,000 rows: {times[-1] / times[0]:.2f} (1.5)")
