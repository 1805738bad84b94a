"""Journaling on SQLite: nearly everything can be in a transaction, and no dead run works on."""

from __future__ import annotations

import re

from wheatear.engines.engine import Engine
from wheatear.engines.journaling import Journaling, Kind, Refusal, Seen, Settled
from wheatear.engines.last_statement import CHANGES, INSERTS, Asked, LastStatement
from wheatear.engines.sqlite import lock
from wheatear.engines.sqlite.tokens import tokens_of

_WORDS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|;)*(\w+)\s*(\w*)", re.DOTALL)
_PRAGMA = re.compile(r"PRAGMA\s+(?:\w+\s*\.\s*)?(\w+)\s*(=|\()?", re.IGNORECASE)
_TEMPORARY = re.compile(r"\s*CREATE\s+TEMP(ORARY)?\s+TABLE\b", re.IGNORECASE)
_PARTIAL = re.compile(r"[\s;]*ROLLBACK(\s+TRANSACTION)?\s+TO\b", re.IGNORECASE)
_SAVEPOINT = re.compile(
    r"\s*(?:SAVEPOINT|RELEASE(?:\s+SAVEPOINT)?)\s+(.+?)\s*;?\s*$", re.IGNORECASE | re.DOTALL
)
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("SELECT", "EXPLAIN", "VALUES"), "read"),
    "BEGIN": "begin",
    "COMMIT": "commit",
    "END": "commit",
    "ROLLBACK": "rollback",
    **dict.fromkeys(("ATTACH", "DETACH"), "setting"),
    "VACUUM": "alone",
}
# https://www.sqlite.org/pragma.html: of the connection, kept in the file, refused in a transaction.
_OF_CONNECTION = frozenset(
    """
    analysis_limit automatic_index busy_timeout cache_size cache_spill case_sensitive_like
    cell_size_check checkpoint_fullfsync count_changes defer_foreign_keys empty_result_callbacks
    foreign_keys full_column_names fullfsync hard_heap_limit ignore_check_constraints
    legacy_alter_table locking_mode mmap_size query_only read_uncommitted recursive_triggers
    reverse_unordered_selects short_column_names soft_heap_limit synchronous temp_store threads
    trusted_schema wal_autocheckpoint writable_schema secure_delete journal_size_limit
    """.split()
)
_OF_FILE = frozenset({"user_version", "application_id", "schema_version", "default_cache_size"})
_ALONE = frozenset(
    "journal_mode auto_vacuum page_size encoding incremental_vacuum wal_checkpoint optimize".split()
)
# https://www.sqlite.org/lang_corefunc.html
_ASKED = {
    "LAST_INSERT_ROWID": Asked(
        "the lastrowid of the cursor, which db.execute_sql() returns, Model.create() or RETURNING; "
        "or insert and ask in one transaction: `with db.atomic():`",
        INSERTS,
    ),
    **dict.fromkeys(
        ("CHANGES", "TOTAL_CHANGES"),
        Asked(
            "the rowcount of the cursor, which db.execute_sql() returns; or change and ask in one "
            "transaction: `with db.atomic():`",
            CHANGES,
        ),
    ),
}


class SqliteJournaling(Journaling):
    """One file, and one process that writes."""

    begin_sql = "BEGIN IMMEDIATE"
    _outermost: str | None = None

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._last_statement = LastStatement(_ASKED, _spelled)

    def kind(self, sql: str) -> Kind:
        """https://www.sqlite.org/lang.html"""
        match = _WORDS.match(sql)
        word = match.group(1).upper() if match else ""
        if word == "ROLLBACK" and _PARTIAL.match(sql):
            return "inside"
        if word in ("SAVEPOINT", "RELEASE"):
            return self._of_savepoint(sql, word)
        return _of_pragma(sql) if word == "PRAGMA" else _KINDS.get(word, "rows")

    def _of_savepoint(self, sql: str, word: str) -> Kind:
        """The outermost one begins a transaction, and its release commits it."""
        match = _SAVEPOINT.match(sql)
        name = match.group(1).lower() if match else ""
        if word == "SAVEPOINT" and not self.in_transaction():
            self._outermost = name
            return "begin"
        if word == "RELEASE" and name == self._outermost:
            self._outermost = None
            return "commit"
        return "inside"

    def refusal(self, sql: str, *, inside: bool) -> Refusal | None:
        """A temporary table dies with its connection, so that no later run could go on with it."""
        if _TEMPORARY.match(sql):
            return Refusal(
                "makes a temporary table, which is gone if the run dies.",
                "make an ordinary table, and drop it at the end.",
            )
        match = _WORDS.match(sql)
        first = match.group(1).upper() if match else ""
        return self._last_statement.refusal(sql, first, inside=inside)

    def in_transaction(self, *, after_error: bool = False) -> bool:
        """The driver knows, after errors too."""
        del after_error
        return self.engine.in_transaction()

    def gave_way(self, error: BaseException) -> bool:
        """Readers and writers of the file shut each other out for a moment."""
        return lock.is_busy(error)

    def look(self, sql: str) -> Seen:
        """What cannot be in a transaction here may be done twice: VACUUM and a few pragmas."""
        del sql
        return {"again": True}

    def settle(self, sql: str, before: Seen) -> Settled:
        """It is done once more."""
        del sql, before
        return Settled(done=False)


def _spelled(sql: str) -> list[str]:
    return ["" if token.kind == "string" else token.name.upper() for token in tokens_of(sql)]


def _of_pragma(sql: str) -> Kind:
    match = _PRAGMA.search(sql)
    name, sets = (match.group(1).lower(), bool(match.group(2))) if match else ("", False)
    if name in _ALONE:
        return "alone"
    if sets and name in _OF_CONNECTION:
        return "setting"
    return "rows" if sets and name in _OF_FILE else "read"
