"""What was worked out of each file of a folder the last time, while the files are the same.

A run that finds nothing to do would spend most of its own time on reading files that it read the
last time. As with Python's byte code, what is known of them lies in `__pycache__` beside them; as
with git's index, a file counts as unchanged while its size, its times and its place on the disk are
the same, and is not trusted if it was younger than a clock's tick when it was read.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_MANY = 100  # fewer files are read as fast as they are looked up
_NAME = "wheatear-files"
_VERSION = 1
_COARSEST_TICK = 2_000_000_000  # nanoseconds: a FAT file system's

_Known = tuple[int, int, int, int, Any]
"""When it was modified and when its entry was, its size, its inode (stat(2)), and what is known."""


class Remembered:
    """What is known of one folder's files.

    Args:
        folder: The folder.
        files: How many of them will be asked for.
    """

    def __init__(self, folder: str, files: int) -> None:
        self._path = os.path.join(folder, "__pycache__", _NAME)
        self._many = files >= _MANY
        self._trusted = time.time_ns() - _COARSEST_TICK
        self._known: dict[str, _Known] = self._read() if self._many else {}
        self._found: dict[str, _Known] = {}

    def of(self, path: str, work_out: Callable[[str], Any]) -> Any:
        """Return what `work_out` makes of a file, which may be known from the last time.

        Args:
            path: The file.
            work_out: Called with the path; returns numbers, texts or tuples of them, and has to be
                the same function for all files.

        Raises:
            OSError: It cannot be read.
        """
        if not self._many:
            return work_out(path)
        now = os.stat(path)
        known = self._known.get(path)
        seen = now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino
        if known is None or known[:4] != seen:
            known = (*seen, work_out(path))
            if seen[0] > self._trusted or seen[1] > self._trusted:
                return known[4]
        self._found[path] = known
        return known[4]

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

    def _read(self) -> dict[str, _Known]:
        try:
            with open(self._path, "rb") as file:
                version, known = marshal.loads(file.read())  # noqa: S302 - as trusted as byte code
        except (OSError, ValueError, EOFError, TypeError):
            return {}
        return known if version == _VERSION and isinstance(known, dict) else {}
