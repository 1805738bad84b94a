"""The threads of a migration: the one that runs it, and those that it starts.

What they must not do, others may: an application goes on while one of its threads migrates, with
the same database object.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

_lock = threading.Lock()
_migrating: list[int] = []
_started: WeakSet[threading.Thread] = WeakSet()
_real: list[Any] = []
"""What starts a thread, while it is replaced."""


def is_of_a_migration() -> bool:
    """Whether a migration runs on this thread, or has started it."""
    return threading.get_ident() in _migrating or threading.current_thread() in _started


def _start_and_note(thread: threading.Thread) -> None:
    """In place of `Thread.start`, which tells nobody who has called it."""
    if is_of_a_migration():
        _started.add(thread)
    (_real[-1] if _real else threading.Thread.start)(thread)


@contextmanager
def migrating() -> Iterator[None]:
    """For the block a migration runs on this thread."""
    ident = threading.get_ident()
    with _lock:
        if not _migrating:
            _real.append(threading.Thread.start)
            threading.Thread.start = _start_and_note  # type: ignore[assignment]
        _migrating.append(ident)
    try:
        yield
    finally:
        with _lock:
            _migrating.remove(ident)
            if not _migrating:
                threading.Thread.start = _real.pop()  # type: ignore[method-assign]
