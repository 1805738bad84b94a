"""Whether a migrator's operation is at work: what it writes is its own business, not the user's.
And which operations a migration has made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_depth: ContextVar[int] = ContextVar("wheatear_operating", default=0)


def is_operating() -> bool:
    """Whether a statement that is sent now is an operation's."""
    return bool(_depth.get())


@contextmanager
def operating() -> Iterator[None]:
    """For the block, an operation is at work."""
    token = _depth.set(_depth.get() + 1)
    try:
        yield
    finally:
        _depth.reset(token)


_rebuilding: ContextVar[bool] = ContextVar("wheatear_rebuilding", default=False)


def is_rebuilding() -> bool:
    """Whether a table is dropped whose rows are all in the one that takes its place."""
    return _rebuilding.get()


@contextmanager
def rebuilding() -> Iterator[None]:
    """For the block, what is dropped has a copy."""
    token = _rebuilding.set(True)
    try:
        yield
    finally:
        _rebuilding.reset(token)


_made: ContextVar[list[Any] | None] = ContextVar("wheatear_made", default=None)


def note(operation: Any) -> None:
    """An operation was made; as a rule `migrate()` is given it next."""
    made = _made.get()
    if made is not None:
        made.append(operation)


@contextmanager
def noting() -> Iterator[list[Any]]:
    """For the block, note the operations that are made.

    Yields:
        Them, growing.
    """
    made: list[Any] = []
    token = _made.set(made)
    try:
        yield made
    finally:
        _made.reset(token)
