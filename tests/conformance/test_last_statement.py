"""Functions that answer for the statement before: never for one of the journal's own."""

from __future__ import annotations

import pytest

from support import reading
from support.databases import is_mysql
from support.dying import NAME, applied, write
from support.projects import Project

on_mysql = pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
IDS = {
    "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "postgresql": "SERIAL PRIMARY KEY",
    "mariadb": "INTEGER PRIMARY KEY AUTO_INCREMENT",
}


def make(project: Project, engine: str) -> None:
    reading.execute(
        project.url,
        f"CREATE TABLE player (id {IDS[engine]}, name VARCHAR(20))",
        "CREATE TABLE log (x BIGINT)",
        *[f"INSERT INTO player (name) VALUES ('{name}')" for name in "abcdef"],
    )


ROWS = "the rowcount of the cursor, which db.execute_sql() returns"
TOGETHER = "in one transaction: `with db.atomic():`.\n"
LAST = (
    "the lastrowid of the cursor, which db.execute_sql() returns, Model.create() or RETURNING; or "
    f"insert and ask {TOGETHER}"
)
RETURNING = f"RETURNING, or Model.create(); or insert and ask {TOGETHER}"
REFUSED = [
    ("sqlite", "last_insert_rowid()", LAST),
    ("sqlite", "LAST_INSERT_ROWID ( )", LAST),
    ("sqlite", "changes()", f"{ROWS}; or change and ask {TOGETHER}"),
    ("sqlite", "total_changes()", f"{ROWS}; or change and ask {TOGETHER}"),
    ("postgresql", "lastval()", RETURNING),
    ("postgresql", "currval('player_id_seq')", RETURNING),
    ("mariadb", "ROW_COUNT()", f"{ROWS}.\n"),
    (
        "mariadb",
        "found_rows /* of it */ ()",
        "the number of the rows that were read, or SELECT COUNT(*).\n",
    ),
]


@pytest.mark.parametrize(("engine", "asks", "instead"), REFUSED, indirect=["engine"])
@pytest.mark.parametrize(
    "how", ["INSERT INTO log VALUES ({})", "SELECT {}", "INSERT INTO log SELECT {}"]
)
def test_refused(project: Project, engine: str, asks: str, instead: str, how: str) -> None:
    make(project, engine)
    write(project, f"sql(\"INSERT INTO player (name) VALUES ('new')\")\nsql({how.format(asks)!r})")
    ended = project.run("migrate")
    name = asks.partition("(")[0].partition("/")[0].strip()
    assert ended.err.startswith(
        f"error: {NAME} failed: The migration asks {name.upper()}() about a statement before it, and "
        "the journal sends its own in between.\n"
    ), ended.err
    assert f"  next:  use {instead}" in ended.err, ended.err
    assert reading.rows(project.url, "log") == []


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_setting_of_what_is_read_is_refused(project: Project, engine: str) -> None:
    make(project, engine)
    write(project, "sql(\"SELECT set_config('app.n', (SELECT max(id)::text FROM player), false)\")")
    ended = project.run("migrate")
    assert ended.err.startswith(
        f"error: {NAME} failed: The migration sets something of the connection in a statement that "
        "does more; such are sent again by a run that goes on.\n"
    ), ended.err
    assert "  next:  send it by itself, with values and not with what it reads.\n" in ended.err
    body = """
        ((n,),) = sql("SELECT max(id)::text FROM player")
        sql("SELECT set_config('app.n', %s, false)", n)
        sql("DELETE FROM player WHERE id > 3")
        die()
        sql("INSERT INTO log VALUES (current_setting('app.n')::bigint)")
    """
    applied(project, body)
    assert reading.rows(project.url, "log") == [(6,)]


@on_mysql
@pytest.mark.parametrize("asks", ["LASTVAL(s)", "PREVIOUS VALUE FOR s"])
def test_a_sequence(project: Project, engine: str, asks: str) -> None:
    if is_mysql():
        pytest.skip("MySQL has no sequences")
    make(project, engine)
    reading.execute(project.url, "CREATE SEQUENCE s START WITH 5")
    write(project, f"sql('INSERT INTO log VALUES (NEXTVAL(s))')\nsql('SELECT {asks}')")
    ended = project.run("migrate")
    shown = "LASTVAL()" if "(" in asks else "PREVIOUS VALUE"
    assert f"The migration asks {shown} about a statement before it" in ended.err, ended
    reading.execute(project.url, "DELETE FROM log", "DELETE FROM wheatear_history")
    body = f"""
        with db.atomic():
            sql('INSERT INTO log VALUES (NEXTVAL(s))')
            sql('INSERT INTO log VALUES ({asks})')
        die()
    """
    applied(project, body)
    (first,), (second,) = reading.rows(project.url, "log")
    assert first == second > 5


ALLOWED = [
    ("sqlite", "changes", "SELECT 'changes()', name AS \"changes\" FROM player -- changes()"),
    ("sqlite", "changes", "SELECT changes FROM (SELECT 1 AS changes)"),
    ("sqlite", "changes", "CREATE TRIGGER t AFTER UPDATE ON player BEGIN INSERT INTO log VALUES (changes()); END"),
    ("postgresql", "lastval", "SELECT 'lastval()' /* lastval() */"),
    ("postgresql", "lastval", "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT lastval()'"),
    ("postgresql", "currval", "ALTER TABLE log ALTER x SET DEFAULT currval('player_id_seq')"),
    ("mariadb", "ROW_COUNT", "SELECT 'ROW_COUNT()', `name` AS `ROW_COUNT` FROM player -- ROW_COUNT()"),
    ("mariadb", "ROW_COUNT", "CREATE PROCEDURE p() SELECT ROW_COUNT()"),
]  # fmt: skip


@pytest.mark.parametrize(("engine", "word", "statement"), ALLOWED, indirect=["engine"])
def test_the_mere_word_is_allowed(project: Project, engine: str, word: str, statement: str) -> None:
    make(project, engine)
    write(project, f"sql({statement!r})")
    assert project.run("migrate").code == 0


@pytest.mark.parametrize(
    ("engine", "asks", "expected"),
    [
        ("sqlite", "last_insert_rowid()", 7),
        ("sqlite", "changes()", 1),
        ("postgresql", "lastval()", 7),
        ("postgresql", "currval('player_id_seq')", 7),
    ],
    indirect=["engine"],
)
def test_in_one_transaction(project: Project, engine: str, asks: str, expected: int) -> None:
    make(project, engine)
    body = f"""
        with db.atomic():
            sql("INSERT INTO player (name) VALUES ('new')")
            sql("INSERT INTO log SELECT {asks}")
        die()
        sql('INSERT INTO log VALUES (0)')
        with db.atomic():
            sql("UPDATE log SET x = x")
            try:
                sql("SELECT {asks}")
            except Exception as error:
                assert 'changes' not in {asks!r}
    """
    applied(project, body)
    assert reading.rows(project.url, "log") == [(0,), (expected,)]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_one_transaction_as_a_whole_may_ask(project: Project, engine: str) -> None:
    asks = {"sqlite": "last_insert_rowid()", "postgresql": "lastval()"}[engine]
    make(project, engine)
    insert = "db.execute_sql(\"INSERT INTO player (name) VALUES ('new')\")"
    project.migration(NAME, f"{insert}\ndb.execute_sql('INSERT INTO log VALUES ({asks})')")
    assert project.run("migrate").code == 0
    assert reading.rows(project.url, "log") == [(7,)]


INSERT = "sql(\"INSERT INTO player (name) VALUES ('new')\")"


@on_mysql
@pytest.mark.parametrize("asks", ["LAST_INSERT_ID()", "@@last_insert_id", "@@SESSION.identity"])
@pytest.mark.parametrize(
    "begins", ["", "sql('CREATE TABLE made (x INTEGER)')"], ids=["rows", "table"]
)
@pytest.mark.parametrize("dies", [True, False])
def test_the_id_of_the_last_row(
    project: Project, engine: str, asks: str, begins: str, dies: bool
) -> None:
    make(project, engine)
    die = "die()" if dies else "pass"
    body = f"""
        {begins or "pass"}
        {INSERT}
        {die}
        sql('INSERT INTO log VALUES ({asks})')
        sql('INSERT INTO log SELECT {asks}')
        assert sql('SELECT {asks}').fetchone() == (7,)
    """
    if dies:
        applied(project, body)
    else:
        write(project, body)
        assert project.run("migrate").code == 0
    assert reading.rows(project.url, "log") == [(7,), (7,)]


@on_mysql
@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([INSERT, "sql(\"INSERT INTO player (id, name) VALUES (77, 'own')\")"], 7),
        (["sql(\"INSERT INTO player (name) VALUES ('x'), ('y')\")"], 7),
        ([INSERT, "sql(\"UPDATE player SET name = 'z'\")", "sql('CREATE TABLE made (x INTEGER)')"], 7),
        (["sql('UPDATE player SET name = LAST_INSERT_ID(40) WHERE id = 1')"], 40),
        (["sql('SELECT LAST_INSERT_ID(41)')", "sql('CREATE TABLE made (x INTEGER)')"], 41),
        (["with db.atomic():", f"    {INSERT}", f"    {INSERT}"], 8),
        (["try:", "    with db.atomic():", f"        {INSERT}", "        1 / 0", "except ZeroDivisionError:",
          "    sql('INSERT INTO log VALUES (0)')", "    sql('DELETE FROM log')"], 7),
        (["sql('CALL inserts()')"], 7),
        (["sql('CREATE TABLE made (x INTEGER)')", "sql('INSERT INTO log VALUES (0)')", "sql('DELETE FROM log')"], 0),
        (["sql(\"INSERT INTO player (id, name) VALUES (77, 'own')\")"], 0),
        (["sql('CREATE TABLE made (x INTEGER)')", "sql(\"INSERT INTO player (id, name) VALUES (77, 'own')\")"], 0),
        (["sql('SET last_insert_id = 5')", "sql('CREATE TABLE made (x INTEGER)')"], 5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dies", [True, False])
def test_as_without_a_journal(
    project: Project, engine: str, statements: list[str], expected: int, dies: bool
) -> None:
    make(project, engine)
    insert = "INSERT INTO player (name) VALUES ('called')"
    reading.execute(project.url, f"CREATE PROCEDURE inserts() BEGIN {insert}; END")
    body = "\n".join(
        [
            *statements,
            "die()" if dies else "pass",
            "sql('INSERT INTO log VALUES (LAST_INSERT_ID())')",
        ]
    )
    if dies:
        applied(project, body)
    else:
        write(project, body)
        ended = project.run("migrate")
        assert ended.code == 0, ended
    assert reading.rows(project.url, "log") == [(expected,)]
