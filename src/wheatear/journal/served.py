"""The same time and the same chance for a function that runs a second time.

Each time that it asks, for the time of day or for random bytes (of which uuid4 and secrets make
theirs), what it gets is kept in the journal, and given again, in the same order, when it runs
again. `random` begins with a seed that is kept. Only this thread's questions are served: an
application that embeds a run goes on as ever. A default such as
`DateTimeField(default=datetime.datetime.now)`, which holds the C function itself, cannot be served:
the statement then differs, and the journal notices.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_DATETIME, _DATE = dt.datetime, dt.date  # the real ones, also while they are replaced
_time, _time_ns, _urandom = time.time, time.time_ns, os.urandom
# Who writes a log line, or looks at the clock for us, asks for no time of the migration's.
_NOT_SERVED = frozenset({"logging", "wheatear", "peewee", "pymysql", "psycopg", "psycopg2"})


class Served:
    """What was given, and what is to be given again.

    Args:
        seed: For `random`.
        given: What was given the first time, oldest first.
    """

    def __init__(self, seed: int, given: Iterable[Any] = ()) -> None:
        self._seed = seed
        self._again: dict[str, deque[Any]] = {"time": deque(), "bytes": deque()}
        for kind, value in given:
            self._again[kind].append(value)
        self._new: list[Any] = []
        self._thread: int | None = threading.get_ident()

    def take(self) -> list[Any]:
        """What was given since the last time this was asked, to be kept."""
        new, self._new = self._new, []
        return new

    def _give(self, kind: str, fresh: Callable[[], Any]) -> Any:
        if self._again[kind]:
            return self._again[kind].popleft()
        value = fresh()
        self._new.append([kind, value])
        return value

    def nanoseconds(self) -> int:
        """The time of day."""
        if threading.get_ident() != self._thread or _asked_by_others():
            return _time_ns()
        return int(self._give("time", _time_ns))

    def random_bytes(self, size: int) -> bytes:
        """As `os.urandom`."""
        if threading.get_ident() != self._thread:
            return _urandom(size)
        again = self._again["bytes"]
        if again and len(again[0]) != 2 * size:  # it takes another path, which will be noticed
            again.clear()
        return bytes.fromhex(self._give("bytes", lambda: _urandom(size).hex()))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """For the block, nothing is served nor kept; `random` goes on from where it was."""
        thread, self._thread = self._thread, None
        state = random.getstate()
        try:
            yield
        finally:
            random.setstate(state)
            self._thread = thread

    @contextmanager
    def serving(self, namespace: dict[str, Any]) -> Iterator[None]:
        """Serve for the block.

        Args:
            namespace: The migration module's: what it has imported by name.
        """
        moment, day = _clocks(self)
        served = {
            id(_time): lambda: self.nanoseconds() / 1e9,
            id(_time_ns): self.nanoseconds,
            id(_urandom): self.random_bytes,
            id(_DATETIME): moment,
            id(_DATE): day,
        }
        places: list[tuple[dict[str, Any], str]] = [
            (vars(time), "time"),
            (vars(time), "time_ns"),
            (vars(os), "urandom"),
            (vars(random), "_urandom"),
            (vars(dt), "datetime"),
            (vars(dt), "date"),
        ]
        places += [(namespace, name) for name, value in namespace.items() if id(value) in served]
        before = [(where, name, where[name]) for where, name in places if name in where]
        state = random.getstate()
        random.seed(self._seed)
        for where, name, value in before:
            where[name] = served[id(value)]
        try:
            yield
        finally:
            for where, name, value in before:
                where[name] = value
            random.setstate(state)


def _asked_by_others() -> bool:
    frame = sys._getframe(2)
    while frame.f_globals.get("__name__") == __name__ and frame.f_back:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__")).partition(".")[0] in _NOT_SERVED


class _StandIn(type):
    """The class of what stands for a class: it makes and recognises the real one's instances."""

    real: Any
    nanoseconds: Callable[[], int]

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.real)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.real)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.real(*args, **kwargs)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls.real

    def __hash__(cls) -> int:
        return hash(cls.real)

    def seconds(cls) -> float:
        """The time of day as it is served, exact to the microsecond."""
        return cls.nanoseconds() // 1000 / 1e6


class _Moment(dt.datetime, metaclass=_StandIn):
    real = _DATETIME

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return _DATETIME.fromtimestamp(cls.seconds(), tz)

    @classmethod
    def today(cls) -> Any:
        return _DATETIME.fromtimestamp(cls.seconds())

    @classmethod
    def utcnow(cls) -> Any:
        return _DATETIME.fromtimestamp(cls.seconds(), dt.timezone.utc).replace(tzinfo=None)


class _Day(dt.date, metaclass=_StandIn):
    real = _DATE

    @classmethod
    def today(cls) -> Any:
        return _DATE.fromtimestamp(cls.seconds())


def _clocks(served: Served) -> tuple[type, type]:
    """Stand-ins for `datetime.datetime` and `datetime.date` whose now and today are served."""
    parts = {"nanoseconds": staticmethod(served.nanoseconds)}
    return (
        _StandIn("datetime", (_Moment,), {**parts, "__module__": __name__}),
        _StandIn("date", (_Day,), {**parts, "__module__": __name__}),
    )
