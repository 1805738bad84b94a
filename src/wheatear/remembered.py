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
from typing import Any, NamedTuple, TypeVar

_MANY = 100  # fewer files are read as fast as they are looked up
_NAME = "wheatear-files"
_VERSION = 1
_COARSEST_TICK = 2_000_000_000  # nanoseconds: a FAT file system's

T = TypeVar("T")

_Seen = tuple[int, int, int, int]
"""When it was modified and when its entry was, its size, its inode (stat(2))."""


class _Memory(NamedTuple):
    """Three lists that run in parallel, so that they are compared as a whole."""

    names: list[str]
    seen: list[_Seen | None]
    """None: not to be trusted."""
    made: list[Any]


def remembered(folder: str, names: list[str], work_out: Callable[[str], T]) -> list[T]:
    """Return what `work_out` makes of each file, which may be known from the last time.

    Args:
        folder: The folder.
        names: The files' names in it.
        work_out: Called with a path; returns numbers, texts or tuples of them. It has to be the
            same function each time, and its errors go on to the caller.
    """
    paths = [f"{folder}{os.sep}{name}" for name in names]
    if len(names) < _MANY:
        return [*map(work_out, paths)]
    memory = os.path.join(folder, "__pycache__", _NAME)
    trusted = time.time_ns() - _COARSEST_TICK
    before, seen = _read(memory), _look(paths)
    if (before.names, before.seen) == (names, seen):
        return before.made
    known = {name: (then, what) for name, then, what in zip(*before, strict=True)}
    made: list[T] = []
    for index, (name, now) in enumerate(zip(names, seen, strict=True)):
        then, what = known.get(name, (None, None))
        if now is None or now != then:
            what = work_out(paths[index])
            if now is not None and max(now[:2]) > trusted:
                seen[index] = None
        made.append(what)
    now_known = _Memory(names, seen, made)
    if now_known != before and not sys.dont_write_bytecode:
        _write(memory, now_known)
    return made


def _look(paths: list[str]) -> list[_Seen | None]:
    try:
        return [
            (now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino)
            for now in map(os.stat, paths)
        ]
    except OSError:  # one is gone: whoever works it out will say so
        return [None] * len(paths)


def _write(path: str, memory: _Memory) -> None:
    """Where byte code would be written too."""
    beside = f"{path}.{os.getpid()}"
    with suppress(OSError):  # a folder that nobody may write to
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(beside, "wb") as file:
            marshal.dump((_VERSION, *memory), file)
        os.replace(beside, path)


def _read(path: str) -> _Memory:
    try:
        with open(path, "rb") as file:
            version, *lists = marshal.loads(file.read())  # noqa: S302 - as trusted as byte code
        if version == _VERSION and len({(type(one), len(one)) for one in lists}) == 1:
            return _Memory(*lists)
    except (OSError, ValueError, EOFError, TypeError):
        pass
    return _Memory([], [], [])
