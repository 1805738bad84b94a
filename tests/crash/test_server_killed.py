"""The server killed in the middle of a run and started again; then `migrate`.

The run itself lives on, is told that the server is gone, and ends by itself.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.servers import Server, running_server

from .crash_cases import CASES
from .crashes import Crashes
from .killing import Calls, Kill, When

SEED = os.environ.get("WHEATEAR_CRASH_SEED", "7")
POINTS = int(os.environ.get("WHEATEAR_CRASH_RESTARTS", "2"))
"""Kills of a server for each case and direction."""
COMMANDS = {"forward": ("migrate",), "backward": ("migrate", "--backward")}
ALL = [
    (engine, name, False)
    for engine in ("mariadb", "postgresql")
    for name, case in CASES.items()
    if engine in case.engines
]
ALL += [("postgresql", name, True) for name in ("create", "type", "data", "backfill")]
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    """Each engine's, begun when it is first asked for."""
    with ExitStack() as stack:
        yield _Servers(stack)


class _Servers(dict[str, Server]):
    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, engine: str) -> Server:
        self[engine] = self._stack.enter_context(running_server(engine))
        return self[engine]


@pytest.mark.parametrize("direction", COMMANDS)
@pytest.mark.parametrize(("engine", "case", "atomic"), ALL)
def test_recovers(
    engine: str, case: str, atomic: bool, direction: str, servers: dict[str, Server], tmp_path: Path
) -> None:
    server = servers[engine]
    crashes = Crashes(
        engine, CASES[case], atomic=atomic, folder=tmp_path, server=server.url(server.home)
    )
    crashes.start(direction)
    calls = crashes.calls(*COMMANDS[direction])
    expected = crashes.snapshot()
    chance = random.Random(f"{SEED} {engine} {case} {atomic} {direction}")
    failed = []
    for at in range(POINTS):
        crashes.restore()
        kill = _kill(calls, chance, at)
        struck = crashes.run(*COMMANDS[direction], calls=Calls(kill, strike=server.strike))
        server.kill()
        server.start()
        ended = crashes.recover(direction)
        found = crashes.snapshot()
        if ended[0] != 0 or found != expected or "Traceback" in struck[2]:
            failed.append((str(kill), calls[kill.call][1], struck, ended, found))
    crashes.close()
    told = "\n".join(map(str, failed))
    print(f"{POINTS - len(failed)} of {POINTS} recovered")
    assert not failed, f"{POINTS - len(failed)} of {POINTS} recovered:\n{told}\n{expected}"


def _kill(calls: list[tuple[float, str]], chance: random.Random, at: int) -> Kill:
    """One in each of as many parts of the run."""
    number = min(int(len(calls) * (at + chance.random()) / POINTS), len(calls) - 1)
    when: When = chance.choice(["before", "while", "while", "after"])
    return Kill(number, when, chance.uniform(0, 1.2) * calls[number][0])
