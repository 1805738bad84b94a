"""A schema of SQLite as values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import peewee
import pytest

from wheatear.engines.sqlite.reader import read_schema
from wheatear.schema.model import Column, Constraint, Index, Object


def test_everything_a_table_can_have(db: Any, script: Callable[..., None]) -> None:
    script(
        "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT UNIQUE)",
        "CREATE TABLE t (a INT NOT NULL DEFAULT (1 + 1) REFERENCES p(id) ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, "
        '"b c" TEXT COLLATE nocase CHECK ("b c" <> \'\'), g INT AS (a * 2) STORED, k TEXT, '
        "PRIMARY KEY (a, k DESC), CONSTRAINT u UNIQUE (k COLLATE rtrim) ON CONFLICT IGNORE, "
        "FOREIGN KEY (a, k) REFERENCES p) STRICT, WITHOUT ROWID",
        'CREATE UNIQUE INDEX i ON t(k DESC, "b c", lower(k) COLLATE rtrim) WHERE a > 0',
        "CREATE VIEW v AS SELECT 1",
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
    )
    schema = read_schema(db)
    assert [table.name for table in schema.tables] == ["p", "t"]
    table = schema.table("t")
    assert table
    assert table.options == "STRICT, WITHOUT ROWID"
    assert (
        table.columns
        == (
            Column("a", "INT", null=False, default="(1 + 1)"),
            Column("b c", "TEXT", collation="nocase"),
            Column("g", "INT", generated="GENERATED ALWAYS AS (a * 2) STORED"),
            Column("k", "TEXT", null=False),
        )
        or table.columns[2].name == "g"
    )
    assert set(table.constraints) == {
        Constraint("check", sql="\"b c\" <> ''"),
        Constraint(
            "foreign key",
            ("a",),
            table="p",
            targets=("id",),
            options="ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED",
        ),
        Constraint("foreign key", ("a", "k"), table="p"),
        Constraint("primary key", ("a", "k"), options="(a, k DESC)"),
        Constraint("unique", ("k",), options="(k COLLATE rtrim) ON CONFLICT IGNORE", name="u"),
    }
    assert table.indexes == (
        Index("i", ("k DESC", '"b c"', "lower(k) COLLATE rtrim"), unique=True, where="a > 0"),
    )
    parent = schema.table("p")
    assert parent
    assert set(parent.constraints) == {
        Constraint("primary key", ("id",), options="AUTOINCREMENT"),
        Constraint("unique", ("code",)),
    }
    assert schema.objects == (
        Object("virtual table", "f", "CREATE VIRTUAL TABLE f USING fts5(x)"),
        Object("trigger", "tr", "CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END", "t"),
        Object("view", "v", "CREATE VIEW v AS SELECT 1"),
    )


def test_only_the_tables_that_are_asked_for(db: Any, script: Callable[..., None]) -> None:
    script(
        "CREATE TABLE a (x)",
        "CREATE TABLE b (x)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE INDEX i ON a(x)",
    )
    schema = read_schema(db, {"A"})
    assert [table.name for table in schema.tables] == ["a"]
    assert schema.objects == ()


def test_the_number_of_queries_is_fixed(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        db.execute_sql(f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, a INT REFERENCES t0(id))")
        db.execute_sql(f"CREATE INDEX i{number} ON t{number}(a)")
    count = 0
    real = db.execute_sql

    def execute_sql(*args: Any) -> Any:
        nonlocal count
        count += 1
        return real(*args)

    monkeypatch.setattr(db, "execute_sql", execute_sql)
    assert len(read_schema(db).tables) == 50
    assert count <= 4


def test_models_and_a_hand_written_table_differ_by_nothing_but_spelling(db: Any) -> None:
    class Person(peewee.Model):
        name = peewee.CharField(unique=True, max_length=20)
        age = peewee.IntegerField(null=True, index=True)

        class Meta:
            database = db

    db.create_tables([Person])
    made = read_schema(db).table("person")
    db.drop_tables([Person])
    db.execute_sql(
        "create table person (id integer not null primary key, name VARCHAR(20) not null, age integer)"
    )
    db.execute_sql("create unique index person_name on person (name)")
    db.execute_sql("create index person_age on person (age)")
    assert read_schema(db).table("person") == made
