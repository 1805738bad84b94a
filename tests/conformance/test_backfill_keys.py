"""`backfill` and keys: each row is found again by what the database holds, or nothing is written."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import peewee
import pytest

from support import reading
from support.backfills import called
from support.databases import DatabaseUnderTest
from wheatear.errors import MigrationFailedError


def _model(db: Any, key: Any, primary_key: Any = None) -> Any:
    """A model of the table `thing`."""
    meta: dict[str, Any] = {"database": db, "table_name": "thing"}
    if primary_key is not None:
        meta["primary_key"] = primary_key
    fields = {"n": peewee.IntegerField(default=0), "m": peewee.IntegerField(default=0)}
    return type("Thing", (peewee.Model,), {"Meta": type("Meta", (), meta), "key": key, **fields})


def _changes(thing: Any) -> list[tuple[Any, dict[str, Any]]]:
    """Three ways of adding one to n."""

    def assign(rows: Any) -> None:
        for row in rows:
            row.n += 1

    return [
        (lambda row: {"n": row.n + 1}, {}),
        (assign, {"each": "batch"}),
        ({thing.n: thing.n + 1}, {}),
    ]


def _each_once(database: DatabaseUnderTest, key: Any, count: int) -> None:
    db = database.connect()
    thing = _model(db, key)
    for times, (change, options) in enumerate(_changes(thing), 1):
        assert called(db, thing, change, batch=2, **options) == count
        rows = reading.execute(database.url, "SELECT DISTINCT n FROM thing")
        assert rows == [(times,)], options


def _made(database: DatabaseUnderTest, column: str, *values: str) -> None:
    rows = ", ".join(f"({value}, 0, 0)" for value in values)
    reading.execute(
        database.url,
        f"CREATE TABLE thing ({column}, n INTEGER NOT NULL, m INTEGER NOT NULL)",
        f"INSERT INTO thing VALUES {rows}",
    )


def test_a_uuid_with_hyphens(database: DatabaseUnderTest) -> None:
    """As MariaDB's UUID() and other tools write it; Peewee writes none."""
    texts = [f"'{uuid.uuid5(uuid.NAMESPACE_DNS, str(n))}'" for n in range(5)]
    _made(database, "`key` VARCHAR(40) PRIMARY KEY".replace("`", _quote(database)), *texts)
    _each_once(database, peewee.UUIDField(primary_key=True), 5)


def _quote(database: DatabaseUnderTest) -> str:
    return "`" if database.url.startswith("mysql") else '"'


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_time_as_others_write_it(database: DatabaseUnderTest, engine: str) -> None:
    texts = [f"'{dt.date(2020, 1, n + 1).isoformat()}T00:00:00'" for n in range(5)]
    _made(database, "key DATETIME PRIMARY KEY", *texts)
    _each_once(database, peewee.DateTimeField(primary_key=True), 5)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_keys_of_several_types(database: DatabaseUnderTest, engine: str) -> None:
    """Numbers come before texts, and those before bytes."""
    _made(database, "key PRIMARY KEY", "3", "'3'", "1.5", "'a'", "20", "x'61'", "-1")
    _each_once(database, peewee.CharField(primary_key=True), 7)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_an_address(database: DatabaseUnderTest, engine: str) -> None:
    """The driver makes an object of it."""
    _made(database, "key inet PRIMARY KEY", "'10.0.0.1'", "'10.0.0.0/8'", "'::1'")
    _each_once(database, peewee.CharField(primary_key=True), 3)


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("TIME(3)", ["'10:00:00'", "'-100:00:00'", "'00:00:00.125'"]),
        ("BINARY(4)", ["'a'", "'b'", "x'ff00'"]),
        ("YEAR", ["1999", "2020", "2001"]),
        ("DOUBLE", ["0.1", "1e300", "-0.3"]),
        ("TIMESTAMP(6)", ["'2020-01-01 00:00:00.000001'", "'2021-01-01'", "'2020-01-01'"]),
        ("CHAR(9) COLLATE utf8mb4_general_ci", ["'a'", "'B'", "'ä'''", "'\\\\'"]),
    ],
)
def test_types_of_mariadb(
    database: DatabaseUnderTest, engine: str, type_: str, values: list[str]
) -> None:
    _made(database, f"`key` {type_} PRIMARY KEY", *values)
    _each_once(database, peewee.Field(primary_key=True), len(values))


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (
            "uuid",
            ["'6ba7b810-9dad-11d1-80b4-00c04fd430c8'", "'7ba7b810-9dad-11d1-80b4-00c04fd430c8'"],
        ),
        ("numeric", ["0.1", "1e30", "-0.30"]),
        ("double precision", ["0.1", "1e300", "-0.3", "'infinity'"]),
        ("timestamptz", ["'2020-01-01 00:00:00.000001+3'", "'2021-01-01'", "'2020-01-01'"]),
        ("interval", ["'1 day'", "'2 hours'", "'-3 days'"]),
        ("char(9)", ["'a'", "'B'", "'ä'"]),
        ('"char"', ["'a'", "'B'"]),
        ("boolean", ["true", "false"]),
        ("bytea", ["'a'", "'\\x00ff'", "''"]),
        ("money", ["1.5", "-2"]),
    ],
)
def test_types_of_postgresql(
    database: DatabaseUnderTest, engine: str, type_: str, values: list[str]
) -> None:
    _made(database, f"key {type_} PRIMARY KEY", *values)
    _each_once(database, peewee.Field(primary_key=True), len(values))


def test_a_key_that_is_not_one(database: DatabaseUnderTest) -> None:
    quote = _quote(database)
    _made(database, f"{quote}key{quote} INTEGER", "1", "2", "2", "3")
    reading.execute(database.url, "UPDATE thing SET m = 1", _one_row_of_two(database))
    db = database.connect()
    thing = _model(db, peewee.IntegerField(primary_key=True))
    function, of_batch, expressions = _changes(thing)
    for change, options in (function, of_batch):
        with pytest.raises(MigrationFailedError) as caught:
            called(db, thing, change, batch=2, **options)
        assert (caught.value.what, caught.value.next) == (
            "backfill() cannot walk this: thing has several rows with the same key, which Thing "
            "calls its key.",
            "name fields that tell its rows apart (`primary_key = CompositeKey(…)` in the model's "
            "Meta), or give a dictionary of expressions instead of a function.",
        )
    assert reading.execute(database.url, "SELECT DISTINCT n FROM thing") == [(0,)]
    assert called(db, thing, expressions[0], batch=2) == 4
    both = _model(db, peewee.IntegerField(), peewee.CompositeKey("key", "m"))
    assert called(db, both, function[0], batch=2) == 4
    assert reading.execute(database.url, "SELECT DISTINCT n FROM thing") == [(2,)]


def _one_row_of_two(database: DatabaseUnderTest) -> str:
    """What makes the pairs of key and m differ."""
    if database.url.startswith("mysql"):
        return "UPDATE thing SET m = 2 WHERE `key` = 2 LIMIT 1"
    row = "rowid" if database.url.startswith("sqlite") else "ctid"
    return f"UPDATE thing SET m = 2 WHERE {row} = (SELECT min({row}) FROM thing WHERE key = 2)"


def test_what_is_as_it_was_is_done_too(database: DatabaseUnderTest) -> None:
    """MariaDB does not count it."""
    quote = _quote(database)
    _made(database, f"{quote}key{quote} INTEGER PRIMARY KEY", *map(str, range(1200)))
    db = database.connect()
    thing = _model(db, peewee.IntegerField(primary_key=True))
    assert called(db, thing, lambda row: {"n": row.n + row.key % 2}, batch=1100) == 1200
    assert called(db, thing, lambda row: {"n": row.key % 2}) == 1200
    assert called(db, thing, {"n": thing.key.bin_and(1)}, batch=700) == 1200
    assert reading.execute(database.url, "SELECT n, count(*) FROM thing GROUP BY n ORDER BY n") == [
        (0, 600),
        (1, 600),
    ]


def test_a_row_that_is_gone_when_it_is_written(database: DatabaseUnderTest) -> None:
    quote = _quote(database)
    _made(database, f"{quote}key{quote} INTEGER PRIMARY KEY", "1", "2", "3", "4")
    db = database.connect()
    thing = _model(db, peewee.IntegerField(primary_key=True))

    def change(row: Any) -> dict[str, int]:
        if row.key == 3:
            row.delete_instance()
        return {"n": 1}

    with pytest.raises(MigrationFailedError) as caught:
        called(db, thing, change, batch=2)
    assert (caught.value.what, caught.value.next) == (
        "backfill() has 2 rows of thing to write, and found 1 of them again.",
        "see whether a trigger, a rule or a policy keeps rows of the table from being changed.",
    )
    assert reading.execute(database.url, "SELECT n FROM thing ORDER BY 1") == [
        (0,),
        (0,),
        (1,),
        (1,),
    ]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_a_trigger_that_keeps_a_row(database: DatabaseUnderTest, engine: str) -> None:
    _made(database, "key INTEGER PRIMARY KEY", "1", "2", "3")
    if engine == "sqlite":
        trigger = (
            "CREATE TRIGGER t BEFORE UPDATE ON thing WHEN NEW.key = 2 "
            "BEGIN SELECT RAISE(IGNORE); END",
        )
    else:
        trigger = (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN IF NEW.key = 2 THEN RETURN NULL; END IF; RETURN NEW; END'",
            "CREATE TRIGGER t BEFORE UPDATE ON thing FOR EACH ROW EXECUTE FUNCTION f()",
        )
    reading.execute(database.url, *trigger)
    db = database.connect()
    thing = _model(db, peewee.IntegerField(primary_key=True))
    with pytest.raises(
        MigrationFailedError, match="has 3 rows of thing to write, and found 2 of them"
    ):
        called(db, thing, lambda row: {"n": 1})
    assert reading.execute(database.url, "SELECT DISTINCT n FROM thing") == [(0,)]


def test_a_key_that_is_not_one_any_more(database: DatabaseUnderTest) -> None:
    quote = _quote(database)
    _made(database, f"{quote}key{quote} INTEGER", "1", "2", "3")
    db = database.connect()
    thing = _model(db, peewee.IntegerField(primary_key=True))

    def change(row: Any) -> dict[str, int]:
        if row.key == 3:
            thing.insert(key=3, n=0, m=0).execute()
        return {"n": 1}

    with pytest.raises(MigrationFailedError) as caught:
        called(db, thing, change)
    assert (caught.value.what, caught.value.next) == (
        "backfill() has 3 rows of thing to write, and found 4 with their keys.",
        "let the model name a primary key that tells the table's rows apart.",
    )
    assert reading.execute(database.url, "SELECT DISTINCT n FROM thing") == [(0,)]


def test_a_query_with_joins(database: DatabaseUnderTest) -> None:
    """A row is there once for each row of the other table, and is changed as often."""
    quote = _quote(database)
    _made(database, f"{quote}key{quote} INTEGER PRIMARY KEY", "1", "2", "3")
    reading.execute(
        database.url,
        "CREATE TABLE part (id INTEGER PRIMARY KEY, thing_id INTEGER, size INTEGER)",
        "INSERT INTO part VALUES (1, 1, 5), (2, 1, 6), (3, 3, 7)",
    )
    db = database.connect()
    thing = _model(db, peewee.IntegerField(primary_key=True))

    class Part(peewee.Model):
        thing_id = peewee.IntegerField()
        size = peewee.IntegerField()

        class Meta:
            database = db
            table_name = "part"

    query = thing.select(Part.size, thing).join(Part, on=(Part.thing_id == thing.key))
    changed = []

    def change(row: Any) -> dict[str, int]:
        changed.append((row.key, row.part.size))
        return {"n": 1}

    assert called(db, query, change) == 3
    assert sorted(changed) == [(1, 5), (1, 6), (3, 7)]
    assert reading.execute(database.url, "SELECT n FROM thing ORDER BY 1") == [(0,), (1,), (1,)]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_driver_that_counts_nothing(database: DatabaseUnderTest, engine: str) -> None:
    apsw_ext = pytest.importorskip("playhouse.apsw_ext")
    _made(database, "key TEXT PRIMARY KEY", *(f"'{n}'" for n in range(9)))
    db = apsw_ext.APSWDatabase(database.url.removeprefix("sqlite:///"))
    thing = _model(db, peewee.CharField(primary_key=True))

    def change(row: Any) -> dict[str, int]:
        if row.key == "3" and row.n == 1:
            row.delete_instance()
        return {"n": row.n + 1}

    assert called(db, thing, change, batch=4) == 9
    with pytest.raises(
        MigrationFailedError, match="has 9 rows of thing to write, and found 8 of them"
    ):
        called(db, thing, change)
    assert reading.execute(database.url, "SELECT DISTINCT n FROM thing") == [(1,)]
