"""SIGKILL before, while and after every call, then `migrate`: as if nothing had happened."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from .crash_cases import CASES
from .crashes import Crashes, kills
from .killing import Calls, Kill

# Of the points; all of them (1) take an hour.
SHARE = float(os.environ.get("WHEATEAR_CRASH_SHARE", "0.06"))
ROUNDS = max(3, round(30 * SHARE))
SEED = int(os.environ.get("WHEATEAR_CRASH_SEED", "7"))
COMMANDS = {"forward": ("migrate",), "backward": ("migrate", "--backward")}
ALL = [(name, engine) for name, case in CASES.items() for engine in case.engines]
QUICK = [("data", "sqlite"), ("add", "mariadb"), ("concurrently", "postgresql")]
each_way = pytest.mark.parametrize("direction", COMMANDS)
each_case = pytest.mark.parametrize(("case", "engine"), ALL)


@pytest.mark.long
@each_case
@each_way
def test_every_point(
    direction: str, case: str, engine: str, new_crashes: Callable[..., Crashes]
) -> None:
    _kill_and_recover(new_crashes(engine, CASES[case]), direction, share=SHARE)


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("case", ["create", "add", "type", "data"])
@each_way
def test_every_point_of_a_transaction(
    direction: str, case: str, engine: str, new_crashes: Callable[..., Crashes]
) -> None:
    _kill_and_recover(new_crashes(engine, CASES[case], atomic=True), direction, share=SHARE)


@pytest.mark.parametrize(("case", "engine"), QUICK)
def test_a_few_points(case: str, engine: str, new_crashes: Callable[..., Crashes]) -> None:
    """On the servers of all tests: to begin one would take longer than this."""
    _kill_and_recover(new_crashes(engine, CASES[case], shared=True), "forward", share=0.03)


@pytest.mark.long
@each_case
def test_killed_again_while_recovering(
    case: str, engine: str, new_crashes: Callable[..., Crashes]
) -> None:
    """At two random points; thirty times, if all points are asked for."""
    crashes = new_crashes(engine, CASES[case])
    crashes.start("forward")
    calls = crashes.calls("migrate")
    expected = crashes.snapshot()
    chance = random.Random(f"{case} {engine}")
    for _ in range(ROUNDS):
        crashes.restore()
        points = []
        for _ in range(2):
            number = chance.randrange(len(calls))
            seconds = calls[number][0]
            when = chance.choice(["before", "while"])
            kill = Kill(number, when, chance.uniform(0, 1.2) * seconds)  # type: ignore[arg-type]
            points.append(kill)
            crashes.run("migrate", calls=Calls(kill))
        ended = crashes.run("migrate")
        assert ended[0] == 0, (points, ended)
        assert crashes.snapshot() == expected, points
        assert crashes.state() == "applied"


def _kill_and_recover(crashes: Crashes, direction: str, share: float) -> None:
    crashes.start(direction)
    calls = crashes.calls(*COMMANDS[direction])
    expected = crashes.snapshot()
    failed, lived = [], 0
    points = list(kills(calls, seed=SEED, share=share))
    for kill in points:
        crashes.restore()
        killed = crashes.run(*COMMANDS[direction], calls=Calls(kill))
        assert killed[0] in {-9, 0}, (kill, killed)
        lived += killed[0] == 0
        ended = crashes.recover(direction)
        if ended[0] != 0 or crashes.snapshot() != expected:
            failed.append((str(kill), calls[kill.call][1], ended, crashes.snapshot()))
    # A backfill counts its rows now and then: a run may have fewer calls than the first one.
    assert lived <= 1 + len(points) // 10
    print(f"{len(points) - len(failed)} of {len(points)} recovered")
    told = "\n".join(map(str, failed[:5]))
    assert not failed, (
        f"{len(points) - len(failed)} of {len(points)} recovered:\n{told}\n{expected}"
    )
