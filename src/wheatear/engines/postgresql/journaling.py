"""Journaling on PostgreSQL: everything in a transaction with its entry, but for what the server
itself refuses there (CREATE INDEX CONCURRENTLY, VACUUM and the like).
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wheatear.engines.journaling import Journaling, Kind, Refusal, Seen, Settled
from wheatear.engines.last_statement import INSERTS, NEXT, Asked, LastStatement
from wheatear.engines.postgresql.lock_waits import sqlstate
from wheatear.engines.postgresql.words import words_of
from wheatear.engines.waiting import Waiting

if TYPE_CHECKING:
    from wheatear.engines.postgresql.engine import PostgresqlEngine

# https://www.postgresql.org/docs/current/errcodes-appendix.html: active_sql_transaction, and
# invalid_transaction_termination (a procedure that commits).
_ALONE = frozenset({"25001", "2D000"})
_COMMITS_INSIDE = frozenset({"CALL", "DO"})
_WORD = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|;|\()*(\w+)", re.DOTALL)
_SET_CONFIG = re.compile(r"\bset_config\s*\(", re.IGNORECASE)
_PARTIAL = re.compile(r"[\s;]*ROLLBACK(\s+(WORK|TRANSACTION))?\s+TO\b", re.IGNORECASE)
_TEMPORARY = re.compile(
    r"\s*CREATE\s+(?:(?:GLOBAL|LOCAL)\s+)?TEMP(?:ORARY)?\s+(?:TABLE|SEQUENCE|VIEW)\b", re.IGNORECASE
)
_READS = frozenset({"SELECT", "SHOW", "EXPLAIN", "VALUES", "TABLE", "WITH"})
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("SET", "RESET", "LISTEN", "UNLISTEN", "LOAD", "DISCARD"), "setting"),
    **dict.fromkeys(("PREPARE", "DEALLOCATE"), "setting"),
    **dict.fromkeys(("BEGIN", "START"), "begin"),
    **dict.fromkeys(("COMMIT", "END"), "commit"),
    **dict.fromkeys(("ROLLBACK", "ABORT"), "rollback"),
    **dict.fromkeys(("SAVEPOINT", "RELEASE"), "inside"),
}
_REPEATABLE = re.compile(
    r"\s*(VACUUM|ANALYZE|REINDEX|CLUSTER|CHECKPOINT|REFRESH|ALTER\s+SYSTEM)\b", re.IGNORECASE
)
_READS_ROWS = frozenset({"FROM", "TABLE", "NEXTVAL"})
_INTRANS, _INERROR = 2, 3  # libpq's PQTransactionStatus
# https://www.postgresql.org/docs/current/functions-sequence.html
_ASKED = dict.fromkeys(
    ("LASTVAL", "CURRVAL"),
    Asked(
        "RETURNING, or Model.create(); or insert and ask in one transaction: `with db.atomic():`",
        INSERTS | NEXT,
    ),
)


class PostgresqlJournaling(Journaling):
    """The server says by itself what cannot be in a transaction: no text is taken apart."""

    reads_may_write = True
    lock_is_beside = True

    def __init__(self, engine: PostgresqlEngine) -> None:
        super().__init__(engine)
        self._last_statement = LastStatement(_ASKED, _spelled)
        self._show_sql = engine.take_writing()
        self.begin_sql = f"BEGIN; {self._show_sql}"  # one round trip for both

    def show(self) -> None:
        """See `lock.py`."""
        self.send(self._show_sql).close()

    def kind(self, sql: str) -> Kind:
        """https://www.postgresql.org/docs/current/sql-commands.html"""
        match = _WORD.match(sql)
        word = match.group(1).upper() if match else ""
        if word == "ROLLBACK" and _PARTIAL.match(sql):
            return "inside"
        if word == "PREPARE" and re.match(r"\s*PREPARE\s+TRANSACTION\b", sql, re.IGNORECASE):
            return "alone"
        if word in _KINDS:
            return _KINDS[word]
        if word == "SELECT" and _SET_CONFIG.search(sql):
            return "setting"
        return "read" if word in _READS else "rows"

    def refusal(self, sql: str, *, inside: bool) -> Refusal | None:
        """A temporary table dies with its connection; COPY's data are no part of its statement."""
        if _TEMPORARY.match(sql):
            return Refusal(
                "makes something temporary, which is gone if the run dies.",
                "make an ordinary table, and drop it at the end.",
            )
        if re.match(r"\s*PREPARE\s+TRANSACTION\b", sql, re.IGNORECASE):
            return Refusal(
                "prepares a transaction for others to end.",
                "commit it: `with db.atomic():` does.",
            )
        match = _WORD.match(sql)
        first = match.group(1).upper() if match else ""
        if first == "SELECT" and _SET_CONFIG.search(sql) and _READS_ROWS & {*_spelled(sql)}:
            return Refusal(
                "gives a setting what it reads, which a run that takes this one up would do again.",
                "read it first, and hand the value to set_config() as a parameter.",
            )
        return self._last_statement.refusal(sql, first, inside=inside)

    def in_transaction(self, *, after_error: bool = False) -> bool:
        """The driver knows, after errors too."""
        del after_error
        return int(self.connection.info.transaction_status) in (_INTRANS, _INERROR)

    def is_broken(self) -> bool:
        """After an error in it, COMMIT rolls back."""
        return int(self.connection.info.transaction_status) == _INERROR

    def must_be_alone(self, error: BaseException) -> bool:
        """The server refused it in a transaction block, before it did anything."""
        return sqlstate(error) in _ALONE

    def wrote(self) -> bool:
        """Whether it has a transaction id: https://www.postgresql.org/docs/current/functions-info.html

        `pg_current_xact_id_if_assigned` is PostgreSQL 13's name for it.
        """
        name = "pg_current_xact_id" if self.connection.info.server_version >= 130000 else "txid"
        name = f"{name}_if_assigned" if name != "txid" else "txid_current_if_assigned"
        return bool(self.rows(f"SELECT {name}() IS NOT NULL")[0][0])

    def look(self, sql: str) -> Seen:
        """All indexes, and what else such statements make: databases, partitions, tablespaces."""
        pid, start = self.rows(
            "SELECT pg_backend_pid(), (SELECT backend_start::text FROM pg_stat_activity "
            "WHERE pid = pg_backend_pid())"
        )[0]
        seen: dict[str, Any] = {"pid": pid, "start": start, **self._catalogue(sql)}
        match = _WORD.match(sql)
        if match and match.group(1).upper() in _COMMITS_INSIDE:
            seen["unsettled"] = "it is a procedure that commits inside"
        if _REPEATABLE.match(sql):
            seen["again"] = True
        return seen

    def _catalogue(self, sql: str) -> dict[str, Any]:
        """https://www.postgresql.org/docs/current/catalog-pg-index.html"""
        indexes = self.rows(
            "SELECT indexrelid::bigint, indisvalid FROM pg_index i JOIN pg_class c "
            "ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname NOT LIKE 'pg\\_%%' ORDER BY 1".replace("%%", "%")
        )
        others = self.rows(
            "SELECT 'database', datname::text FROM pg_database UNION ALL "
            "SELECT 'tablespace', spcname::text FROM pg_tablespace UNION ALL "
            "SELECT 'partition of ' || inhparent::regclass, c.relname::text FROM pg_inherits "
            "JOIN pg_class c ON c.oid = inhrelid ORDER BY 1, 2"
        )
        text = sql.lower()
        return {
            "valid": [oid for oid, valid in indexes if valid],
            "invalid": [oid for oid, valid in indexes if not valid],
            "others": [f"{kind} {name}" for kind, name in others if name.lower() in text],
        }

    def settle(self, sql: str, before: Seen) -> Settled:
        """Done if something valid came or went; an INVALID index that came is dropped."""
        now = self._catalogue(sql)
        came = self._named(sql, set(now["valid"]) - {*before["valid"], *before["invalid"]})
        left_over = set(now["invalid"]) - {*before["valid"], *before["invalid"]}
        for name in self._named(sql, left_over):
            # https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
            self.send(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        if before.get("again"):
            return Settled(done=False)
        if before.get("unsettled"):
            return Settled(None, str(before["unsettled"]))
        there = {*now["valid"], *now["invalid"]}
        went = {*before["valid"], *before["invalid"]} - there
        return Settled(done=bool(came or went) or now["others"] != before["others"])

    def _named(self, sql: str, oids: set[int]) -> list[str]:
        """The indexes among these that are of a table, or of a name, that the statement names."""
        if not oids:
            return []
        rows = self.rows(
            "SELECT i.indexrelid::regclass::text, c.relname, t.relname FROM pg_index i "
            "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid "
            f"WHERE i.indexrelid IN ({', '.join(map(str, sorted(oids)))})"
        )
        text = sql.lower()
        database = re.match(r"\s*REINDEX\b.*\b(DATABASE|SCHEMA|SYSTEM)\b", sql, re.IGNORECASE)
        return [
            qualified
            for qualified, index, table in rows
            if database or index.lower() in text or table.lower() in text
        ]

    def unsettled(self, before: Seen) -> str | None:
        """A procedure's commits are its own."""
        return before.get("unsettled")

    def wait_for(self, sql: str, before: Seen, waiting: Waiting) -> None:
        """Poll until the dead run's own backend is gone, or no longer runs this statement.

        Behind pgbouncer the backend that ran it may be another than the one that was asked.
        """
        while self.rows(
            "SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database() AND (pid = %s AND backend_start::text = %s "
            "OR state = 'active' AND left(query, 900) = left(%s, 900))",
            (before["pid"], before["start"], sql),
        ):
            waiting.pause(lambda: f"server process {before['pid']}, at work for a run that died")
        waiting.over()

    def rollback(self) -> None:
        """Psycopg's own, which also clears an error."""
        with suppress(Exception):
            if self.in_transaction():
                self.send("ROLLBACK")


def _spelled(sql: str) -> list[str]:
    return [word.text or (word.name or "").upper() for word in words_of(sql)]
