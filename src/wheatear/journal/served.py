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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, ClassVar

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
        return int(self._give("time", _time_ns))

    def random_bytes(self, size: int) -> bytes:
        """As `os.urandom`."""
        again = self._again["bytes"]
        if again and len(again[0]) != 2 * size:  # it takes another path, which will be noticed
            again.clear()
        return bytes.fromhex(self._give("bytes", lambda: _urandom(size).hex()))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """For the block, nothing is served nor kept; `random` goes on from where it was."""
        state = random.getstate()
        with _Serving(None):
            try:
                yield
            finally:
                random.setstate(state)

    @contextmanager
    def serving(self, namespace: dict[str, Any]) -> Iterator[None]:
        """Serve this thread for the block.

        Args:
            namespace: The migration module's: what it has imported by name.
        """
        imported = _imported(namespace)
        state = random.getstate()
        with _Serving(self):
            random.seed(self._seed)
            namespace.update({name: _STAND_INS[id(one)] for name, one in imported.items()})
            try:
                yield
            finally:
                namespace.update(imported)
                random.setstate(state)


class _Serving:
    """Who serves which thread. The stand-ins are in place while anybody is served: several threads
    of one process may each migrate a database of its own.
    """

    _lock = threading.Lock()
    _by_thread: ClassVar[dict[int, list[Served | None]]] = {}

    def __init__(self, served: Served | None) -> None:
        self._served = served

    def __enter__(self) -> None:
        with self._lock:
            if not self._by_thread:
                _put(_SERVED_PLACES)
            self._by_thread.setdefault(threading.get_ident(), []).append(self._served)

    def __exit__(self, *exc_info: object) -> None:
        thread = threading.get_ident()
        with self._lock:
            self._by_thread[thread].pop()
            if not self._by_thread[thread]:
                del self._by_thread[thread]
            if not self._by_thread:
                _put(_PLACES)

    @classmethod
    def here(cls) -> Served | None:
        """Who serves this thread, if anybody does."""
        stack = cls._by_thread.get(threading.get_ident())
        return stack[-1] if stack else None


def _imported(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What a module has imported by name of that which is served; most have nothing."""
    if _STAND_INS.keys().isdisjoint(map(id, namespace.values())):
        return {}
    return {name: one for name, one in namespace.items() if id(one) in _STAND_INS}


def _put(values: Mapping[tuple[ModuleType, str], Any]) -> None:
    for (module, name), value in values.items():
        setattr(module, name, value)


def _served_ns() -> int:
    served = _Serving.here()
    return _time_ns() if served is None or _asked_by_others() else served.nanoseconds()


def _served_time() -> float:
    return _served_ns() / 1e9


def _served_urandom(size: int) -> bytes:
    served = _Serving.here()
    return _urandom(size) if served is None else served.random_bytes(size)


def _asked_by_others() -> bool:
    frame = sys._getframe(2)
    while frame.f_globals.get("__name__") == __name__ and frame.f_back:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__")).partition(".")[0] in _NOT_SERVED


def _seconds() -> float:
    """The time of day as it is served, exact to the microsecond."""
    return _served_ns() // 1000 / 1e6


class _StandIn(type):
    """The class of what stands for a class: it makes and recognises the real one's instances."""

    real: Any

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


class _Moment(dt.datetime, metaclass=_StandIn):
    real = _DATETIME

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return _DATETIME.fromtimestamp(_seconds(), tz)

    @classmethod
    def today(cls) -> Any:
        return _DATETIME.fromtimestamp(_seconds())

    @classmethod
    def utcnow(cls) -> Any:
        return _DATETIME.fromtimestamp(_seconds(), dt.timezone.utc).replace(tzinfo=None)


class _Day(dt.date, metaclass=_StandIn):
    real = _DATE

    @classmethod
    def today(cls) -> Any:
        return _DATE.fromtimestamp(_seconds())


for _class in (_Moment, _Day):
    _class.__name__ = _class.__qualname__ = _class.real.__name__

_PLACES: dict[tuple[ModuleType, str], Any] = {
    (time, "time"): _time,
    (time, "time_ns"): _time_ns,
    (os, "urandom"): _urandom,
    (random, "_urandom"): _urandom,
    (dt, "datetime"): _DATETIME,
    (dt, "date"): _DATE,
}
_STAND_INS: dict[int, Any] = {
    id(_time): _served_time,
    id(_time_ns): _served_ns,
    id(_urandom): _served_urandom,
    id(_DATETIME): _Moment,
    id(_DATE): _Day,
}
_SERVED_PLACES = {place: _STAND_INS[id(real)] for place, real in _PLACES.items()}
