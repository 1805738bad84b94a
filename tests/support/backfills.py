"""A backfill without a project around it."""

from __future__ import annotations

from typing import Any

from wheatear import backfill
from wheatear.capture import watched
from wheatear.engines import engine_for
from wheatear.engines.waiting import Waiting
from wheatear.history import History
from wheatear.journal.journal import Journal
from wheatear.records import Record, ended
from wheatear.running import Running, running


def called(db: Any, model: Any, change: Any, *, ends: bool = True, **options: Any) -> int:
    """As a migration without a transaction calls it; `ends` records the migration as done."""

    engine, waiting = engine_for(db), Waiting(None, lambda _: None)
    with engine.opened(waiting), engine.exclusively(waiting, atomic=False):
        history = History(engine, waiting)
        history.ensure()
        died = next((one.id for one in history.read() if one.outcome == "running"), None)
        record = Record("m", "forward", "running", started_at="", run_by="", tool="", run="")
        journal = Journal(engine, history, waiting, record, died)
        rules = journal.rules(engine.connection_attributes)
        with watched(db, rules), running(Running("m", "forward", engine, waiting, False, journal)):
            done = backfill(model, change, **options)
        if ends:
            journal.finish(ended(record, "done", 0.0), [], None, at_once=True)
        return done
