"""Random migrations, killed wherever it strikes, once or more often: as if nothing had happened."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from .crashes import Crashes
from .killing import Calls, Kill, When
from .random_migrations import Writer

ROUNDS = int(os.environ.get("WHEATEAR_CRASH_RANDOM", "8"))
SEED = int(os.environ.get("WHEATEAR_CRASH_SEED", "7"))
PARTS = 4
_KILLS = 6
"""Of each round's migrations."""


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_random_migrations(engine: str, part: int, new_crashes: Callable[..., Crashes]) -> None:
    kills = 0
    for number in range(part, ROUNDS, PARTS):
        seed = f"{SEED} {engine} {number}"
        atomic = engine == "sqlite" and random.Random(seed).random() < 0.2
        crashes = new_crashes(engine, Writer(engine, seed).case(), atomic=atomic)
        kills += _round(crashes, seed)
    print(f"killed {kills} times, and recovered")
    assert kills > 0


def _round(crashes: Crashes, seed: str) -> int:
    crashes.start("forward")
    calls = crashes.calls("migrate")
    expected = crashes.snapshot()
    chance = random.Random(seed)
    killed = 0
    for _ in range(_KILLS):
        crashes.restore()
        told = []
        for _ in range(chance.choice([1, 1, 2, 3])):
            kill = _kill(calls, chance)
            ended = crashes.run("migrate", calls=Calls(kill))
            assert ended[0] in {-9, 0}, (seed, told, str(kill), ended)
            killed += ended[0] == -9
            told.append((str(kill), calls[kill.call][1], ended))
        ended = crashes.run("migrate")
        assert ended[0] == 0, (seed, told, ended)
        assert crashes.snapshot() == expected, (seed, told)
        assert crashes.state() == "applied", (seed, told)
    return killed


def _kill(calls: list[tuple[float, str]], chance: random.Random) -> Kill:
    number = chance.randrange(len(calls))
    when: When = chance.choice(["before", "while", "while", "after"])
    return Kill(number, when, chance.uniform(0, 1.2) * calls[number][0])
