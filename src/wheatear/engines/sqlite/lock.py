"""SQLite's write lock, taken with BEGIN IMMEDIATE and seen from outside; and a lock beside the file
for a run that is no one transaction.

https://www.sqlite.org/lockingv3.html, https://www.sqlite.org/wal.html
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

# The bytes a writer locks: RESERVED in a rollback-journal database's file, and the write lock in a
# WAL database's shared memory file (walformat.html, section 2.3).
_RESERVED_BYTE = 0x40000001
_WAL_WRITE_BYTE = 120


def is_busy(error: BaseException) -> bool:
    """Whether SQLite answered SQLITE_BUSY or SQLITE_LOCKED: somebody else is at work."""
    text = str(error).lower()
    return "database is locked" in text or "table is locked" in text or "database is busy" in text


def holder(database: str) -> str:
    """Name the process that holds the write lock, where the system tells (Linux's /proc/locks).

    Nothing is opened: closing a database's file would drop this process's own locks on it.
    """
    for path, byte in ((database, _RESERVED_BYTE), (f"{database}-shm", _WAL_WRITE_BYTE)):
        pid = _locked_by(path, byte)
        if pid:
            return f"process {pid}{_command(pid)}"
    return "another connection to the database"


def _locked_by(path: str, byte: int) -> int | None:
    try:
        inode = os.stat(path).st_ino
        with open("/proc/locks", encoding="ascii") as file:
            locks = file.readlines()
    except OSError:
        return None
    for line in locks:
        words = line.split()  # 1: POSIX  ADVISORY  WRITE 1234 fe:00:5678 120 120
        if "->" in words or len(words) < 8 or words[3] != "WRITE":
            continue
        first, last = words[6], words[7]
        covers = int(first) <= byte and (last == "EOF" or byte <= int(last))
        if covers and words[5].rsplit(":", 1)[-1] == str(inode) and int(words[4]) != os.getpid():
            return int(words[4]) or None
    return None


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            raw = file.read()
    except OSError:
        return ""
    words = [word.decode("utf-8", "replace") for word in raw.split(b"\0") if word]
    if not words:
        return ""
    # Only names: an argument may hold a secret.
    script = next((word for word in words[1:] if word.endswith(".py")), "")
    return f" ({' '.join(os.path.basename(word) for word in (words[0], script) if word)})"


class LockBeside:
    """A file beside the database, locked by the process that runs a migration without transaction.

    The system gives it back when the process ends, however it ends.

    Args:
        database: The database's file.
    """

    def __init__(self, database: str) -> None:
        self._path = f"{database}-wheatear"
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take it, unless another process holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Between opening and locking, its last holder may have removed the file.
            if _lock(descriptor) and _is_at(descriptor, self._path):
                self._descriptor = descriptor
        finally:
            if self._descriptor is None:  # a lock that nobody gives back is the whole process's
                os.close(descriptor)
        if self._descriptor is None:
            return False
        with suppress(OSError):  # who it is is good to know; a full disk has no room for it
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()}".encode())
        return True

    def give_back(self) -> None:
        """Give it back, and leave no file."""
        if self._descriptor is not None:
            os.unlink(self._path)
            os.close(self._descriptor)
            self._descriptor = None

    def is_held_elsewhere(self) -> bool:
        """Whether another process holds it."""
        if self._descriptor is not None:
            return False
        try:
            descriptor = os.open(self._path, os.O_RDWR)
        except OSError:
            return False
        try:
            return not _lock(descriptor)
        finally:
            os.close(descriptor)

    def holder(self) -> str:
        """Name the process that holds it."""
        try:
            with open(self._path, encoding="utf-8") as file:
                return file.read() or "another run of migrations"
        except OSError:
            return "another run of migrations"


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False


def _lock(descriptor: int) -> bool:
    """https://man7.org/linux/man-pages/man2/flock.2.html; on Windows, a byte of the file."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
