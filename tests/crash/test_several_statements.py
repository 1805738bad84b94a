"""Several statements in one text: they are done once, or refused before any of them is."""

from __future__ import annotations

import pytest

from support import reading
from support.projects import CONFIG, Project

from .killed_at import NAME, killed, sql, write

ADDS = "UPDATE a SET x = x + 100"


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("driver", [2, 3])
def test_all_of_rows_are_done_once(project: Project, engine: str, driver: int) -> None:
    _with_driver(project, driver)
    reading.execute(project.url, "CREATE TABLE a (x integer)", "INSERT INTO a VALUES (1)")
    write(project, *sql(f"{ADDS}; CREATE TABLE b (x integer);", "SELECT 1; SELECT 2", ADDS))
    killed(project, engine, "SELECT 1; SELECT 2") if driver == 3 else project.run("migrate")
    assert project.run("migrate").code == 0
    assert reading.rows(project.url, "a") == [(201,)]
    assert reading.tables(project.url) == ["a", "b"]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("driver", [2, 3])
@pytest.mark.parametrize(
    "text",
    [
        f"SET lock_timeout = '2s'; {ADDS}",
        f"SELECT set_config('lock_timeout', '2s', false); {ADDS}",
        f"BEGIN; {ADDS}; COMMIT",
        f"{ADDS}; ROLLBACK",
        f"{ADDS}; VACUUM a",
    ],
)
def test_a_mixture_is_refused(project: Project, engine: str, text: str, driver: int) -> None:
    del engine
    _with_driver(project, driver)
    reading.execute(project.url, "CREATE TABLE a (x integer)", "INSERT INTO a VALUES (1)")
    write(project, *sql(text))
    ended = project.run("migrate")
    assert ended.code == 1
    assert ended.err.startswith(
        f"error: {NAME} failed: The migration sends several statements in one text, and not all of "
        "them can be in one transaction with the journal.\n"
    )
    assert ended.err.endswith(
        f"  state: {NAME} had changed nothing yet.\n"
        "  next:  send them one by one, each with an execute_sql() of its own.\n"
    )
    assert reading.rows(project.url, "a") == [(1,)]


def _with_driver(project: Project, driver: int) -> None:
    if driver == 2:
        old = 'connect(os.environ["DATABASE_URL"])'
        new = 'connect(os.environ["DATABASE_URL"], prefer_psycopg3=False)'
        project.write("migrations_config.py", CONFIG.replace(old, new))


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
def test_where_the_client_allows_several(project: Project, engine: str) -> None:
    """PyMySQL does not unless it is asked to."""
    old = 'connect(os.environ["DATABASE_URL"])'
    new = f'connect(os.environ["DATABASE_URL"], client_flag={1 << 16})'
    project.write("migrations_config.py", CONFIG.replace(old, new))
    reading.execute(project.url, "CREATE TABLE a (x integer)", "INSERT INTO a VALUES (1)")
    write(
        project, *sql(f"{ADDS}; {ADDS}", "SELECT 1", ADDS, f"SET sort_buffer_size = 262144; {ADDS}")
    )
    killed(project, engine, "SELECT 1")
    ended = project.run("migrate")
    assert "The migration sends several statements in one text, and not all of" in ended.err
    assert reading.rows(project.url, "a") == [(301,)]
