"""Sixteen runners at once, some of them killed: each migration takes effect once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

import pytest

from support import reading
from support.projects import Project

RUNNERS = 16
NAMES = [f"2026010{number}_000000_m{number}" for number in range(1, 5)]
HEAD = "from migrations_config import db\n\natomic = False\n\n\n"


@pytest.mark.long
def test_many_rounds(engine: str, new_project: Callable[..., Project]) -> None:
    """Fifty, if all points of the crash suite are asked for."""
    share = float(os.environ.get("WHEATEAR_CRASH_SHARE", "0.1"))
    _rounds(new_project(engine), engine, round(50 * share))


def test_a_round(engine: str, new_project: Callable[..., Project]) -> None:
    _rounds(new_project(engine), engine, 1)


def _rounds(project: Project, engine: str, rounds: int) -> None:
    for number, name in enumerate(NAMES, 1):
        project.write(
            f"migrations/{name}.py",
            f"{HEAD}def migrate_forward():\n"
            f"    db.execute_sql('CREATE TABLE t{number} (x INTEGER)')\n"
            f"    db.execute_sql('INSERT INTO log VALUES ({number})')\n"
            f"    db.execute_sql('INSERT INTO log VALUES ({10 * number})')\n\n\n"
            f"def migrate_backward():\n    pass\n",
        )
    chance = random.Random(engine)
    for _ in range(rounds):
        _empty(project)
        runs = [project.fork("migrate", "--wait", "60") for _ in range(RUNNERS)]
        doomed = chance.sample(runs, RUNNERS // 2)
        for run in doomed:
            time.sleep(chance.uniform(0, 0.05))
            os.kill(run._pid, signal.SIGKILL)
        ended = [run.end() for run in runs]
        told = [one[2] for one in ended if one[0] not in {0, -signal.SIGKILL}]
        assert not told, b"\n".join(told).decode()
        last = project.run("migrate")
        assert last.code == 0, last.err
        found = sorted(x for (x,) in reading.rows(project.url, "log"))
        assert found == [1, 2, 3, 4, 10, 20, 30, 40]
        done = [name for name, _, outcome in reading.history(project.url) if outcome == "done"]
        assert done == NAMES
        assert reading.tables(project.url) == ["log", "t1", "t2", "t3", "t4"]


def _empty(project: Project) -> None:
    if reading.exists(project.url):
        names = [*reading.tables(project.url), reading.HISTORY, reading.JOURNAL]
        reading.execute(project.url, *(f"DROP TABLE IF EXISTS {name}" for name in names))
    reading.execute(project.url, "CREATE TABLE log (x INTEGER)")
