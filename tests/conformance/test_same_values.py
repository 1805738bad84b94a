"""What a migration reads and writes back is known again when it runs once more, whatever it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support import reading
from support.dying import applied, killed
from support.projects import Project

CONFIG = (
    "from peewee import PostgresqlDatabase\n"
    "from playhouse.db_url import parse\n"
    "import os\n"
    "from wheatear import migrator_for\n"
    "options = parse(os.environ['DATABASE_URL'])\n"
    "db = PostgresqlDatabase(options.pop('database'), prefer_psycopg3={psycopg3}, **options)\n"
    "migrator = migrator_for(db)\n"
)
DRIVERS = pytest.mark.parametrize("psycopg3", [True, False], ids=["psycopg3", "psycopg2"])


def on_postgresql(new_project: Callable[..., Project], psycopg3: bool) -> Project:
    return new_project("postgresql", config=CONFIG.format(psycopg3=psycopg3))


def test_bytes_of_a_model(project: Project) -> None:
    head = "class Item(Model):\n    data = BlobField()\n    class Meta:\n        database = db\n"
    body = """
        Item.create_table()
        Item.create(data=b'abc')
        for item in Item.select():
            Item.create(data=item.data)
        die()
        Item.create(data=b'xyz')
    """
    applied(project, body, head)
    found = [
        bytes(data) for (data,) in reading.execute(project.url, "SELECT data FROM item ORDER BY id")
    ]
    assert found == [b"abc", b"abc", b"xyz"]


@DRIVERS
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bytea", "'\\x616263'"),
        ("timestamptz", "'2026-03-28 12:00:00+01'"),
        ("int4range", "'[1,7)'"),
        ("numrange", "'(1.5,)'"),
        ("daterange", "'empty'"),
        ("tstzrange", "'[2026-01-01 00:00+00,2026-01-02 00:00+00]'"),
        ("inet", "'10.0.0.1'"),
        ("inet", "'10.0.0.1/8'"),
        ("cidr", "'10.0.0.0/8'"),
        ("uuid", "'12345678-1234-5678-1234-567812345678'"),
        ("interval", "'1 day 2 hours'"),
        ("timetz", "'12:00:00+02'"),
        ("integer[]", "'{1,2}'"),
        ("int4multirange", "'{[1,3),[5,7)}'"),
    ],
)
def test_read_and_written_back(
    new_project: Callable[..., Project], kind: str, value: str, *, psycopg3: bool
) -> None:
    project = on_postgresql(new_project, psycopg3)
    reading.execute(
        project.url,
        f"CREATE TABLE a (n integer, x {kind})",
        f"INSERT INTO a VALUES (1, {value})",
        f"ALTER ROLE CURRENT_USER IN DATABASE {project.url.rpartition('/')[2]} "
        "SET timezone = 'Europe/Berlin'",
    )
    body = """
        ((x,),) = sql('SELECT x FROM a')
        sql('UPDATE a SET n = 2')
        sql('INSERT INTO a VALUES (3, %s)', x)
        die()
        sql('INSERT INTO a VALUES (4, %s)', x)
    """
    applied(project, body)
    found = reading.execute(project.url, "SELECT n, x::text FROM a ORDER BY n")
    assert [n for n, _ in found] == [2, 3, 4]
    assert len({x for _, x in found}) == 1


@DRIVERS
def test_a_moment_keeps_its_zone(new_project: Callable[..., Project], *, psycopg3: bool) -> None:
    """A day later on the clock is 23 hours later, in the night when it is put forward."""
    project = on_postgresql(new_project, psycopg3)
    reading.execute(
        project.url,
        "CREATE TABLE a (x timestamptz)",
        "INSERT INTO a VALUES ('2026-03-28 12:00:00+01')",
        f"ALTER ROLE CURRENT_USER IN DATABASE {project.url.rpartition('/')[2]} "
        "SET timezone = 'Europe/Berlin'",
    )
    body = """
        ((x,),) = sql('SELECT x FROM a')
        sql('INSERT INTO a VALUES (%s)', x + datetime.timedelta(days=1))
        die()
        sql('INSERT INTO a VALUES (%s)', x + datetime.timedelta(days=1))
    """
    applied(project, body)
    assert reading.execute(project.url, "SELECT count(*), count(DISTINCT x) FROM a") == [(3, 2)]


@DRIVERS
def test_json_of_a_model(new_project: Callable[..., Project], *, psycopg3: bool) -> None:
    project = on_postgresql(new_project, psycopg3)
    head = """
        from playhouse.postgres_ext import BinaryJSONField

        class Item(Model):
            data = BinaryJSONField()
            class Meta:
                database = db
    """
    body = """
        Item.create_table()
        Item.create(data={'a': [1, None]})
        die()
        for item in Item.select():
            Item.create(data=item.data)
    """
    applied(project, body, head)
    found = reading.execute(project.url, "SELECT data::text FROM item")
    assert found == [('{"a": [1, null]}',)] * 2


def test_a_type_that_is_not_known_is_said(new_project: Callable[..., Project]) -> None:
    project = on_postgresql(new_project, psycopg3=True)
    reading.execute(
        project.url, "CREATE TABLE a (n integer, x text)", "INSERT INTO a VALUES (1, 'old')"
    )
    head = """
        from psycopg.adapt import Loader

        class Word:
            def __init__(self, letters):
                self.letters = letters

        class Words(Loader):
            def load(self, data):
                return Word(bytes(data).decode())
    """
    body = """
        cursor = db.cursor()
        cursor._raw.adapters.register_loader('text', Words)
        cursor.execute('SELECT x FROM a').fetchall()
        sql("UPDATE a SET n = 2")
        die()
    """
    ended = killed(project, body, head)
    assert ended.code == 0, ended  # it reads the same
    (project.root / "died").unlink()
    reading.execute(project.url, "DELETE FROM wheatear_history")
    ended = killed(project, body.replace("n = 2", "x = 'new'"), head)
    assert ended.code == 1, ended
    assert (
        "error: 20260101_000000_m was interrupted; what it read was not kept, and reads otherwise "
        "now: it holds a wheatear_migration_20260101_000000_m.Word, which the journal does not "
        "know.\n"
    ) in ended.err, ended.err
    assert "A new migration should read that as text: CAST(… AS TEXT).\n" in ended.err
