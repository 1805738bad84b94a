"""What a run left behind, and whether somebody has changed it since by other means."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import peewee

from wheatear.engines.engine import Engine
from wheatear.engines.waiting import Waiting
from wheatear.errors import OperationError
from wheatear.history import NAME, History

if TYPE_CHECKING:
    from wheatear.reverting.recording import Recording
    from wheatear.schema.words import Difference

# Counts up when the readers say the same schema in other words: what was kept by an earlier one
# is then not compared.
_READING = 2
_PATIENCE = 2.0  # seconds, where others keep the record from being written


def remember(engine: Engine, history: History, recording: Recording, record: int) -> None:
    """Keep a schema beside a run's last record; if that fails, nothing is kept.

    Args:
        engine: The database, not in a transaction.
        history: Its history.
        recording: What the run knows of the schema.
        record: The run's last record.

    No lock is needed: a run that goes on meanwhile writes a newer record, and then nobody asks
    for this one's.
    """
    with suppress(Exception):  # the run is what was asked for, and it is done
        kept = recording.schema() or engine.kept(without=NAME)
        fingerprint, text = _fingerprint(kept), _text(engine, kept)
        quietly = Waiting(_PATIENCE, lambda _: None)
        engine.patiently(lambda: history.leave_behind(record, fingerprint, text), quietly)


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
    before = _of(last.text, engine)
    if before is None or _fingerprint(engine.kept(without=NAME)) == last.fingerprint:
        return ()
    return _differences(before, engine, ignored)


def _differences(before: Any, engine: Engine, ignored: tuple[str, ...]) -> tuple[Difference, ...]:
    from wheatear.schema.diff import compare  # noqa: PLC0415 - seldom anything differs
    from wheatear.schema.words import DRIFT, Difference, in_words  # noqa: PLC0415

    policy = replace(engine.policy(), names=True, ignore_tables=ignored)
    try:
        was = engine.schema_of_kept(before)
    except (ValueError, peewee.PeeweeException, OperationError):
        return (Difference("schema", None, None, "the schema is not what it was", None, None),)
    return in_words(compare(was, engine.read_schema(), policy=policy).changes, DRIFT)


def _text(engine: Engine, kept: Any) -> str:
    value = {"reading": _READING, "dialect": engine.dialect(), "schema": kept}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _of(text: str, engine: Engine) -> Any:
    """What was kept, if it was read as it would be now: servers change their words."""
    try:
        value = json.loads(text)
        if (value["reading"], value["dialect"]) == (_READING, engine.dialect()):
            return value["schema"]
    except (ValueError, KeyError, TypeError):
        pass
    return None


def _fingerprint(kept: Any) -> str:
    text = json.dumps(kept, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
