"""Sixteen runners at once, some of them killed: each migration takes effect once."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable

import pytest

from support import reading
from support.forks import Fork
from support.projects import Project

from .killing import Calls, Kill, When, listed, watch

RUNNERS = 16
ROUNDS = int(os.environ.get("WHEATEAR_CRASH_ROUNDS", "50"))
SEED = os.environ.get("WHEATEAR_CRASH_SEED", "7")
NAMES = [f"2026010{number}_000000_m{number}" for number in range(1, 5)]
HEAD = "from migrations_config import db\n\natomic = False\n\n\n"


@pytest.mark.long
def test_many_rounds(engine: str, new_project: Callable[..., Project]) -> None:
    taken_up = _rounds(new_project(engine), engine, ROUNDS)
    print(
        f"in {ROUNDS} rounds {taken_up} migrations were taken up where a killed run had left them"
    )
    assert taken_up > ROUNDS // 10


def test_a_round(engine: str, new_project: Callable[..., Project]) -> None:
    _rounds(new_project(engine), engine, 1)


def _rounds(project: Project, engine: str, rounds: int) -> int:
    """Return how many times a run went on where a killed one had stood."""
    for number, name in enumerate(NAMES, 1):
        project.write(
            f"migrations/{name}.py",
            f"{HEAD}def migrate_forward():\n"
            f"    db.execute_sql('CREATE TABLE t{number} (x INTEGER)')\n"
            f"    db.execute_sql('INSERT INTO log VALUES ({number})')\n"
            f"    db.execute_sql('INSERT INTO log VALUES ({10 * number})')\n\n\n"
            f"def migrate_backward():\n    pass\n",
        )
    chance, taken_up = random.Random(f"{SEED} {engine}"), 0
    _empty(project)
    calls = listed(lambda calls: _begin(project, engine, calls).end())
    for _ in range(rounds):
        _empty(project)
        kills = [_chosen(chance, calls) if number % 2 == 0 else None for number in range(RUNNERS)]
        runs = [_begin(project, engine, kill and Calls(kill)) for kill in kills]
        ended = [run.end() for run in runs]
        told = [one[2].decode() for one in ended if one[0] not in {0, -signal.SIGKILL}]
        assert not told, "\n".join(told)
        last = project.run("migrate")
        said = [*(one[2].decode() for one in ended), last.err]
        taken_up += sum("goes on where it stood" in text for text in said)
        assert last.code == 0, last.err
        found = sorted(x for (x,) in reading.rows(project.url, "log"))
        assert found == [1, 2, 3, 4, 10, 20, 30, 40]
        done = [name for name, _, outcome in reading.history(project.url) if outcome == "done"]
        assert done == NAMES
        assert reading.tables(project.url) == ["log", "t1", "t2", "t3", "t4"]
    return taken_up


def _begin(project: Project, engine: str, calls: Calls | None) -> Fork:
    first = (lambda: watch(calls, engine)) if calls else None
    return Fork(["migrate", "--wait", "60"], project.root, project.environment(), first)


def _chosen(chance: random.Random, calls: list[tuple[float, str]]) -> Kill:
    """Where one dies: at a call of a run that does all the work, or when it has waited as long."""
    number = chance.randrange(len(calls))
    when: When = chance.choice(["before", "while", "while", "after"])
    return Kill(number, when, chance.uniform(0, 1.5) * calls[number][0])


def _empty(project: Project) -> None:
    if reading.exists(project.url):
        names = [*reading.tables(project.url), reading.HISTORY, reading.JOURNAL]
        reading.execute(project.url, *(f"DROP TABLE IF EXISTS {name}" for name in names))
    reading.execute(project.url, "CREATE TABLE log (x INTEGER)")
