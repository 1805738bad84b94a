"""A client that is killed leaves its statement at work on the server: the next run waits for it."""

from __future__ import annotations

import signal

import pytest

from support import reading
from support.databases import is_mysql
from support.projects import Project, wait_for

NAME = "20260101_000000_m"
ROWS = 300_000


@pytest.mark.long
@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
def test_an_alter_of_a_large_table_runs_on(project: Project, engine: str) -> None:
    """It is waited for, found done, and not done again."""
    _large_table(project)
    alter = "ALTER TABLE large ADD COLUMN b CHAR(100) NOT NULL DEFAULT 'x', ALGORITHM=COPY"
    project.migration(
        NAME, f"db.execute_sql({alter!r})\ndb.execute_sql('CREATE TABLE after (x INT)')"
    )
    running = project.start("migrate")
    wait_for(lambda: _alters(project))
    running.end(signal.SIGKILL)
    assert _alters(project), "the ALTER has ended too soon for this test: more ROWS"
    began = _number(project)
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert "waiting for " in ended.err
    assert not _alters(project)
    assert reading.columns(project.url, "large")["b"][1] is False
    assert reading.tables(project.url) == ["after", "large"]
    assert reading.execute(project.url, "SELECT count(*) FROM large") == [(ROWS,)]
    # MySQL shows the number of the copy only when it is done; there a second ALTER would have failed.
    if not is_mysql():
        assert _number(project, "concat(DATABASE(), '/large')") <= began, "it was copied again"
    assert project.run("status", "--check").code == 0


@pytest.mark.long
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_an_index_that_is_built_concurrently(project: Project, engine: str) -> None:
    """Its backend is waited for; what it left is used if it is valid, else built anew."""
    reading.execute(
        project.url,
        f"CREATE TABLE large AS SELECT n AS a, md5(n::text) AS b FROM generate_series(1, {ROWS}) n",
    )
    project.write(
        f"migrations/{NAME}.py",
        "from migrations_config import db\n\natomic = False\n\n\ndef migrate_forward():\n"
        "    db.execute_sql('CREATE INDEX CONCURRENTLY by_b ON large (b, a)')\n\n\n"
        "def migrate_backward():\n    db.execute_sql('DROP INDEX by_b')\n",
    )
    running = project.start("migrate")
    wait_for(lambda: _builds(project))
    running.end(signal.SIGKILL)
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert not _builds(project)
    found = reading.execute(
        project.url,
        "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE i.indrelid = 'large'::regclass",
    )
    assert found == [("by_b", True)]


def _large_table(project: Project) -> None:
    reading.execute(
        project.url,
        "CREATE TABLE large (id INT PRIMARY KEY, a CHAR(200)) ENGINE=InnoDB",
        f"SET SESSION {'cte_max_recursion_depth' if is_mysql() else 'max_recursive_iterations'} = {ROWS}",
        "INSERT INTO large WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers "
        f"WHERE n < {ROWS}) SELECT n, repeat('a', 200) FROM numbers",
    )


def _alters(project: Project) -> bool:
    return bool(
        reading.execute(
            project.url,
            "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'ALTER TABLE large%' "
            "AND db = DATABASE()",
        )
    )


def _number(project: Project, name: str = "NAME") -> int:
    """InnoDB's number of a table, or the newest: each new table, and so each copy, gets a higher one."""
    tables = "INNODB_TABLES" if is_mysql() else "INNODB_SYS_TABLES"
    rows = reading.execute(
        project.url,
        f"SELECT max(TABLE_ID) FROM information_schema.{tables} WHERE NAME = {name}",
    )
    return int(rows[0][0])


def _builds(project: Project) -> bool:
    return bool(
        reading.execute(
            project.url,
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' "
            "AND state = 'active' AND datname = current_database()",
        )
    )
