"""`backfill` against the loops that one would write by hand: at least 0.8 times their throughput.

Every loop commits each batch; `backfill` keeps its position beside, so that it can go on.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import peewee

from benchmarks.servers import database, engines, opened
from benchmarks.timing import compare, seconds_of, show
from wheatear import backfill
from wheatear.capture import watched
from wheatear.engines import engine_for
from wheatear.engines.waiting import Waiting
from wheatear.history import History
from wheatear.journal.journal import Journal
from wheatear.records import Record, ended
from wheatear.running import Running, running

ROWS = 100_000
BATCH = 1_000
ROUNDS = 7


def main() -> None:
    """Compare on each engine."""
    for engine in engines():
        with tempfile.TemporaryDirectory() as name, database(engine, Path(name)) as url:
            db = opened(url)
            measure(engine, db)
            db.close()


def measure(engine: str, db: Any) -> None:
    """A function for each row, then an expression for each batch."""

    class Player(peewee.Model):
        name = peewee.CharField(max_length=40)
        gold = peewee.IntegerField(default=0)

        class Meta:
            database = db
            table_name = "player"

    db.create_tables([Player])
    for start in range(0, ROWS, 1_000):
        Player.insert_many([{"name": f"player {start + n}"} for n in range(1_000)]).execute()
    by_row = {
        "by hand, models and executemany": lambda: seconds_of(lambda: by_hand(db, Player)),
        "backfill(Player, function)": lambda: seconds_of(
            lambda: ours(db, Player, lambda row: {"gold": row.gold + 1})
        ),
    }
    by_expression = {
        "by hand, one UPDATE a batch": lambda: seconds_of(lambda: by_hand_in_sql(db, Player)),
        "backfill(Player, expressions)": lambda: seconds_of(
            lambda: ours(db, Player, {Player.gold: Player.gold + 1})
        ),
    }
    for what, contestants in (("a function", by_row), ("an expression", by_expression)):
        title = f"{ROWS:,} rows, batches of {BATCH:,}, {what}, {engine}"
        show(title, compare(contestants, ROUNDS), "1.25 x the time")


def ours(db: Any, model: Any, change: Any) -> None:
    """As a migration without a transaction calls it."""
    engine, waiting = engine_for(db), Waiting(None, lambda _: None)
    with engine.opened(waiting):
        history = History(engine, waiting)
        history.ensure()
        record = Record("m", "forward", "running", started_at="", run_by="", tool="", run="")
        journal = Journal(engine, history, waiting, record)
        rules = journal.rules(engine.connection_attributes)
        migration = Running("m", "forward", engine, waiting, transactional=False, journal=journal)
        with watched(db, rules), running(migration):
            backfill(model, change, batch=BATCH)
        journal.finish(ended(record, "done", 0.0), [], None, at_once=True)
        db.execute_sql("DROP TABLE wheatear_backfill")


def by_hand(db: Any, model: Any) -> None:
    """Read a batch of models, change them, write them by one executemany."""
    sql = f"UPDATE player SET gold = {db.param} WHERE id = {db.param}"
    last = 0
    while True:
        with db.atomic():
            query = model.select().where(model.id > last).order_by(model.id).limit(BATCH)
            rows = list(query)
            if not rows:
                return
            for row in rows:
                row.gold += 1
            db.cursor().executemany(sql, [(row.gold, row.id) for row in rows])
            last = rows[-1].id


def by_hand_in_sql(db: Any, model: Any) -> None:
    """Find the end of a batch, and update up to there."""
    last = 0
    while True:
        with db.atomic():
            rest = model.select(model.id).where(model.id > last).order_by(model.id)
            end = rest.limit(1).offset(BATCH - 1).scalar()
            where = model.id > last if end is None else model.id.between(last + 1, end)
            model.update({model.gold: model.gold + 1}).where(where).execute()
            if end is None:
                return
            last = end


if __name__ == "__main__":
    main()
