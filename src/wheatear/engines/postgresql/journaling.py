"""Journaling on PostgreSQL: everything in a transaction with its entry, but for what the server
itself refuses there (CREATE INDEX CONCURRENTLY, VACUUM and the like).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from wheatear.engines.journaling import Journaling, Kind, Refusal, Seen, Settled
from wheatear.engines.last_statement import INSERTS, NEXT, Asked, LastStatement
from wheatear.engines.postgresql.alone import Alone
from wheatear.engines.postgresql.kinds import first_word, is_rolled_back, kind_of, refusal_of
from wheatear.engines.postgresql.lock_waits import sqlstate
from wheatear.engines.postgresql.words import words_of
from wheatear.engines.waiting import Waiting

if TYPE_CHECKING:
    from wheatear.engines.postgresql.engine import PostgresqlEngine

# https://www.postgresql.org/docs/current/errcodes-appendix.html: active_sql_transaction, and
# invalid_transaction_termination (a procedure that commits).
_ALONE = frozenset({"25001", "2D000"})
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
    """The server says by itself which statement cannot be in a transaction."""

    reads_may_write = True
    lock_is_beside = True

    def __init__(self, engine: PostgresqlEngine) -> None:
        super().__init__(engine)
        self._alone = Alone(self)
        self._last_statement = LastStatement(_ASKED, _spelled)
        self._show_sql = engine.take_writing()
        self.begin_sql = f"BEGIN; {self._show_sql}"  # one round trip for both

    def show(self) -> None:
        """See `lock.py`."""
        self.send(self._show_sql).close()

    def kind(self, sql: str) -> Kind:
        """By its words alone."""
        return kind_of(sql, escapes=self._escapes)

    def refusal(self, sql: str, *, inside: bool) -> Refusal | None:
        """What lives in the connection, which dies with the run; several that are no one kind."""
        refusal = refusal_of(sql, inside=inside, escapes=self._escapes)
        return refusal or self._last_statement.refusal(sql, first_word(sql), inside=inside)

    def outlived(self, sql: str, rest: Sequence[str]) -> bool:
        """https://www.postgresql.org/docs/current/sql-set.html"""
        del sql
        return not is_rolled_back(rest)

    @property
    def _escapes(self) -> bool:
        """The driver keeps what the server tells of this setting."""
        told = self.connection.info.parameter_status("standard_conforming_strings")
        return bool(told == "off")

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
        """What the statement names, and who sends it."""
        pid, start = self.rows(
            "SELECT pg_backend_pid(), (SELECT backend_start::text FROM pg_stat_activity "
            "WHERE pid = pg_backend_pid())"
        )[0]
        return {"pid": pid, "start": start, **self._alone.look(sql)}

    def settle(self, sql: str, before: Seen, *, dead: bool = False) -> Settled:
        """See `alone.py`."""
        if dead:
            self._alone.finish(before)
        return self._alone.settle(sql, before)

    def unsettled(self, before: Seen) -> str | None:
        """A procedure's commits are its own; and what is not known."""
        return before.get("unsettled")

    def wait_for(self, sql: str, before: Seen, waiting: Waiting) -> None:
        """Poll until the dead run's own backend is gone, or no longer runs this statement; then
        until nobody builds an index where it has left one, which cannot be dropped before.

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
        while builders := self._alone.builders_beside(sql, before):
            pids = ", ".join(map(str, builders))
            waiting.pause(lambda: f"server process {pids}, which builds an index")  # noqa: B023
        waiting.over()

    def rollback(self) -> None:
        """Psycopg's own, which also clears an error."""
        with suppress(Exception):
            if self.in_transaction():
                self.send("ROLLBACK")


def _spelled(sql: str) -> list[str]:
    return [word.text or (word.name or "").upper() for word in words_of(sql)]
