"""MySQL and MariaDB behind the engines' protocol."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import peewee

from wheatear.engines.engine import FULL, READ_ONLY, RIGHTS, Engine, put_back
from wheatear.engines.mysql import lock, open_transaction
from wheatear.engines.mysql.server_errors import DEADLOCK, LOCK_TIMEOUT, error_number, is_lost
from wheatear.engines.waiting import Waiting

if TYPE_CHECKING:
    from wheatear.engines.aside import Aside
    from wheatear.engines.journaling import Journaling
    from wheatear.engines.models import Statement
    from wheatear.engines.mysql.definitions import Definitions
    from wheatear.engines.recording import Recorder
    from wheatear.engines.settings import Settings
    from wheatear.schema.diff import Policy
    from wheatear.schema.model import Schema
    from wheatear.schema.writer import Spelling

_GAVE_WAY = {LOCK_TIMEOUT, DEADLOCK}
_ENDS_WITHIN = 2.0  # seconds for a killed statement to undo what it did
_REMEDIES = {
    **dict.fromkeys((1044, 1142, 1143, 1227, 1370), RIGHTS),
    **dict.fromkeys((1290, 1792, 1836), READ_ONLY),
    **dict.fromkeys((1021, 1114), FULL),
}


class MysqlEngine(Engine):
    """A MySQL or MariaDB database: each DDL statement commits by itself."""

    name = "mysql"
    transactional_ddl = False
    history_id = "BIGINT AUTO_INCREMENT PRIMARY KEY"
    history_options = " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    history_types: ClassVar[dict[str, str]] = {"TEXT": "LONGTEXT"}
    connection_attributes = frozenset(
        """
        server_version server_status get_server_info thread_id insert_id affected_rows
        get_autocommit character_set_name escape escape_string literal encoding charset
        host user db open ping errorhandler
        """.split()
    )

    def __init__(self, db: Any) -> None:
        super().__init__(db)
        self._lock = ""
        self._held = False

    def migrator(self, schema: str | None = None) -> Any:
        """Imported only where a project has one made."""
        from wheatear.engines.mysql.migrator import MysqlMigrator  # noqa: PLC0415

        return MysqlMigrator(self.db, schema)

    @cached_property
    def definitions(self) -> Definitions:
        """Imported only where something is run or compared."""
        from wheatear.engines.mysql.definitions import Definitions  # noqa: PLC0415
        from wheatear.engines.mysql.raw_bytes import taken  # noqa: PLC0415

        def rows(sql: str, values: Any = None) -> list[Any]:
            with taken(self.connection):
                return self.ask(sql, values)

        return Definitions(rows, self.home)

    def ask(self, sql: str, values: Any = None) -> list[Any]:
        """Send a statement as it is, past Peewee, whose connection may be watched; its rows."""
        cursor = (self.connection or self.db.connection()).cursor()
        cursor.execute(sql, values) if values else cursor.execute(sql)
        found = list(cursor.fetchall()) if cursor.description else []
        cursor.close()
        return found

    # Connection

    @contextmanager
    def prepared(self, waiting: Waiting) -> Iterator[None]:
        """Name the lock after the database."""
        del waiting
        open_transaction.last_told(self.connection)  # or another driver is refused
        database, timeout = self.db.execute_sql(
            "SELECT DATABASE(), @@SESSION.lock_wait_timeout"
        ).fetchone()
        self._lock = lock.lock_name(database)
        self._set_lock_timeout(max(round(self.lock_timeout), 1))
        try:
            yield
        finally:
            if not self.db.is_closed() and getattr(self.connection, "open", True):
                put_back(lambda: self._set_lock_timeout(timeout))
                if self._held:  # a connection that is gone has given it back
                    put_back(lambda: lock.release(self.db, self._lock))
            self._held = self.undisturbed = False

    def _set_lock_timeout(self, seconds: int) -> None:
        """How long DDL waits for a table that others use; whole seconds.

        https://mariadb.com/kb/en/server-system-variables/#lock_wait_timeout
        """
        self.db.execute_sql(f"SET SESSION lock_wait_timeout = {int(seconds)}")

    def in_transaction(self) -> bool:
        """Ask the server."""
        return open_transaction.asked(self.connection or self.db.connection(), self.db.execute_sql)

    def way_in(self, error: BaseException) -> str:
        """Say what to do about a connection that failed."""
        if "cryptography" in str(error):  # PyMySQL's own words, before 1.2 as a rule
            return "uv add cryptography, or a PyMySQL from 1.2 on, which logs in over TLS."
        number = error_number(error)
        if number == 1049:  # ER_BAD_DB_ERROR
            return f"create it (`CREATE DATABASE {self.db.database}`), or correct its name."
        if number in (1044, 1045, 1698):  # access denied
            return "check the user and the password in DATABASE_URL or migrations_config.py."
        return "check that the server runs and that its host and port are right."

    def interrupt(self) -> None:
        """KILL QUERY, from a connection of its own: ours is waiting for its answer.

        https://mariadb.com/kb/en/kill/
        """
        if self.connection is not None:
            with suppress(Exception):
                self._beside(f"KILL QUERY {self.connection.thread_id()}")

    def _end_what_goes_on(self) -> None:
        """A driver that is interrupted hangs up; its statement would go on, and hold the lock."""
        if getattr(self.connection, "open", True):
            return
        number = self.connection.thread_id()
        with suppress(Exception):  # it has ended by itself
            self._beside(f"KILL {number}")
            end = time.monotonic() + _ENDS_WITHIN
            while self._beside(lock.is_connected(number)) and time.monotonic() < end:
                time.sleep(0.01)

    def _beside(self, statement: str) -> Any:
        """Send a statement on a connection of its own; return the first row, if it has any."""
        helper = type(self.db)._connect(self.db)
        try:
            cursor = helper.cursor()
            cursor.execute(statement)
            return cursor.fetchone()
        finally:
            helper.close()

    # One runner at a time

    @contextmanager
    def exclusively(
        self, waiting: Waiting, *, atomic: bool = True, foreign_keys: bool = False
    ) -> Iterator[None]:
        """Hold the named lock; nothing is one transaction here, since DDL commits by itself.

        It is held to the end of the run: two round trips a migration less, and as long as it is,
        nobody else writes to the history.
        """
        del atomic, foreign_keys
        self.undisturbed = self._held
        if not self._held:
            self._take_lock(waiting)
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            self._end_what_goes_on()
            raise

    def _take_lock(self, waiting: Waiting) -> None:
        seconds = 0
        while not lock.try_lock(self.db, self._lock, seconds):
            waiting.pause(lambda: lock.holder(self.db, self._lock))
            # The server wakes who waits at once; but what is waited for is to be said first.
            seconds = 1 if waiting.said and (waiting.limit is None or waiting.limit > 2) else 0
        waiting.over()
        self._held = True

    # The first is compared as DOUBLE; the last are in the order of their numbers, and compared
    # as text. https://mariadb.com/kb/en/enum/ A BIT is read as bytes, and compared as a number.
    inexact_types = frozenset({"float", "bit", "enum", "set"})

    # https://mariadb.com/kb/en/mysql_affected_rows/: unless the driver asks for CLIENT_FOUND_ROWS.
    counts_found_rows = False

    def without_transactions(self, table: str) -> str | None:
        """https://mariadb.com/kb/en/information-schema-engines-table/"""
        row = self.db.execute_sql(
            "SELECT e.engine FROM information_schema.tables t "
            "JOIN information_schema.engines e ON e.engine = t.engine "
            "WHERE t.table_schema = DATABASE() AND t.table_name = %s AND e.transactions = 'NO'",
            (table,),
        ).fetchone()
        return str(row[0]) if row else None

    def settings(self) -> Settings:
        """Few migrations set anything."""
        from wheatear.engines.mysql.settings import MysqlSettings  # noqa: PLC0415

        return MysqlSettings(self)

    def is_running_elsewhere(self) -> bool:
        """Whether another connection holds the lock."""
        return lock.is_held_elsewhere(self.db, self._lock)

    def is_lock_timeout(self, error: BaseException) -> bool:
        """https://mariadb.com/kb/en/mariadb-error-codes/"""
        return error_number(error) in _GAVE_WAY

    def is_lost(self, error: BaseException) -> bool:
        """By what the driver says, or no longer has open."""
        return is_lost(error, self.connection)

    def remedy(self, error: BaseException) -> str | None:
        """https://mariadb.com/kb/en/mariadb-error-codes/"""
        return _REMEDIES.get(error_number(error) or 0)

    # History

    def history_table(self, name: str = "wheatear_history") -> str:
        """The one of the connection's database, also after a migration's `USE`."""
        database = str(self.db.database).replace("`", "``")
        return f"`{database}`.`{name}`"

    def or_update(self, columns: Sequence[str]) -> str:
        """https://mariadb.com/kb/en/insert-on-duplicate-key-update/"""
        changes = ", ".join(f"{name} = VALUES({name})" for name in columns)
        return f"ON DUPLICATE KEY UPDATE {changes}"

    def history_columns(self, name: str = "wheatear_history") -> list[str]:
        """https://mariadb.com/kb/en/information-schema-columns-table/"""
        rows = self.db.execute_sql(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
            (str(self.db.database), name),
        ).fetchall()
        return [row[0] for row in rows]

    def journaling(self) -> Journaling:
        """Only where there is something to journal."""
        from wheatear.engines.mysql.journaling import MysqlJournaling  # noqa: PLC0415

        return MysqlJournaling(self)

    # Backups

    def dump_command(self) -> str:
        """https://mariadb.com/kb/en/mariadb-dump/"""
        from wheatear.urls import masked  # noqa: PLC0415 - only who says something needs it

        name = masked(str(self.db.database))
        return f"mariadb-dump --single-transaction --routines --result-file=before.sql {name}"

    # Schemas

    def read_schema(self, tables: Collection[str] | None = None) -> Schema:
        """Read the connection's database."""
        from wheatear.engines.mysql.reader import read_schema  # noqa: PLC0415 - few need it

        return read_schema(self.db, tables)

    def kept(self, without: str) -> Any:
        """The statements that the server writes."""
        from wheatear.engines.mysql import kept  # noqa: PLC0415

        del without  # a table of ours, as others that are left out
        return kept.schema(self)

    def schema_of_kept(self, kept: Any) -> Schema:
        """What the statements make in a scratch database."""
        from wheatear.engines.mysql.kept import schema_of  # noqa: PLC0415 - seldom anything differs

        return schema_of(self, kept)

    def recorder(self) -> Recorder:
        """Imported only where something is run."""
        from wheatear.engines.mysql.touched import MysqlRecorder  # noqa: PLC0415

        return MysqlRecorder(self)

    def aside(self) -> Aside:
        """Imported only where dropped rows are kept."""
        from wheatear.engines.mysql.aside import MysqlAside  # noqa: PLC0415

        return MysqlAside(self)

    def home(self) -> str:
        """What a table's name may stand behind."""
        return str(self.db.database)

    def policy(self) -> Policy:
        """https://mariadb.com/kb/en/identifier-case-sensitivity/"""
        from wheatear.schema.diff import Policy  # noqa: PLC0415

        return Policy(fold_columns=True, keys_hold_types=True, alters_in_steps=True)

    def spelling(self) -> Spelling:
        """What a new table gets by itself need not be written."""
        from wheatear.engines.mysql.written import MysqlSpelling  # noqa: PLC0415

        ((version, engine, charset, collation),) = self.db.execute_sql(
            "SELECT VERSION(), @@default_storage_engine, @@character_set_database, "
            "@@collation_database"
        ).fetchall()
        return MysqlSpelling(
            f"ENGINE={engine} DEFAULT CHARSET={charset} COLLATE={collation}",
            mariadb="mariadb" in version.lower(),
        )

    def stand_in(self) -> Any:
        """Without a connection: what it is asked for is only written."""
        from wheatear.engines.models import stand_in  # noqa: PLC0415

        return stand_in(self.db, peewee.MySQLDatabase, "scratch")

    def created(self, statements: Sequence[Statement]) -> Schema:
        """In a database of its own, which is dropped."""
        from wheatear.engines.mysql import scratch  # noqa: PLC0415

        return scratch.created(self.db, statements)

    def scratch_copy(
        self, *, empty: bool = False, tables: Collection[str] | None = None
    ) -> AbstractContextManager[Engine]:
        """A database of its own, which is dropped."""
        from wheatear.engines.mysql.scratch_copy import scratch_copy  # noqa: PLC0415

        return scratch_copy(self, empty=empty, tables=tables)

    def dialect(self) -> str:
        """The version without its last number; of MariaDB its name too."""
        (version,) = self.db.execute_sql("SELECT VERSION()").fetchone()
        family = "MariaDB" if "mariadb" in version.lower() else "MySQL"
        return f"{family} {'.'.join(version.split('.')[:2])}"

    def version(self) -> str:
        """The server's, and the defaults that a new table takes."""
        row = self.db.execute_sql(
            "SELECT VERSION(), @@character_set_database, @@collation_database, "
            "@@SESSION.default_storage_engine, @@SESSION.sql_mode"
        ).fetchone()
        return " ".join(map(str, row))
