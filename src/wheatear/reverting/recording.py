"""What each migration touched, kept with its record, so that it can be reverted without its file.

It is data: the tables and other things as they were before and after, in the engine's own words,
and what was renamed. What reverts it is derived from that when it is asked for (`derived.py`).
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wheatear.capture import Log, Statement, first_word
from wheatear.engines.engine import Engine
from wheatear.records import ONLY_ROWS

if TYPE_CHECKING:
    from wheatear.engines.recording import Recorder, Touched

# Counts up when what is kept means something else: what an earlier version kept is then not used.
FORM = 1
_as_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_LONGEST = 1 << 20
_MOST_BESIDE = 10
_SHOWN_WORDS = 4
_WRITES = {"INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "TRUNCATE", "COPY", "LOAD", "WITH"}
_SCHEMA = {"CREATE", "ALTER", "DROP", "RENAME", "COMMENT"}
# The first of these words says what a statement is about: what a reader of schemas sees, or not.
_SEEN = {
    *("TABLE", "TABLES", "INDEX", "VIEW", "TRIGGER", "SEQUENCE", "TYPE", "DOMAIN", "COLUMN"),
    *("CONSTRAINT",),
}
_KINDS_UNSEEN = {
    *("FUNCTION", "PROCEDURE", "AGGREGATE", "PACKAGE", "EXTENSION", "EVENT", "ROLE", "USER"),
    *("SCHEMA", "DATABASE", "POLICY", "RULE", "STATISTICS", "OPERATOR", "CAST", "COLLATION"),
    *("FOREIGN", "SERVER", "PUBLICATION", "SUBSCRIPTION", "LANGUAGE", "CONVERSION", "ROUTINE"),
    *("DEFAULT", "SYSTEM", "TABLESPACE", "GROUP", "ACCESS", "TRANSFORM", "TEXT"),
}
_IN_PASSING = {
    *("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "START", "COMMIT", "END", "SET", "RESET"),
    *("LOCK", "UNLOCK", "WITH"),
}
# An ALTER of an operation that leaves the definition as it was says again what a column is.
_SAID_AGAIN = re.compile(r"ALTER TABLE .*?\b(ALTER|MODIFY)( COLUMN)? ", re.IGNORECASE | re.DOTALL)
_SAYS_MORE = re.compile(
    r"\b(USING|RENAME|ADD|CHANGE|OWNER|STATISTICS|STORAGE|COMPRESSION)\b"
    r"|\bDROP\b(?!\s+(NOT\s+NULL|DEFAULT)\b)",
    re.IGNORECASE,
)
# What stands before a dot: names of elsewhere are not looked at.
_QUALIFIER = re.compile(r"([^\s\"`\[\].]+)[\"`\]]?\s*\.")
# A query of a function alone is asked for what the function does.
_CALLS = re.compile(r"(?!.*\bFROM\b).*\(|.*\bsetval\b", re.IGNORECASE | re.DOTALL)
_UNSEEN = {"GRANT", "REVOKE", "DO", "CALL", "EXECUTE", "SECURITY"}


class Recording:
    """The recording of one run; what fails of it leaves a record without, and nothing else.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._recorder: Recorder | None = None
        self._ready = False

    def begin(self) -> None:
        """Before a step, under the lock."""
        self._ready = False
        with suppress(Exception):  # the migration is what was asked for
            if self._recorder is None:
                self._recorder = self._engine.recorder()
            self._recorder.begin()
            self._ready = True

    def end(self, log: Log) -> str | None:
        """After it: what is kept with its record, or None if that is not known.

        Args:
            log: What the step sent.
        """
        if not self._ready or self._recorder is None:
            return None
        try:
            touched = self._recorder.touched(
                [one.sql for one in log.in_effect()], only_creates=log.only_creates()
            )
        except Exception:  # noqa: BLE001 - the migration is what was asked for, and it is done
            self.forget()
            return None
        if touched is None:
            return _of_no_schema(log, self._engine.home())
        text = self._text(touched, log)
        return text if len(text) <= _LONGEST else None

    def schema(self) -> Any:
        """All of the schema as the last step left it, see `Engine.kept`; None if it has to be read.

        Not in a step.
        """
        return self._recorder.schema() if self._recorder is not None and self._ready else None

    def forget(self) -> None:
        """What the last step did may have been rolled back."""
        if self._recorder is not None:
            self._recorder.forget()

    def _text(self, touched: Touched, log: Log) -> str:
        value: dict[str, Any] = {"form": FORM, "before": touched.before, "after": touched.after}
        if touched.renames:
            value["renames"] = touched.renames
        if touched.dropped:
            value["dropped"] = touched.dropped
        if any(map(_writes, log.statements)):
            value["wrote"] = True
        beside = [_head(one.sql) for one in log.in_effect() if _is_unseen(one)]
        if beside:
            value["beside"] = beside[:_MOST_BESIDE]
        return _as_text(value)


def _of_no_schema(log: Log, home: str) -> str | None:
    """What is kept where the schema is what it was: that nothing was done, if that is certain.

    What was dropped may have been made again, without what was in it.

    Args:
        log: What the step sent.
        home: The schema that was looked at.
    """
    if any(map(_writes, log.statements)):
        return ONLY_ROWS
    done = [one for one in log.in_effect() if one.word not in _IN_PASSING]
    if any(one.word == "DROP" for one in done) and len({one.word for one in done}) > 1:
        return None
    asked = [one for one in log.statements if one.word == "SELECT" and not one.by_operation]
    if any(_CALLS.match(one.sql) for one in asked):
        return None
    if any("search_path" in one.sql for one in log.in_effect()):
        return None
    nothing = all(_changes_nothing(one, home) for one in done)
    return _as_text({"form": FORM, "unchanged": True}) if nothing else None


def _changes_nothing(statement: Statement, home: str) -> bool:
    """Whether it did nothing, since the schema is what it was."""
    if {*_QUALIFIER.findall(statement.sql.partition("(")[0])} - {home}:
        return False
    if statement.word in {"CREATE", "DROP"}:
        return not _is_unseen(statement)
    return (
        statement.by_operation
        and _SAID_AGAIN.match(statement.sql) is not None
        and _SAYS_MORE.search(statement.sql) is None
    )


def _writes(statement: Statement) -> bool:
    """Whether it may have changed rows, and no operation of a migrator sent it."""
    if statement.failed or statement.undone or statement.by_operation:
        return False
    if statement.word == "WITH":
        return any(word in statement.sql.upper() for word in ("INSERT", "UPDATE", "DELETE"))
    return statement.word in _WRITES


def _is_unseen(statement: Statement) -> bool:
    """Whether it made or changed what no reader of schemas sees: a function, a right."""
    if statement.by_operation:
        return False
    return statement.word in _UNSEEN or (
        statement.word in _SCHEMA and _kind_at(statement.sql) is not None
    )


def _kind_at(sql: str) -> int | None:
    """Which word says that a statement is about something unseen; None if it is not."""
    for at, word in enumerate(map(first_word, sql.split()[1:]), 1):
        if word in _SEEN:
            return None
        if word in _KINDS_UNSEEN:
            return at
    return None


def _head(sql: str) -> str:
    """What is done to what: not all of it, which may hold a password."""
    words = sql.split()
    kind = _kind_at(sql) if first_word(sql) in _SCHEMA else None
    shown = " ".join(words[: _SHOWN_WORDS if kind is None else kind + 2]).partition("(")[0]
    return f"{shown} …"
