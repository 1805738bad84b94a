"""What a run left behind, and whether somebody has changed it since by other means."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace

from wheatear.engines.engine import Engine
from wheatear.history import History, LeftBehind
from wheatear.schema.diff import HISTORY, compare
from wheatear.schema.model import Schema
from wheatear.schema.stored import as_json, from_json
from wheatear.schema.words import DRIFT, Difference, in_words

# Counts up when the readers say the same schema in other words: what was kept by an earlier one
# is then not compared.
_READING = 1


def remember(engine: Engine, history: History, record: int) -> None:
    """Keep a schema beside a run's last record; if that fails, nothing is kept.

    Args:
        engine: The database, not in a transaction.
        history: Its history.
        record: The run's last record.

    No lock is needed: a run that goes on meanwhile writes a newer record, and then nobody asks
    for this one's.
    """
    with suppress(Exception):  # the run is what was asked for, and it is done
        schema = _without_history(engine.read_schema())
        history.leave_behind(record, _fingerprint(schema), _kept(engine, schema))


def find_drift(
    engine: Engine, history: History, ignored: tuple[str, ...]
) -> tuple[Difference, ...]:
    """Return what differs from what the last run left behind; nothing where that is not known.

    Args:
        engine: The database, connected.
        history: Its history.
        ignored: Tables that are no business of ours.
    """
    last = history.left_behind()
    if last is None or last.fingerprint is None or last.text is None:
        return ()
    before = _of(last, engine)
    if before is None:
        return ()
    now = _without_history(engine.read_schema())
    if _fingerprint(now) == last.fingerprint:
        return ()
    policy = replace(engine.policy(), names=True, ignore_tables=ignored)
    return in_words(compare(before, now, policy=policy).changes, DRIFT)


def _kept(engine: Engine, schema: Schema) -> str:
    value = {"reading": _READING, "version": engine.version(), "schema": as_json(schema)}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _of(last: LeftBehind, engine: Engine) -> Schema | None:
    """The schema that was kept, if it was read as it would be now: servers change their words."""
    try:
        value = json.loads(last.text or "")
        if (value["reading"], value["version"]) != (_READING, engine.version()):
            return None
        return from_json(value["schema"])
    except (ValueError, KeyError, TypeError):
        return None


def _fingerprint(schema: Schema) -> str:
    text = json.dumps(as_json(schema), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_history(schema: Schema) -> Schema:
    """The history grows columns of its own."""
    return Schema(
        tuple(table for table in schema.tables if table.name != HISTORY),
        tuple(one for one in schema.objects if HISTORY not in (one.table, one.name)),
    )
