"""Many runners at once: each migration runs once, and nobody fails."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from support import reading
from support.projects import CONFIG, Ended, Project, Running, wait_for

WAL = CONFIG.replace('["DATABASE_URL"])', '["DATABASE_URL"], pragmas={"journal_mode": "wal"})')
SET_UPS = {
    "sqlite": ("sqlite", CONFIG),
    "sqlite, WAL": ("sqlite", WAL),
    "postgresql": ("postgresql", CONFIG),
    "mariadb": ("mariadb", CONFIG),
}
NAMES = [f"2026010{number}_000000_add_t{number}" for number in (1, 2, 3)]

NewProject = Callable[..., Project]


@pytest.fixture(params=SET_UPS)
def racing(request: pytest.FixtureRequest, new_project: NewProject) -> Callable[[], Project]:
    """Makes projects with three migrations that each create a table and insert a row."""
    engine, config = SET_UPS[request.param]

    def make() -> Project:
        project = new_project(engine, config)
        for number, name in enumerate(NAMES, 1):
            project.migration(
                name,
                f"db.execute_sql('CREATE TABLE t{number} (x INTEGER)')\n"
                f"db.execute_sql('INSERT INTO t{number} VALUES ({number})')",
                f"db.execute_sql('DROP TABLE t{number}')",
            )
        return project

    return make


def race(*runners: tuple[Project, int], forked: bool = False) -> list[list[Ended]]:
    """Start so many processes on each project at once; return how those of each ended."""
    turns = [
        (index, project.fork("migrate") if forked else project.start("migrate"))
        for turn in range(max(count for _, count in runners))
        for index, (project, count) in enumerate(runners)
        if turn < count
    ]
    ended: list[list[Ended]] = [[] for _ in runners]
    for index, one in turns:
        found = one.end()
        project = runners[index][0]
        ended[index].append(project.ended(*found) if isinstance(found, tuple) else found)
    return ended


def check(project: Project, ended: list[Ended]) -> None:
    for one in ended:
        assert one.code == 0, one.raw
        assert "Traceback" not in one.raw
    for number in (1, 2, 3):
        assert reading.rows(project.url, f"t{number}") == [(number,)]
    assert reading.history(project.url) == [(name, "forward", "done") for name in NAMES]
    applied = re.findall(r"^  applied (\S+)", "".join(one.out for one in ended), re.MULTILINE)
    assert sorted(applied) == NAMES


@pytest.mark.parametrize(
    ("count", "forked"),
    [pytest.param(4, False, id="new", marks=pytest.mark.long), pytest.param(12, True, id="forked")],
)
def test_a_few(racing: Callable[[], Project], count: int, forked: bool) -> None:
    project, neighbour = racing(), racing()
    ended = race((project, count), (neighbour, 2), forked=forked)
    check(project, ended[0])
    check(neighbour, ended[1])


@pytest.mark.long
@pytest.mark.parametrize("turn", range(20))
def test_many(racing: Callable[[], Project], turn: int) -> None:
    """In forks, which start faster and meet more often; every tenth time in new interpreters."""
    project, neighbour = racing(), racing()
    ended = race((project, 16), (neighbour, 4), forked=turn % 10 != 0)
    check(project, ended[0])
    check(neighbour, ended[1])


def _until_told(project: Project) -> str:
    """The body of a migration that says when it began, and goes on when it is told."""
    return (
        "import os, time\n"
        f"open({str(project.root / 'began')!r}, 'w').close()\n"
        "end = time.monotonic() + 30\n"
        f"while not os.path.exists({str(project.root / 'go')!r}) and time.monotonic() < end:\n"
        "    time.sleep(0.01)"
    )


def _go_on(project: Project) -> None:
    (project.root / "go").touch()


def test_two_backward_at_once_revert_one(racing: Callable[[], Project]) -> None:
    """Both have decided on the same one before either has reverted it."""
    project = racing()
    slow = "20260201_000000_slow"
    project.migration(slow, "pass", _until_told(project))
    project.run("migrate")
    one = project.start("migrate", "--backward")
    wait_for((project.root / "began").exists)
    other = project.start("migrate", "--backward")
    assert "waiting for " in other.line()
    _go_on(project)
    first, second = one.end(), other.end()
    assert first.told == (0, f"  reverted {slow}  N s\n", "")
    assert (second.code, second.out) == (
        0,
        f"  {slow}: another run was faster\nNothing left to do: another run did it.\n",
    )
    backward = [name for name, way, _ in reading.history(project.url) if way == "backward"]
    assert backward == [slow]
    assert reading.tables(project.url) == ["t1", "t2", "t3"]


SLOW = "20260101_000000_slow"


def _held(project: Project) -> Running:
    """Start a migration that holds the lock until it is told to go on."""
    project.migration(SLOW, _until_told(project))
    one = project.start("migrate")
    wait_for((project.root / "began").exists)
    return one


def _holder(text: str) -> str:
    """Who is waited for, without what differs: interpreters, users and hosts."""
    text = re.sub(r"process PID \(.*?\)", "process PID (PROGRAM)", text)
    text = re.sub(r"\S+@\S+ \(server connection ID\)", "USER (server connection ID)", text)
    text = re.sub(r"after waiting \d+\.\d s", "after waiting N s", text)
    return re.sub(r"wheatear \S+ \(server process PID\)", "USER (server process PID)", text)


WHOM = {
    "sqlite": "process PID (PROGRAM)",
    "postgresql": "USER (server process PID)",
    "mariadb": "USER (server connection ID)",
}


def test_who_waits_says_for_whom_once(project: Project, engine: str) -> None:
    one = _held(project)
    other = project.start("migrate")
    assert _holder(other.line()) == f"waiting for {WHOM[engine]}\n"
    time.sleep(0.3)  # long enough to say it again
    _go_on(project)
    ended = other.end()
    assert (ended.code, ended.out) == (
        0,
        f"  {SLOW}: another run was faster\nNothing left to do: another run did it.\n",
    )
    assert _holder(ended.err) == (f"waiting for {WHOM[engine]}\nwaited N s for {WHOM[engine]}\n")
    assert one.end().told == (0, f"  applied {SLOW}  N s\n", "")


@pytest.mark.parametrize("seconds", ["0", "0.5"])
def test_wait_ends_with_a_clear_error(project: Project, engine: str, seconds: str) -> None:
    one = _held(project)
    ended = project.run("migrate", "--wait", seconds)
    said = "" if seconds == "0" else f"waiting for {WHOM[engine]}, for up to 0.5 s\n"
    assert (ended.code, ended.out) == (1, "")
    assert _holder(ended.err) == (
        f"{said}error: Gave up after waiting N s for {WHOM[engine]}.\n"
        "  state: this run changed nothing since it began to wait.\n"
        "  next:  wait for the other run to end and start again, or allow more with --wait.\n"
    )
    _go_on(project)
    assert one.end().code == 0
    assert reading.history(project.url) == [(SLOW, "forward", "done")]


@pytest.mark.parametrize("how", [("--backward",), ("--mark-applied",)], ids=["backward", "mark"])
def test_so_does_the_wait_for_a_run_without_a_transaction(
    project: Project, engine: str, how: tuple[str, ...]
) -> None:
    first = project.tables("a")[0]
    assert project.run("migrate").code == 0
    body = "\n".join(f"    {line}" for line in _until_told(project).splitlines())
    project.write(
        f"migrations/{NAMES[2]}.py", f"atomic = False\n\n\ndef migrate_forward():\n{body}\n"
    )
    one = project.start("migrate")
    wait_for((project.root / "began").exists)
    ended = project.run("migrate", *how, "--wait", "0.5")
    whom = WHOM[engine].removesuffix(" (PROGRAM)")
    assert (ended.code, ended.out) == (1, "")
    assert _holder(ended.err) == (
        f"waiting for {whom}, for up to 0.5 s\n"
        f"error: Gave up after waiting N s for {whom}.\n"
        "  state: this run changed nothing since it began to wait.\n"
        "  next:  wait for the other run to end and start again, or allow more with --wait.\n"
    )
    _go_on(project)
    assert one.end().code == 0
    assert [name for name, *_ in reading.history(project.url)] == [first, NAMES[2]]


def test_status_and_history_do_not_wait(project: Project, engine: str) -> None:
    """Where statements commit by themselves, the record is written with the first that does."""
    body = _until_told(project)
    project.migration(SLOW, f"db.execute_sql('CREATE TABLE held (x INTEGER)')\n{body}")
    one = project.start("migrate")
    wait_for((project.root / "began").exists)
    state = "running" if engine == "mariadb" else "pending"
    assert f"{state:<12} {SLOW}\n" in project.run("status").out
    history = project.run("history")
    assert history.code == 0
    assert ("  forward   running  " in history.out) is (engine == "mariadb")
    _go_on(project)
    assert one.end().code == 0


def test_nothing_pending_does_not_wait(project: Project, engine: str) -> None:
    """A server that starts while another database's owner migrates is not held up."""
    project.tables("a")
    project.run("migrate")
    with reading.holding_the_lock(project.url):
        ended = project.run("migrate")
    assert ended.told == (0, "Nothing to do: no migration is pending.\n", "")


def test_backward_stops_at_what_was_applied_on_top_meanwhile(project: Project, engine: str) -> None:
    """Another run reverts the newest and applies it again while this one waits to revert two."""
    _, _, newest = project.tables("a", "b", "c")
    assert project.run("migrate").code == 0
    with reading.holding_the_lock(project.url) as cursor:
        run = project.start("migrate", "--backward", "--steps", "2")
        assert "waiting for " in run.line()
        for direction in ("backward", "forward"):
            cursor.execute(
                "INSERT INTO wheatear_history (name, direction, outcome) "
                f"VALUES ('{newest}', '{direction}', 'done')"
            )
        if engine == "sqlite":
            cursor.execute("COMMIT")
    ended = run.end()
    assert ended.code == 1
    assert f"error: {newest} was applied by another run meanwhile" in ended.err
    assert reading.tables(project.url) == ["a", "b", "c"]
