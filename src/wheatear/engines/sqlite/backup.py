"""Copies of a database's file, made and put back while others use it.

By SQLite's own backup, page by page, which takes part in its locks and its journal.
https://www.sqlite.org/backup.html, https://www.sqlite.org/c3ref/backup_finish.html
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import peewee

from wheatear.engines import models
from wheatear.engines.copies import ChangedMeanwhileError
from wheatear.engines.engine import FULL, Engine, first_line, put_back
from wheatear.engines.sqlite import lock
from wheatear.engines.sqlite.connecting import connection_to
from wheatear.engines.waiting import Waiting
from wheatear.errors import BackupError, WheatearError

if TYPE_CHECKING:
    from wheatear.engines.sqlite.engine import SqliteEngine

PART = ".part"
"""Ends the name of a copy that is not whole yet."""
# What SQLite keeps beside it: a copy of a WAL database is one itself until that is changed.
_BESIDE_PART = ("-journal", "-wal", "-shm")
_PAGES = 2_000  # between two looks at what else there is to do: a Ctrl-C, somebody's lock
_BUSY_TIMEOUT_MS = 50
_UNSAFE = ("memory", "off")


class SqliteCopies:
    """Copies of one SQLite file.

    Args:
        engine: The database's engine.
        file: Its file.
    """

    def __init__(self, engine: SqliteEngine, file: str) -> None:
        self.file = os.path.realpath(file)
        self._engine = engine

    def version(self) -> int:
        """https://www.sqlite.org/pragma.html#pragma_data_version"""
        return int(_value(self._engine.connection, "PRAGMA data_version"))

    def engine_of(self, path: str) -> Engine:
        """The same driver, functions and collations on the copy."""
        stand = models.stand_in(self._engine.db, peewee.SqliteDatabase, path)
        stand._connect = lambda: connection_to(self._engine.db, path)
        return type(self._engine)(stand)

    # Making

    def make(self, path: str, waiting: Waiting, *, checked: bool = True) -> None:
        """In a file of another name, until it is whole."""
        part = path + PART
        with self._told("cannot be copied"):
            # Before SQLite opens it: it is never readable by others, and never somebody's link.
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            try:
                self._copy_to(part, waiting, checked=checked)
                os.rename(part, path)
            except BaseException:
                for rest in (part, *(part + end for end in _BESIDE_PART)):
                    with suppress(OSError):
                        os.unlink(rest)
                raise
            _sync_folder(os.path.dirname(path))

    def _copy_to(self, part: str, waiting: Waiting, *, checked: bool) -> None:
        with self._source() as source, closing(_connection_to(self._engine.db, part)) as target:
            self._engine.patiently(lambda: self._look(source), waiting)
            _copy(source, target, self._between(waiting))
            # A copy of a WAL database asks for WAL too, and would not be one file.
            _run(target, "PRAGMA journal_mode = DELETE")
            if checked:
                _refuse_damaged(target, part.removesuffix(PART))
                _refuse_unequal(source, target)

    @contextmanager
    def _source(self) -> Iterator[Any]:
        """One view of the database to the end, however many steps the copy takes.

        By a connection of its own, since SQLite copies from none that writes and the run's may be
        in its transaction already; but nobody else can read a file that the run's keeps for itself.

        https://www.sqlite.org/c3ref/backup_finish.html#sqlite3backupstep
        """
        own = self._engine.connection
        if self._is_kept() and not self._engine.in_transaction():
            _run(own, "BEGIN")
            try:
                yield own
            finally:
                put_back(lambda: _run(own, "ROLLBACK"))
            return
        with closing(_connection_to(self._engine.db, self.file)) as source:
            _run(source, "BEGIN")
            yield source

    def _look(self, source: Any) -> None:
        """See what is there now; who waits for the run's own connection would do so for ever."""
        try:
            _read(source)
        except Exception as error:
            if not (lock.is_busy(error) and self._is_kept()):
                raise
            raise BackupError(
                f"{self._engine.url} cannot be copied: its connection keeps the file for itself "
                "(`locking_mode = exclusive`).",
                state="nothing was changed.",
                next="leave out `locking_mode`, or `--backup`.",
            ) from error

    def _is_kept(self) -> bool:
        """https://www.sqlite.org/pragma.html#pragma_locking_mode"""
        mode = _value(self._engine.connection, "PRAGMA main.locking_mode")
        return str(mode) == "exclusive"

    def check(self, path: str) -> None:
        """SQLite takes a file that was cut to nothing for a database without tables."""
        if not os.path.getsize(path):
            raise _damaged(path, "it is empty")
        try:
            with closing(_connection_to(self._engine.db, path)) as copy:
                faults = _faults(copy)
        except Exception as error:
            raise _damaged(path, first_line(error)) from error
        if faults:
            raise _damaged(path, faults[0])

    # Putting back

    def begin_anew(self) -> None:
        """Nobody knows who could read what was there before: a copy's owner can read the copy."""
        with self._told("cannot be made"), suppress(FileExistsError):
            os.close(os.open(self.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

    def restore(
        self,
        path: str,
        waiting: Waiting,
        *,
        unchanged_since: int | None = None,
        first: Callable[[], None] | None = None,
    ) -> None:
        """In the database's own journal: killed at any point, it is the old or the new one."""

        def when_locked() -> None:
            if unchanged_since is not None and self.version() != unchanged_since:
                raise ChangedMeanwhileError
            if first is not None:
                first()

        connection = self._engine.connection
        with (
            self._told("cannot be put back"),
            closing(_connection_to(self._engine.db, path)) as source,
        ):
            # It reads the schema, if that has changed.
            journal = self._engine.patiently(
                lambda: _value(connection, "PRAGMA journal_mode"), waiting
            )
            wal = journal == "wal"
            if wal:
                _refuse_other_pages(source, connection)
            if wal and not self._is_kept():
                self._into_wal(source, waiting, when_locked)
            else:
                self._into_locked(source, waiting, when_locked)

    def _into_locked(self, source: Any, waiting: Waiting, when_locked: Callable[[], None]) -> None:
        """With a rollback journal, or where it does so anyway: the run's own connection keeps the
        file's lock for writing until the copy, which cannot begin inside a transaction.

        https://www.sqlite.org/pragma.html#pragma_locking_mode
        """
        own = self._engine.connection
        with _locks_kept(own):
            self._engine.patiently(lambda: _run(own, "BEGIN IMMEDIATE"), waiting)
            _run(own, "ROLLBACK")
            with _sound_journal(own):
                when_locked()
                _copy(source, own, self._between(waiting))

    def _into_wal(self, source: Any, waiting: Waiting, when_locked: Callable[[], None]) -> None:
        """With a write-ahead log nobody can be shut out who only has it open: a second connection
        takes the write lock with its first page, and keeps it.

        https://www.sqlite.org/wal.html#concurrency
        """
        first = [True]
        between = self._between(waiting)

        def look(error: BaseException | None) -> None:
            between(error)
            if error is None and first[0]:
                first[0] = False
                when_locked()

        if _value(source, "PRAGMA page_count") < 2:
            when_locked()  # an empty database is one page, and there is no step before the last
            first[0] = False
        with closing(_connection_to(self._engine.db, self.file)) as target:
            _copy(source, target, look, pages=1)

    # Both

    def _between(self, waiting: Waiting) -> Callable[[BaseException | None], None]:
        """Called after each step of a copy, with what kept it from being taken."""

        def between(error: BaseException | None) -> None:
            if error is None:
                waiting.over()
            else:
                waiting.pause(lambda: lock.holder(self.file))

        return between

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except (WheatearError, ChangedMeanwhileError):
            raise
        except Exception as error:
            raise BackupError(
                f"{self._engine.url} {what}: {first_line(error)}",
                state="nothing was changed.",
                next=_next(error) or self._engine.remedy(error) or _RIGHTS,
            ) from error


_LOOK = "look whether the database itself is sound: `PRAGMA integrity_check`."
_RIGHTS = "see that this user may write in the folder of the database."


def _next(error: BaseException) -> str | None:
    if "disk is full" in str(error) or "No space left" in str(error):
        return FULL
    if "malformed" in str(error) or "not a database" in str(error):
        return _LOOK
    if lock.is_busy(error):
        return "others are using it: run the command again."
    return None


def _connection_to(db: Any, file: str) -> Any:
    """One that waits where a Ctrl-C reaches it."""
    connection = connection_to(db, file)
    _run(connection, f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    return connection


def _copy(
    source: Any,
    target: Any,
    between: Callable[[BaseException | None], None],
    pages: int = _PAGES,
) -> None:
    """Copy all pages; a step that finds a lock is tried again for as long as `between` allows."""
    if hasattr(type(source), "iterdump"):  # the standard library's, and what is made like it

        def progress(status: int, remaining: int, total: int) -> None:
            del remaining, total
            # https://www.sqlite.org/rescode.html: BUSY and LOCKED
            between(TimeoutError() if status in (5, 6) else None)

        source.backup(target, pages=pages, progress=progress, sleep=0.005)
        return
    with target.backup("main", source, "main") as backup:  # APSW's
        while not backup.done:
            try:
                backup.step(pages)
            except Exception as error:
                if not lock.is_busy(error):
                    raise
                between(error)
            else:
                between(None)


def _damaged(path: str, why: str) -> BackupError:
    return BackupError(
        f"The backup {os.path.basename(path)} is damaged: {why}.",
        state="nothing was changed.",
        next="name another one: `restore` lists all there are.",
    )


def _refuse_damaged(copy: Any, path: str) -> None:
    faults = _faults(copy)
    if faults:
        raise BackupError(
            f"The copy {path} is not sound.",
            where="\n".join(faults),
            state="nothing was changed.",
            next=_LOOK,
        )


def _faults(copy: Any) -> list[str]:
    """https://www.sqlite.org/pragma.html#pragma_quick_check"""
    said = [str(row[0]) for row in _rows(copy, "PRAGMA quick_check(3)")]
    return [] if said == ["ok"] else said


def _refuse_unequal(source: Any, copy: Any) -> None:
    for sql in ("PRAGMA page_count", "SELECT type, name, tbl_name, sql FROM main.sqlite_master"):
        if _rows(source, sql) != _rows(copy, sql) and _rows(source, "PRAGMA page_count")[0][0]:
            raise BackupError(
                "The copy is not what the database is.",
                where=sql,
                state="nothing was changed.",
                next="run the command again.",
            )


def _refuse_other_pages(source: Any, own: Any) -> None:
    """https://www.sqlite.org/pragma.html#pragma_page_size"""
    sizes = [_value(one, "PRAGMA page_size") for one in (source, own)]
    if sizes[0] != sizes[1]:
        raise BackupError(
            f"The backup has pages of {sizes[0]} bytes and the database of {sizes[1]}, which "
            "cannot change in a database with a write-ahead log.",
            state="nothing was changed.",
            next="say `PRAGMA journal_mode = DELETE` while nobody else has it open, then run the "
            "command again.",
        )


@contextmanager
def _locks_kept(connection: Any) -> Iterator[None]:
    """Keep the locks that a transaction takes when it ends, until the block does."""
    before = _value(connection, "PRAGMA main.locking_mode")
    _run(connection, "PRAGMA main.locking_mode = EXCLUSIVE")
    try:
        yield
    finally:
        put_back(lambda: _run(connection, f"PRAGMA main.locking_mode = {before}"))
        put_back(lambda: _read(connection))  # only the next look gives them back


@contextmanager
def _sound_journal(connection: Any) -> Iterator[None]:
    """A journal on the disk, for a process that is killed in the middle."""
    before = _value(connection, "PRAGMA main.journal_mode")
    if before not in _UNSAFE:
        yield
        return
    _run(connection, "PRAGMA main.journal_mode = DELETE")
    try:
        yield
    finally:
        put_back(lambda: _run(connection, f"PRAGMA main.journal_mode = {before}"))


def _read(connection: Any) -> None:
    _run(connection, "SELECT 1 FROM main.sqlite_master LIMIT 1")


def _run(connection: Any, sql: str) -> None:
    _rows(connection, sql)


def _value(connection: Any, sql: str) -> Any:
    return _rows(connection, sql)[0][0]


def _rows(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    try:
        return [tuple(row) for row in cursor.execute(sql)]
    finally:
        cursor.close()


def _sync_folder(folder: str) -> None:
    """So that the copy's name survives a loss of power: https://man7.org/linux/man-pages/man2/fsync.2.html"""
    with suppress(OSError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
