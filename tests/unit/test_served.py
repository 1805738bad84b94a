"""The same time and chance again, for the thread that is served and for no other."""
# ruff: noqa: DTZ001, DTZ005, DTZ011 - as migrations ask

from __future__ import annotations

import datetime as dt
import os
import random
import threading
import time
import uuid
from typing import Any

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


def test_a_pause_takes_no_chance_of_the_migrations() -> None:
    with Served(7).serving({}):
        expected = random.getstate()
        assert 0.5 <= jittered(1.0) <= 1.5
        assert random.getstate() == expected
