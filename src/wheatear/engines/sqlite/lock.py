"""SQLite's write lock: taken with BEGIN IMMEDIATE, and seen from outside.

https://www.sqlite.org/lockingv3.html, https://www.sqlite.org/wal.html
"""

from __future__ import annotations

import os

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
