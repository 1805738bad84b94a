"""What a migration file is known by, and what is known from the last time it was read.

A run that finds nothing to do would spend most of its own time on reading files that it read the
last time. As with Python's byte code, what is known of them lies in `__pycache__` beside them; as
with git's index, a file counts as unchanged while its size, its times and its place on the disk are
the same, and is not trusted if it was younger than a clock's tick when it was read.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import time
from contextlib import suppress

_MANY = 100  # fewer files are read as fast as they are looked up
_NAME = "wheatear-checksums"
_VERSION = 1
_COARSEST_TICK = 2_000_000_000  # nanoseconds: a FAT file system's
_BLOCK = 1 << 16
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_BOM = b"\xef\xbb\xbf"

_Seen = tuple[int, int, int, int]
"""When it was modified and when its entry was, its size, its inode (stat(2))."""


class Checksums:
    """The checksums of one folder's files.

    Args:
        folder: The folder.
        files: How many of them will be asked for.
    """

    def __init__(self, folder: str, files: int) -> None:
        self._path = os.path.join(folder, "__pycache__", _NAME)
        self._many = files >= _MANY
        self._trusted = time.time_ns() - _COARSEST_TICK
        self._known: dict[str, tuple[_Seen, str]] = self._read() if self._many else {}
        self._found: dict[str, tuple[_Seen, str]] = {}

    def of(self, path: str) -> str:
        """Return a file's checksum.

        Raises:
            OSError: It cannot be read.
        """
        if not self._many:
            return checksum_of(read(path))
        status = os.stat(path)
        seen = status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
        known = self._known.get(path)
        if known is None or known[0] != seen:
            known = seen, checksum_of(read(path))
            if seen[0] > self._trusted or seen[1] > self._trusted:
                return known[1]
        self._found[path] = known
        return known[1]

    def keep(self) -> None:
        """Write what is known for the next run, where byte code would be written too."""
        if not self._many or self._found == self._known or sys.dont_write_bytecode:
            return
        beside = f"{self._path}.{os.getpid()}"
        with suppress(OSError):  # a folder that nobody may write to
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            with open(beside, "wb") as file:
                marshal.dump((_VERSION, self._found), file)
            os.replace(beside, self._path)

    def _read(self) -> dict[str, tuple[_Seen, str]]:
        try:
            with open(self._path, "rb") as file:
                version, known = marshal.loads(file.read())  # noqa: S302 - as trusted as byte code
        except (OSError, ValueError, EOFError, TypeError):
            return {}
        return known if version == _VERSION and isinstance(known, dict) else {}


def checksum_of(raw: bytes) -> str:
    """SHA-256 of a file's text, whatever system saved it: no BOM, no carriage returns."""
    if b"\r" in raw or raw.startswith(_BOM):
        raw = raw.removeprefix(_BOM).replace(b"\r", b"")
    return hashlib.sha256(raw).hexdigest()


def read(path: str) -> bytes:
    """Return what is in a file: system calls, and mostly one read.

    Raises:
        OSError: It cannot be read.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        raw = os.read(descriptor, _BLOCK)
        if len(raw) == _BLOCK:
            with open(descriptor, "rb", closefd=False) as rest:
                raw += rest.read()
    finally:
        os.close(descriptor)
    return raw
