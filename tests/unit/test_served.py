"""The same time and chance again, for the thread that is served and for no other."""
# ruff: noqa: DTZ001, DTZ005, DTZ011 - as migrations ask

from __future__ import annotations

import copy
import copyreg
import datetime as dt
import io
import os
import pickle
import random
import threading
import time
import uuid
from typing import Any

import pytest

from wheatear.engines.waiting import jittered
from wheatear.journal.served import Served

REAL = (time.time, time.time_ns, os.urandom, dt.datetime, dt.date)


def now_in_place() -> tuple[Any, ...]:
    return (time.time, time.time_ns, os.urandom, dt.datetime, dt.date)


def asked() -> list[Any]:
    return [
        time.time(),
        dt.datetime.now(),
        dt.date.today(),
        dt.datetime.now(dt.timezone.utc),
        uuid.uuid4(),
        random.random(),
        os.urandom(3),
    ]


def test_what_was_given_is_given_again() -> None:
    first = Served(7)
    with first.serving({}):
        before = asked()
    with Served(7, first.take()).serving({}):
        assert asked() == before
        assert asked() != before
    assert now_in_place() == REAL


def test_what_a_module_has_imported_by_name_is_served() -> None:
    namespace = {"now": time.time, "datetime": dt.datetime, "other": 1}
    first = Served(7)
    with first.serving(namespace):
        before = (namespace["now"](), namespace["datetime"].now())
        assert isinstance(before[1], namespace["datetime"])
        assert namespace["datetime"](2026, 1, 2) == dt.datetime(2026, 1, 2)
    with Served(7, first.take()).serving(namespace):
        assert (namespace["now"](), namespace["datetime"].now()) == before
    assert namespace == {"now": REAL[0], "datetime": REAL[3], "other": 1}


def test_aside_nothing_is_kept() -> None:
    served = Served(7)
    with served.serving({}):
        time.time()
        with served.aside():
            asked()
        kept = served.take()
    assert len(kept) == 1


def test_aside_chance_is_nobodys() -> None:
    """And the migration's own goes on behind it."""
    with Served(7).serving({}):
        expected = [random.random(), random.random()]
    found = []
    for _ in range(2):
        served = Served(7)
        with served.serving({}):
            found.append(random.random())
            for _ in range(2):
                with served.aside():
                    found.append(random.random())
            found.append(random.random())
    assert [found[at] for at in (0, 3, 4, 7)] == expected * 2
    assert len(set(found)) == 6


def test_another_thread_is_not_served() -> None:
    served, found = Served(7, [["time", 5_000_000_000]]), []
    with served.serving({}):
        other = threading.Thread(target=lambda: found.append(time.time()))
        other.start()
        other.join()
        assert time.time() == 5.0
    assert found[0] > 1e9


def test_threads_that_overlap_leave_the_real_ones_in_place() -> None:
    both_are_in, first_is_out = threading.Barrier(2), threading.Event()
    found: dict[str, list[Any]] = {}

    def first() -> None:
        with Served(1, [["time", 1_000_000_000]]).serving({}):
            both_are_in.wait()
            found["first"] = [time.time()]
        first_is_out.set()

    def second() -> None:
        with Served(2, [["time", 2_000_000_000]]).serving({}):
            both_are_in.wait()
            first_is_out.wait()
            found["second"] = [time.time()]

    threads = [threading.Thread(target=one) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"first": [1.0], "second": [2.0]}
    assert now_in_place() == REAL


def test_who_derives_from_a_stand_in_has_the_real_one() -> None:
    with Served(7).serving({}):

        class Moment(dt.datetime):
            def later(self) -> dt.datetime:
                return self.replace(year=self.year + 1)

        class Chance(random.Random):
            def __init__(self) -> None:
                super().__init__(3)

        assert Moment(2026, 1, 2).later() == dt.datetime(2027, 1, 2)
        assert type(Moment(2026, 1, 2)) is Moment
        assert Chance().random() == random.Random(3).random()
    assert issubclass(Moment, REAL[3])


def test_a_generator_with_a_seed_is_not_touched() -> None:
    expected = random.Random(5).random()
    with Served(7).serving({}):
        assert random.Random(5).random() == random.Random(x=5).random() == expected
        assert isinstance(random.Random(5), random.Random)
        assert isinstance(random.SystemRandom(), random.Random)


BERLIN = dt.timezone(dt.timedelta(hours=1))
PICKLED = [
    dt.datetime(2026, 1, 2, 3, 4, 5, 6, BERLIN),
    dt.datetime(2026, 10, 25, 2, 30, fold=1),
    dt.date(2026, 1, 2),
    random.Random(3),
]


def pickled() -> list[bytes]:
    every = range(pickle.HIGHEST_PROTOCOL + 1)
    return [pickle.dumps([one, one], protocol) for one in PICKLED for protocol in every]


class Reader(pickle.Unpickler):
    """Notes the names that it is to find."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.names: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.names.add((module, name))
        return super().find_class(module, name)


def read(pickles: list[bytes]) -> list[tuple[Any, ...]]:
    """The type and the value that each holds, and the names in it."""
    readers = [*map(Reader, pickles)]
    values = [reader.load()[0] for reader in readers]
    return [(*plain(one), reader.names) for one, reader in zip(values, readers, strict=True)]


def plain(value: Any) -> tuple[type, Any]:
    return type(value), value.getstate() if isinstance(value, random.Random) else value


def test_what_is_pickled_is_the_same() -> None:
    """By any thread, and read then and now."""
    before, registered = pickled(), dict(copyreg.dispatch_table)
    expected, found = read(before), []
    with Served(7).serving({}):
        other = threading.Thread(target=lambda: found.append(pickled()))
        other.start()
        other.join()
        found.append(pickled())
        assert read(before) == read(found[0]) == expected
        copied = copy.deepcopy(PICKLED)
    assert [*map(read, found)] == [expected, expected]
    assert [*map(plain, copied)] == [*map(plain, PICKLED)]
    assert copyreg.dispatch_table == registered


def test_what_is_pickled_by_python_itself() -> None:
    file = io.BytesIO()
    with Served(7).serving({}):
        pickle._Pickler(file).dump([dt.datetime, *PICKLED])  # type: ignore[attr-defined]
    found = pickle.loads(file.getvalue())
    assert [*map(plain, found)] == [*map(plain, [REAL[3], *PICKLED])]


def test_what_is_served_is_pickled_as_the_real_one() -> None:
    with Served(7).serving({}):
        asked = [dt.datetime, dt.date, random.Random, time.time, os.urandom, uuid.uuid1]
        found = pickle.dumps(asked)
        assert pickle.loads(found) == asked
    assert pickle.loads(found) == [REAL[3], REAL[4], *(random.Random, REAL[0], REAL[2], uuid.uuid1)]


def test_how_an_application_pickles_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(copyreg.dispatch_table, dt.date, lambda day: (int, (day.year,)))
    with Served(7).serving({}):
        assert pickle.loads(pickle.dumps(dt.date(2026, 1, 2))) == 2026
    assert pickle.loads(pickle.dumps(dt.date(2026, 1, 2))) == 2026


def test_a_pause_takes_no_chance_of_the_migrations() -> None:
    with Served(7).serving({}):
        expected = random.getstate()
        assert 0.5 <= jittered(1.0) <= 1.5
        assert random.getstate() == expected
