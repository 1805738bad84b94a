"""A derived way back that is killed leaves all of itself or nothing, where DDL is transactional;
elsewhere `migrate` finishes it.
"""

from __future__ import annotations

import os
import signal

import pytest

from support import reading
from support.forks import CAN_FORK
from support.projects import CONFIG, Project
from support.undone import FIRST, NEXT, differences, in_process, schema_of, without_backward

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="no forks here")

TEAM = """
db.execute_sql('CREATE TABLE team (id INTEGER PRIMARY KEY, name VARCHAR(40), city VARCHAR(40))')
db.execute_sql('CREATE TABLE ground (id INTEGER PRIMARY KEY, name VARCHAR(40))')
db.execute_sql("INSERT INTO team VALUES (1, 'Reds', 'Rome'), (2, 'Blues', NULL)")
db.execute_sql("INSERT INTO ground VALUES (1, 'Park')")
"""
MANY = """
migrate(
    migrator.rename_column('team', 'name', 'title'),
    migrator.drop_column('team', 'city'),
    migrator.add_index('team', ('title',), True),
    migrator.rename_table('team', 'club'),
    migrator.drop_table('ground'),
)
"""


def run_until(project: Project, statements: int) -> bool:
    """Revert in a process that kills itself after so many statements; whether it got so far."""
    child = os.fork()
    if child == 0:
        left = [statements]

        def echo(_: object) -> None:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            in_process(project).migrate(backward=True, echo=echo, yes=True)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_all_or_nothing(project: Project) -> None:
    project.write("migrations_config.py", f"{CONFIG}keep_dropped = True\n")
    project.migration(FIRST, TEAM)
    in_process(project).migrate()
    _, before = schema_of(project)
    rows = reading.rows(project.url, "team"), reading.rows(project.url, "ground")
    without_backward(project, NEXT, MANY)
    in_process(project, keep_dropped=True).migrate()
    _, there = schema_of(project)
    killed = 0
    for point in (*range(1, 12), *range(12, 60, 7)):
        if not run_until(project, point):
            break
        killed += 1
        assert differences(there, project) == (), point
        assert reading.history(project.url)[-1] == (NEXT, "forward", "done")
    else:
        in_process(project).migrate(backward=True)
    assert killed > 10
    assert differences(before, project) == ()
    assert (reading.rows(project.url, "team"), reading.rows(project.url, "ground")) == rows


@pytest.mark.long
@pytest.mark.parametrize("engine", ["mariadb"])
def test_finished_by_the_next_run(project_in_memory: Project) -> None:
    project = project_in_memory
    project.migration(FIRST, TEAM)
    in_process(project).migrate()
    _, before = schema_of(project)
    rows = reading.rows(project.url, "team"), reading.rows(project.url, "ground")
    path = without_backward(project, NEXT, MANY)
    text = path.read_text()
    finished = 0
    for point in (*range(1, 90, 3),):
        path.write_text(text)
        in_process(project, keep_dropped=True).migrate()
        path.unlink()
        was_killed = run_until(project, point)
        if in_process(project).status().names("interrupted"):
            finished += 1
            in_process(project).migrate()
        elif was_killed:  # before it had changed anything
            in_process(project).migrate(backward=True, yes=True)
        assert differences(before, project) == (), point
        assert reading.history(project.url)[-1] == (NEXT, "backward", "done")
        assert (reading.rows(project.url, "team"), reading.rows(project.url, "ground")) == rows
        if not was_killed:
            break
    assert finished > 5
