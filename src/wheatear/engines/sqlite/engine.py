"""SQLite behind the engines' protocol."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from wheatear.engines.engine import FULL, Engine, own_transaction, put_back
from wheatear.engines.sqlite import foreign_keys as keys
from wheatear.engines.sqlite import lock
from wheatear.engines.waiting import Waiting
from wheatear.errors import ConfigError
from wheatear.masking import Mask

if TYPE_CHECKING:
    from wheatear.engines.aside import Aside
    from wheatear.engines.copies import Copies
    from wheatear.engines.journaling import Journaling
    from wheatear.engines.models import Statement
    from wheatear.engines.recording import Recorder
    from wheatear.engines.settings import Settings
    from wheatear.schema.diff import Policy
    from wheatear.schema.model import Schema
    from wheatear.schema.writer import Spelling

T = TypeVar("T")

_NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
# SQLite's own busy handler sleeps where no signal reaches it: short, and then we wait ourselves.
_BUSY_TIMEOUT_MS = 50
_ENDED = "The transaction has ended, rolled back by the statement before"  # capture.py's
_ROLLED_BACK = (_ENDED, "cannot rollback - no transaction is active", "no such savepoint: ")


class SqliteEngine(Engine):
    """An SQLite database: one file, DDL in transactions, one writer at a time."""

    name = "sqlite"
    transactional_ddl = True
    history_id = "INTEGER PRIMARY KEY"
    shared_seconds = 0.05  # applications wait for a lock for 5 s by default
    connection_attributes = frozenset(
        """
        in_transaction total_changes row_factory text_factory isolation_level autocommit
        create_function create_aggregate create_collation create_window_function
        enable_load_extension load_extension set_authorizer set_progress_handler
        set_trace_callback interrupt getlimit setlimit getconfig getautocommit changes
        last_insert_rowid createscalarfunction createaggregatefunction createcollation
        createmodule enableloadextension loadextension setbusytimeout
        """.split()
    )

    def __init__(self, db: Any) -> None:
        super().__init__(db)
        self._foreign_keys = False
        self._enforced: bool | None = None
        self._violations = keys.Violations()
        self._pages: dict[int, str] = {}
        self._version: int | None = None
        """The `data_version` at which the violations were known."""
        path = self.file()
        self._beside = lock.LockBeside(path) if path else None
        self._fleeting = False

    def mask(self) -> Mask:
        """A file has no password."""
        return Mask()

    def migrator(self, schema: str | None = None) -> Any:
        """Imported only where a project has one made."""
        from wheatear.engines.sqlite.migrator import SqliteMigrator  # noqa: PLC0415

        return SqliteMigrator(self.db, schema)

    # Connection

    def exists(self) -> bool:
        """A file may be missing; memory, and a connection that is open, are there."""
        path = self.file()
        return path is None or not self.db.is_closed() or os.path.exists(path)

    def file(self) -> str | None:
        """The database's file, or None if it lives in memory."""
        name = str(self.db.database)
        if name.startswith("file:"):
            from urllib.parse import unquote, urlsplit  # noqa: PLC0415 - a plain path does without

            parts = urlsplit(name)
            if "mode=memory" in parts.query:
                return None
            name = unquote(parts.path)
        return None if name in ("", ":memory:") else name

    @contextmanager
    def opened(self, waiting: Waiting) -> Iterator[None]:
        """As ever; a database in memory that was closed is there for the block alone."""
        self._fleeting = self.db.is_closed() and self._is_gone_when_closed()
        with super().opened(waiting):
            yield

    def _is_gone_when_closed(self) -> bool:
        """In memory, and neither shared with other connections nor kept open by a pool.

        https://www.sqlite.org/inmemorydb.html
        """
        shared = "cache=shared" in str(self.db.database) or hasattr(self.db, "close_idle")
        return self.file() is None and not shared

    def patiently(self, action: Callable[[], T], waiting: Waiting) -> T:
        """Try again while the database is busy: a large commit shuts readers out for a moment."""
        while True:
            try:
                result = action()
            except Exception as error:  # any driver's
                if not lock.is_busy(error):
                    raise
                waiting.pause(self._holder)
            else:
                waiting.over()
                return result

    @contextmanager
    def prepared(self, waiting: Waiting) -> Iterator[None]:
        """Shorten the busy timeout and remember the settings that a run changes."""
        timeout = self.db.pragma("busy_timeout")
        self._foreign_keys = self._enforced = bool(self.db.pragma("foreign_keys"))
        self._version = None
        self.db.execute_sql(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        try:
            # Until something is read, a file that is no database has opened like any other.
            self.patiently(lambda: self.db.pragma("schema_version"), waiting)
            yield
        finally:
            if not self.db.is_closed():
                sql = f"PRAGMA busy_timeout = {int(timeout)}"
                put_back(lambda: self.db.execute_sql(sql))

    def in_transaction(self) -> bool:
        """Ask the driver."""
        if hasattr(self.connection, "in_transaction"):
            return bool(self.connection.in_transaction)
        return not self.connection.getautocommit()  # APSW's name for it

    def way_in(self, error: BaseException) -> str:
        """Say what to do about a file that cannot be opened."""
        path = self.file()
        folder = os.path.dirname(os.path.abspath(path or ""))
        if path and not os.path.isdir(folder):
            return f"make the folder {folder}, or correct the path of the database."
        if path and os.path.isdir(path):
            return f"{path} is a folder: write the path of a file, such as {path}/app.db."
        if "not a database" in str(error) or "encrypted" in str(error):
            return (
                "this file is not an SQLite database: correct the path, or move the file away and "
                "restore it from a backup."
            )
        return "check that the file and its folder can be read and written by this user."

    def behind(self, error: BaseException) -> BaseException:
        """After some errors SQLite has rolled back by itself: what rolls back then fails.

        https://www.sqlite.org/lang_transaction.html, section 2.3
        """
        first = error
        while any(text in str(first) for text in _ROLLED_BACK):
            if first.__context__ is None:
                return error
            first = first.__context__
        by_the_migration = _ENDED in str(error) and self.remedy(first) is None
        return error if by_the_migration else first

    def remedy(self, error: BaseException) -> str | None:
        """https://www.sqlite.org/rescode.html: READONLY, CANTOPEN, IOERR and FULL in words."""
        if isinstance(error, OSError) and error.errno in _NO_ROOM:  # of a file beside the database
            return FULL
        text = str(error)
        if "readonly database" in text or "unable to open" in text or "disk I/O error" in text:
            return self.way_in(error)
        return FULL if "disk is full" in text else None

    def interrupt(self) -> None:
        """https://www.sqlite.org/c3ref/interrupt.html"""
        if self.connection is not None:
            self.connection.interrupt()

    # One runner at a time

    def exclusively(
        self, waiting: Waiting, *, atomic: bool = True, foreign_keys: bool = False
    ) -> AbstractContextManager[None]:
        """One immediate transaction, or else a lock beside the database's file."""
        if self._fleeting:
            raise ConfigError(
                "The database is in memory and its connection is closed: what a run does would be "
                "gone with the run.",
                state="nothing was changed.",
                next="connect first (db.connect()) and keep it open, or name a file.",
            )
        if atomic:
            return self._one_transaction(waiting, foreign_keys=foreign_keys)
        return self._locked_beside(waiting)

    @contextmanager
    def _one_transaction(self, waiting: Waiting, *, foreign_keys: bool) -> Iterator[None]:
        """BEGIN IMMEDIATE; foreign keys off around it, and checked before it commits."""
        self._enforce(foreign_keys)  # does nothing inside a transaction, so before it
        try:
            with own_transaction(
                self.db,
                begin=lambda: self._begin(waiting),
                # Readers of a rollback-journal database hold a commit up; the transaction stays.
                commit=lambda commit: self.patiently(commit, waiting),
            ):
                self._violations = self._known_violations()
                self._remember_pages()
                yield
        except BaseException:
            self._version = None  # what was known may have been rolled back
            raise
        finally:
            if self._enforced is not self._foreign_keys and not (
                self.db.is_closed() or self.in_transaction()
            ):
                put_back(lambda: self._enforce(self._foreign_keys))

    @contextmanager
    def undone_alone(self) -> Iterator[None]:
        """A savepoint; what rows point at nothing is told from what the block before it left."""
        self._remember_pages()
        with super().undone_alone():
            yield

    def _remember_pages(self) -> None:
        """Only who has violations already needs to tell them from new ones."""
        self._pages = keys.table_pages(self.db) if self._violations else {}

    def transaction(self, waiting: Waiting) -> AbstractContextManager[None]:
        """Immediate: one that reads first might find that others have written meanwhile."""
        return own_transaction(
            self.db,
            begin=lambda: self.patiently(lambda: self.db.begin("IMMEDIATE"), waiting),
            commit=lambda commit: self.patiently(commit, waiting),
        )

    def verify(self) -> None:
        """https://www.sqlite.org/pragma.html#pragma_foreign_key_check"""
        self._violations = keys.refuse_new(self.db, self._violations, self._pages)

    def _begin(self, waiting: Waiting) -> None:
        while True:
            while self._beside is not None and self._beside.is_held_elsewhere():
                waiting.pause(self._beside.holder)
            self.patiently(lambda: self.db.begin("IMMEDIATE"), waiting)
            if self._beside is None or not self._beside.is_held_elsewhere():
                return
            self.db.rollback()

    @contextmanager
    def _locked_beside(self, waiting: Waiting) -> Iterator[None]:
        """Without a transaction of its own: the connection's settings stay as they are."""
        if self._beside is None:  # in memory there is nobody else
            yield
            return
        while not self._beside.take():
            waiting.pause(self._beside.holder)
        try:
            # Whoever was in a transaction when the lock was taken is out of it after this.
            self.patiently(lambda: self.db.begin("IMMEDIATE"), waiting)
            self.db.rollback()  # a commit of nothing would wait for readers, too
            waiting.over()
            yield
        finally:
            self._beside.give_back()
            self._enforced = None  # the migration may have changed it
            if not self.db.is_closed() and not self.in_transaction():
                put_back(lambda: self._enforce(self._foreign_keys))

    def settings(self) -> Settings:
        """Few migrations set anything."""
        from wheatear.engines.sqlite.settings import SqliteSettings  # noqa: PLC0415

        return SqliteSettings(self)

    def is_running_elsewhere(self) -> bool:
        """Whether another process holds the lock beside the file."""
        return self._beside is not None and self._beside.is_held_elsewhere()

    def _enforce(self, on: bool) -> None:
        if on is not self._enforced:
            self.db.execute_sql(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")
            self._enforced = on

    def _known_violations(self) -> keys.Violations:
        """What the last check found, unless another connection has written since."""
        cursor = self.connection.cursor()
        version = next(iter(cursor.execute("PRAGMA data_version")))[0]
        cursor.close()
        self.undisturbed = version == self._version
        if self.undisturbed:
            return self._violations
        self._version = version
        return keys.violations(self.db)

    def _holder(self) -> str:
        path = self.file()
        return lock.holder(path) if path else "another connection to the database"

    # History

    def history_table(self, name: str = "wheatear_history") -> str:
        """`main`, whatever is attached or temporary."""
        return f"main.{name}"

    def history_columns(self, name: str = "wheatear_history") -> list[str]:
        """https://www.sqlite.org/pragma.html#pragma_table_info"""
        rows = self.db.execute_sql(f"PRAGMA main.table_info({name})").fetchall()
        return [row[1] for row in rows]

    def journaling(self) -> Journaling:
        """Only where there is something to journal."""
        from wheatear.engines.sqlite.journaling import SqliteJournaling  # noqa: PLC0415

        return SqliteJournaling(self)

    # Backups

    def copies(self) -> Copies | None:
        """Copies of the file; a database in memory has none."""
        from wheatear.engines.sqlite.backup import SqliteCopies  # noqa: PLC0415 - where asked for

        path = self.file()
        return SqliteCopies(self, path) if path else None

    # Schemas

    def read_schema(self, tables: Collection[str] | None = None) -> Schema:
        """Read the main database."""
        from wheatear.engines.sqlite import known, reader  # noqa: PLC0415 - few need it

        if tables is not None:
            return reader.read_schema(self.db, tables)
        return known.read_schema(self.db)

    def kept(self, without: str) -> Any:
        """The statements that SQLite keeps, which need not be understood to be compared."""
        from wheatear.engines.sqlite import kept  # noqa: PLC0415

        return kept.statements(self.db, without)

    def schema_of_kept(self, kept: Any) -> Schema:
        """What the statements make in memory."""
        from wheatear.engines.sqlite.kept import schema_of  # noqa: PLC0415

        return schema_of(self.db, kept)

    def recorder(self) -> Recorder:
        """Imported only where something is run."""
        from wheatear.engines.sqlite.touched import SqliteRecorder  # noqa: PLC0415

        return SqliteRecorder(self)

    def aside(self) -> Aside:
        """Imported only where dropped rows are kept."""
        from wheatear.engines.sqlite.aside import SqliteAside  # noqa: PLC0415

        return SqliteAside(self)

    def home(self) -> str:
        """What a table's name may stand behind."""
        return "main"

    def policy(self) -> Policy:
        """Names are the same in any letter case; a table may point at one that is not there yet."""
        from wheatear.engines.sqlite.type_names import canonical  # noqa: PLC0415
        from wheatear.schema.diff import Policy  # noqa: PLC0415

        return Policy(
            fold_tables=True, fold_columns=True, forward_references=True, type_key=canonical
        )

    def spelling(self) -> Spelling:
        """As its migrator takes them."""
        from wheatear.engines.sqlite.written import SqliteSpelling  # noqa: PLC0415

        return SqliteSpelling()

    def stand_in(self) -> Any:
        """In memory."""
        from wheatear.engines.sqlite import scratch  # noqa: PLC0415

        return scratch.stand_in(self.db)

    def schema_of_models(self, models: Sequence[Any]) -> Schema:
        """SQLite's own tables are nobody's to make; a reflected database has models of them."""
        own = [one for one in models if not one._meta.table_name.startswith("sqlite_")]
        return super().schema_of_models(own)

    def created(self, statements: Sequence[Statement]) -> Schema:
        """In a database in memory, with the functions and collations of this one."""
        from wheatear.engines.sqlite import scratch  # noqa: PLC0415

        return scratch.created(self.db, statements)

    def scratch_copy(
        self, *, empty: bool = False, tables: Collection[str] | None = None
    ) -> AbstractContextManager[Engine]:
        """In memory, with the functions and collations of this one; the file need not be there."""
        from wheatear.engines.sqlite.scratch_copy import scratch_copy  # noqa: PLC0415

        del tables  # in memory, all are made in no time
        return scratch_copy(self, empty=empty)

    def dialect(self) -> str:
        """Any: SQLite keeps statements as they were written."""
        return ""

    def version(self) -> str:
        """The library's."""
        return str(self.db.server_version)
