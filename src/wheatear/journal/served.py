"""The same time and the same chance for a function that runs a second time.

Each time that it asks, for the time of day or for random bytes (of which uuid4 and secrets make
theirs), what it gets is kept in the journal, and given again, in the same order, when it runs
again. `random` begins with a seed that is kept. Only this thread's questions are served: an
application that embeds a run goes on as ever. A default such as
`DateTimeField(default=datetime.datetime.now)`, which holds the C function itself, is served in the
migration's own models (`served_models.py`). In others it cannot be: the statement then differs, and
the journal notices.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType, new_class
from typing import Any, ClassVar

from wheatear.journal.served_models import put_back, serve_models
from wheatear.journal.served_pickles import pickle_as_ever, pickle_by_name

_DATETIME, _DATE = dt.datetime, dt.date  # the real ones, also while they are replaced
_time, _time_ns, _urandom = time.time, time.time_ns, os.urandom
_localtime, _gmtime, _strftime = time.localtime, time.gmtime, time.strftime
_ctime, _asctime = time.ctime, time.asctime
_RANDOM, _seed, _uuid1 = random.Random, random.seed, uuid.uuid1
# Who writes a log line, or looks at the clock for us, asks for no time of the migration's. Peewee
# asks for a model's default alone, and we for one that an operation is given.
_NOT_SERVED = frozenset({"logging", "wheatear", "pymysql", "psycopg", "psycopg2"})
_CALLS_DEFAULTS = "wheatear.engines.called"


class Served:
    """What was given, and what is to be given again.

    Args:
        seed: For `random`.
        given: What was given the first time, oldest first.
    """

    def __init__(self, seed: int, given: Iterable[Any] = ()) -> None:
        self._seed = seed
        self._again: dict[str, deque[Any]] = {"time": deque(), "bytes": deque(), "uuid": deque()}
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

    def uuid1(self, *args: Any) -> uuid.UUID:
        """As `uuid.uuid1`, which asks the operating system by itself."""
        return uuid.UUID(self._give("uuid", lambda: _uuid1(*args).hex))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """For the block, nothing is served nor kept; `random` goes on from where it was.

        In the block it begins anew: what a backfill makes of it must be no other's, nor come again
        when a later run goes on with it.
        """
        state = random.getstate()
        with _Serving(None):
            try:
                _seed()
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
            _seed(self._seed)
            namespace.update({name: _STAND_INS[id(one)] for name, one in imported.items()})
            held = serve_models(namespace, _stand_in_of)
            try:
                yield
            finally:
                put_back(held)
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
                pickle_by_name()
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
                pickle_as_ever()

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


def _put(values: Mapping[ModuleType, Mapping[str, Any]]) -> None:
    for module, names in values.items():
        module.__dict__.update(names)


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
    name = str(frame.f_globals.get("__name__"))
    return name.partition(".")[0] in _NOT_SERVED and name != _CALLS_DEFAULTS


def _seconds() -> float:
    """The time of day as it is served, exact to the microsecond."""
    return _served_ns() // 1000 / 1e6


def _served_localtime(seconds: float | None = None) -> time.struct_time:
    return _localtime(_served_time() if seconds is None else seconds)


def _served_gmtime(seconds: float | None = None) -> time.struct_time:
    return _gmtime(_served_time() if seconds is None else seconds)


def _served_strftime(form: str, *moment: Any) -> str:
    return _strftime(form, *(moment or (_served_localtime(),)))


def _served_ctime(seconds: float | None = None) -> str:
    return _ctime(_served_time() if seconds is None else seconds)


def _served_asctime(*moment: Any) -> str:
    return _asctime(*(moment or (_served_localtime(),)))


def _served_uuid1(node: int | None = None, clock_seq: int | None = None) -> uuid.UUID:
    served = _Serving.here()
    return _uuid1(node, clock_seq) if served is None else served.uuid1(node, clock_seq)


def _served_seed(a: Any = None, version: int = 2) -> None:
    _seed(_fresh_seed() if a is None else a, version)


def _fresh_seed() -> int | None:
    """In place of what a generator without a seed asks the operating system for."""
    served = _Serving.here()
    if served is None or _asked_by_others():
        return None
    return int.from_bytes(served.random_bytes(_SEED_BYTES), "big")


_SEED_BYTES = 32


class _StandIn(type):
    """The class of what stands for a class: it makes and recognises the real one's instances."""

    real: Any

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any
    ) -> Any:
        """Who derives from it derives from the real one."""
        if not any(isinstance(base, cls) for base in bases):
            return super().__new__(cls, name, bases, namespace, **kwargs)
        real = tuple(base.real if isinstance(base, _StandIn) else base for base in bases)
        return new_class(name, real, kwargs, lambda body: body.update(namespace))

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


class _Unseeded(_StandIn):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if kwargs or (args and args[0] is not None):
            return cls.real(*args, **kwargs)
        return cls.real(_fresh_seed())


class _Chance(random.Random, metaclass=_Unseeded):
    real = _RANDOM


def _stand_in_of(function: Any) -> Any:
    """What is served in place of a function that a default holds, or None."""
    try:
        return _STAND_INS.get(id(function)) or _METHODS.get(function)
    except TypeError:  # it cannot be hashed
        return None


_PLACES: dict[ModuleType, dict[str, Any]] = {
    time: {
        "time": _time,
        "time_ns": _time_ns,
        "localtime": _localtime,
        "gmtime": _gmtime,
        "strftime": _strftime,
        "ctime": _ctime,
        "asctime": _asctime,
    },
    os: {"urandom": _urandom},
    random: {"_urandom": _urandom, "Random": _RANDOM, "seed": _seed},
    uuid: {"uuid1": _uuid1},
    dt: {"datetime": _DATETIME, "date": _DATE},
}
_STAND_INS: dict[int, Any] = {
    id(_time): _served_time,
    id(_time_ns): _served_ns,
    id(_localtime): _served_localtime,
    id(_gmtime): _served_gmtime,
    id(_strftime): _served_strftime,
    id(_ctime): _served_ctime,
    id(_asctime): _served_asctime,
    id(_urandom): _served_urandom,
    id(_RANDOM): _Chance,
    id(_seed): _served_seed,
    id(_uuid1): _served_uuid1,
    id(_DATETIME): _Moment,
    id(_DATE): _Day,
}
_SERVED_PLACES = {
    module: {name: _STAND_INS[id(real)] for name, real in names.items()}
    for module, names in _PLACES.items()
}
for _module, _names in _SERVED_PLACES.items():
    for _name, _stand_in in _names.items():
        if not _name.startswith("_"):  # pickle writes where each is found, which is then the real
            _stand_in.__module__ = _module.__name__
            _stand_in.__name__ = _stand_in.__qualname__ = _name
# Methods are made anew each time that they are asked for, and are equal.
_METHODS = {
    _DATETIME.now: _Moment.now,
    _DATETIME.today: _Moment.today,
    _DATETIME.utcnow: _Moment.utcnow,
    _DATE.today: _Day.today,
}
