"""MySQL's variables hold the same for a migration that runs once more, whatever became of what they
were worked out from.
"""

from __future__ import annotations

import time

import pytest

from support import reading
from support.databases import only_mariadb
from support.dying import applied, killed, write
from support.projects import Project, wait_for

pytestmark = pytest.mark.parametrize("engine", ["mariadb"], indirect=True)

PLAYERS = (
    "CREATE TABLE player (id INTEGER PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20), score INTEGER)",
    "INSERT INTO player (name, score) VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4), ('e', 5), ('f', 6)",
)
COUNTS = (
    "CREATE TABLE calls (id INTEGER PRIMARY KEY AUTO_INCREMENT)",
    "CREATE FUNCTION counted() RETURNS INTEGER MODIFIES SQL DATA "
    "BEGIN INSERT INTO calls VALUES (); SET @inside = 8; RETURN (SELECT count(*) FROM calls); END",
)


def scores(project: Project) -> list[int]:
    return [
        score
        for (score,) in reading.execute(
            project.url, "SELECT score FROM player WHERE id > 6 ORDER BY id"
        )
    ]


@pytest.mark.parametrize(
    "given",
    [
        "SET @n = (SELECT MAX(score) FROM player)",
        "SET @N := (SELECT MAX(score) FROM player), @other = 1",
        "SELECT MAX(score) INTO @n FROM player",
        "SELECT @`n` := MAX(score) FROM player",
        "SELECT MAX(score), 1 INTO @other, @n FROM player ORDER BY 1",
        pytest.param(
            "SET STATEMENT max_statement_time = 9 FOR SELECT MAX(score) INTO @n FROM player",
            marks=only_mariadb,
        ),
    ],
)
def test_a_variable_is_not_worked_out_again(project: Project, given: str) -> None:
    reading.execute(project.url, *PLAYERS)
    body = f"""
        sql({given!r})
        sql('INSERT INTO player (score) VALUES (@n + 1)')
        die()
        sql('INSERT INTO player (score) VALUES (@n + 2)')
    """
    applied(project, body)
    first = 1 if "@other, @n" in given else 6
    assert scores(project) == [first + 1, first + 2]


def test_what_it_was_read_from_may_be_gone(project: Project) -> None:
    reading.execute(
        project.url, *PLAYERS, "CREATE TABLE old (x INTEGER)", "INSERT INTO old VALUES (9)"
    )
    body = """
        sql('SET @n = (SELECT x FROM old)')
        sql('DROP TABLE old')
        die()
        sql('INSERT INTO player (score) VALUES (@n)')
    """
    applied(project, body)
    assert scores(project) == [9]


@pytest.mark.parametrize(
    ("given", "type_"),
    [
        ("7", "int"),
        ("1.50", "dec"),
        ("'ä%s'", "text"),
        ("x'00ff'", "bin"),
        ("NULL", "null"),
        ("2e0", "float"),
    ],
)
def test_values_of_all_types(project: Project, given: str, type_: str) -> None:
    column = {"bin": "VARBINARY(9)", "text": "VARCHAR(9)"}.get(type_, "DOUBLE")
    reading.execute(project.url, f"CREATE TABLE a (x {column})")
    body = f"""
        sql({("SET @`my %% n` = " + given.replace("%", "%%"))!r})
        sql('INSERT INTO a VALUES (@`my %% n`)')
        die()
        sql('INSERT INTO a VALUES (@`my %% n`)')
    """
    applied(project, body)
    first, second = reading.rows(project.url, "a")
    assert first == second


def test_a_variable_that_rows_move_on(project: Project) -> None:
    reading.execute(project.url, *PLAYERS)
    body = """
        sql('SET @n = 10')
        sql('UPDATE player SET score = (@n := @n + 1) ORDER BY id')
        die()
        sql('INSERT INTO player (score) VALUES (@n)')
        with db.atomic():
            sql('SET @n = 20')
            sql('INSERT INTO player (score) VALUES (@n)')
        sql('INSERT INTO player (score) VALUES (@n + 1)')
    """
    applied(project, body)
    assert scores(project) == [16, 20, 21]


@pytest.mark.parametrize(
    "call", ["SET @x = counted()", "SELECT counted()", "SELECT counted() INTO @x", "DO counted()"]
)
def test_a_function_is_called_once(project: Project, call: str) -> None:
    reading.execute(project.url, *PLAYERS, *COUNTS)
    body = f"""
        sql({call!r})
        die()
        sql('INSERT INTO player (score) VALUES ({"@x" if "@x" in call else 1} + @inside)')
    """
    applied(project, body)
    assert reading.rows(project.url, "calls") == [(1,)]
    assert scores(project) == [9]


def test_a_function_that_the_migration_makes(project: Project) -> None:
    body = f"""
        sql('SELECT version_of()') if False else None
        sql('SELECT ABS(1)')
        sql({COUNTS[0]!r})
        sql({COUNTS[1]!r})
        sql('SELECT COALESCE(`counted` (), 2)')
        die()
        sql('CREATE TABLE done (x INTEGER)')
    """
    applied(project, body)
    assert reading.rows(project.url, "calls") == [(1,)]


def test_what_a_procedure_sets(project: Project) -> None:
    reading.execute(
        project.url, *PLAYERS, "CREATE PROCEDURE p(OUT a INTEGER) BEGIN SET a = 3; SET @b = 4; END"
    )
    body = """
        sql('CALL p(@a)')
        die()
        sql('INSERT INTO player (score) VALUES (@a + @b)')
    """
    applied(project, body)
    assert scores(project) == [7]


@pytest.mark.parametrize("value", ["counted()", "(SELECT count(*) FROM calls)"])
def test_a_setting_of_what_is_read_is_refused(project: Project, value: str) -> None:
    reading.execute(project.url, *COUNTS)
    write(project, f"sql('SET SESSION group_concat_max_len = {value} + 100')")
    ended = project.run("migrate")
    assert ended.err.startswith(
        "error: 20260101_000000_m failed: The migration gives a setting what it reads or calls, "
        "which a run that takes this one up would do again.\n"
    ), ended.err
    assert "give that to a variable first: SET @x = …, then SET … = @x.\n" in ended.err
    assert reading.rows(project.url, "calls") == []
    write(project, f"sql('SET @x = {value}')\nsql('SET SESSION group_concat_max_len = @x + 100')")
    assert project.run("migrate").code == 0


def test_a_setting_beside_a_variable(project: Project) -> None:
    """The mode that is put back at the end is the one before, not the one of the first half."""
    reading.execute(project.url, *PLAYERS)
    body = """
        sql("SET @old = @@sql_mode, sql_mode = (SELECT CONCAT(@@sql_mode, ',ANSI_QUOTES'))")
        sql('UPDATE "player" SET score = 0')
        die()
        sql('UPDATE "player" SET score = 1')
        sql('SET sql_mode = @old')
        sql('UPDATE player SET name = "b"')
    """
    applied(project, body)
    assert reading.execute(project.url, "SELECT MIN(score), MAX(name) FROM player") == [(1, "b")]


def test_a_value_of_nobody_knows_where(project: Project) -> None:
    """Another migration of the same run gave it."""
    project.migration("20250101_000000_first", "db.execute_sql('SET @n = 5')")
    reading.execute(project.url, *PLAYERS)
    body = """
        sql('INSERT INTO player (score) VALUES (1)')
        die()
        sql('INSERT INTO player (score) VALUES (@n)')
    """
    ended = killed(project, body)
    assert ended.code == 1, ended
    assert (
        "error: 20260101_000000_m failed: The migration uses @n, which lost its value with the run "
        "that died: no statement of this migration had given it one.\n"
    ) in ended.err, ended.err
    assert "next:  give it one in the migration, just before: SET @n = ….\n" in ended.err, ended.err
    assert scores(project) == [1]


def test_what_gave_way_counts_from_where_it_began(project: Project) -> None:
    """Another connection holds the last row, so that the first try has counted up to it in vain."""
    reading.execute(project.url, *PLAYERS)
    body = """
        sql('SET SESSION innodb_lock_wait_timeout = 1')
        sql('SET @n = 10')
        open('waits', 'w').close()
        sql('UPDATE player SET score = (@n := @n + 1) ORDER BY id')
    """
    write(project, body)
    connection = reading.connection(project.url)
    cursor = connection.cursor()
    cursor.execute("BEGIN")
    cursor.execute("SELECT * FROM player WHERE id = 6 FOR UPDATE")
    running = project.start("migrate")
    wait_for((project.root / "waits").exists)
    time.sleep(1.5)
    cursor.execute("ROLLBACK")
    connection.close()
    ended = running.end()
    assert ended.code == 0, ended
    assert reading.execute(project.url, "SELECT MIN(score), MAX(score) FROM player") == [(11, 16)]


def test_what_a_prepared_statement_gives(project: Project) -> None:
    reading.execute(project.url, *PLAYERS)
    body = """
        sql("PREPARE s FROM 'SELECT MAX(score) INTO @n FROM player'")
        sql('EXECUTE s')
        sql('INSERT INTO player (score) VALUES (@n + 1)')
        die()
        sql('INSERT INTO player (score) VALUES (@n + 2)')
    """
    applied(project, body)
    assert scores(project) == [7, 8]
