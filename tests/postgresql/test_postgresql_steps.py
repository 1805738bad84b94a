"""Over several transactions: what a run that died in the middle began, the next one finishes."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid

import peewee
import pytest
from peewee import Check, IntegerField, UUIDField
from playhouse.postgres_ext import ArrayField

from wheatear.engines.postgresql import adding_in_steps, concurrently, filling, not_valid
from wheatear.engines.postgresql.migrator import PostgresqlMigrator
from wheatear.engines.postgresql.reader import read_schema
from wheatear.engines.postgresql.work import LongLockWarning
from wheatear.errors import OperationError

TEAM = type("Team", (peewee.Model,), {"Meta": type("Meta", (), {"table_name": "team"})})


class Died(BaseException):
    """A process that was killed."""


@pytest.fixture
def team(db):
    db.execute_sql(
        "CREATE TABLE team (id integer PRIMARY KEY, name text);"
        "CREATE TABLE player (id serial PRIMARY KEY, name text, team_id integer);"
        "INSERT INTO team VALUES (1, 'reds');"
        "INSERT INTO player (name, team_id) SELECT 'p' || n, 1 FROM generate_series(1, 300) n"
    )


OPERATIONS = {
    "add_not_null": lambda m: m.add_not_null("player", "name"),
    "add_constraint": lambda m: m.add_constraint("player", "named", Check("name <> ''")),
    "add_foreign_key_constraint": lambda m: m.add_foreign_key_constraint(
        "player", "team_id", "team", "id", on_delete="CASCADE"
    ),
    "add_column": lambda m: m.add_column(
        "player", "token", UUIDField(default=uuid.uuid4, unique=True)
    ),
    "add_column with a foreign key": lambda m: m.add_column(
        "player", "side_id", peewee.ForeignKeyField(TEAM, default=1, on_delete="CASCADE")
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_run_that_died_anywhere_is_finished_by_the_next(name, connect, db, team, monkeypatch):
    operation = OPERATIONS[name]
    steps = PostgresqlMigrator(db)
    with db.atomic() as transaction:  # in one go
        steps.migrate(operation(steps))
        expected = read_schema(db)
        transaction.rollback()
    undone = read_schema(db)
    for deadly in itertools.count(1):
        db.execute_sql("UPDATE pg_class SET reltuples = 2e6 WHERE relname = 'player'")
        calls = itertools.count(1)

        def dying(function, deadly=deadly, calls=calls):
            def call(*args, **kwargs):
                if next(calls) == deadly:
                    raise Died
                return function(*args, **kwargs)

            return call

        dying_db = connect()
        migrator = PostgresqlMigrator(dying_db)
        with monkeypatch.context() as patched:
            for module, called in (
                (not_valid, "send"),
                (adding_in_steps, "send"),
                (concurrently, "send"),
                (filling, "fill"),
            ):
                patched.setattr(module, called, dying(getattr(module, called)))
            try:
                migrator.migrate(operation(migrator))
            except Died:
                pass
            else:
                break
        dying_db.close()
        steps.migrate(operation(steps))
        assert read_schema(db) == expected, deadly
        _undo(db, name)
        assert read_schema(db) == undone
    assert read_schema(db) == expected
    assert deadly > 4


def _undo(db, name):
    for sql in {
        "add_not_null": ["ALTER TABLE player ALTER name DROP NOT NULL"],
        "add_constraint": ["ALTER TABLE player DROP CONSTRAINT named"],
        "add_foreign_key_constraint": [
            "ALTER TABLE player DROP CONSTRAINT fk_player_team_id_refs_team"
        ],
        "add_column": ["ALTER TABLE player DROP COLUMN token"],
        "add_column with a foreign key": ["ALTER TABLE player DROP COLUMN side_id"],
    }[name]:
        db.execute_sql(sql)


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (
            lambda m: m.add_not_null("player", "team_id"),
            "add_not_null('player', 'team_id'): column \"team_id\" is NULL in some rows.",
        ),
        (
            lambda m: m.add_constraint("player", "few", Check("id < 10")),
            "is violated by some row",
        ),
        (
            lambda m: m.add_foreign_key_constraint("player", "id", "team", "id"),
            'Key (id)=(2) is not present in table "team"',
        ),
    ],
)
def test_rows_that_break_it_leave_all_as_it_was(operation, said, db, migrator, team):
    db.execute_sql("UPDATE player SET team_id = NULL WHERE id = 7")
    before = read_schema(db)
    with pytest.raises(OperationError) as caught:
        migrator.migrate(operation(migrator))
    assert said in caught.value.what
    assert "as before" in caught.value.state
    assert read_schema(db) == before


def test_a_constraint_of_that_name_is_not_taken_for_a_left_over(db, migrator, team):
    db.execute_sql("ALTER TABLE player ADD CONSTRAINT named CHECK (name <> 'x') NOT VALID")
    with pytest.raises(OperationError, match='has a constraint "named" already'):
        migrator.migrate(migrator.add_constraint("player", "named", Check("name <> ''")))


def test_in_a_transaction_a_large_table_is_warned_of(db, migrator, team):
    db.execute_sql("UPDATE pg_class SET reltuples = 2e6 WHERE relname = 'player'")
    for operation in (OPERATIONS["add_not_null"], OPERATIONS["add_constraint"]):
        with db.atomic(), pytest.warns(LongLockWarning) as caught:
            migrator.migrate(operation(migrator))
        message = str(caught[0].message)
        assert caught[0].filename == __file__
        assert "atomic = False\n\ndef migrate_forward():" in message
        assert "test_postgresql_steps.py:" in message
    assert "migrator.add_constraint('player', 'named', SQL(" in message


def test_in_a_transaction_a_small_table_is_not(db, migrator, team):
    with db.atomic():
        for name, operation in OPERATIONS.items():
            migrator.migrate(operation(migrator))
            print(name)


def test_fields_are_called_once_a_row_and_leave_no_default(any_db, connect):
    any_db.execute_sql(
        "CREATE TABLE p (id integer, at integer) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);"
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1000) TO (9000);"
        "INSERT INTO p SELECT n, 0 FROM generate_series(0, 4999) n"
    )
    migrator = PostgresqlMigrator(any_db)
    numbers = itertools.count()
    migrator.migrate(migrator.add_column("p", "n", IntegerField(default=lambda: next(numbers))))
    rows = any_db.execute_sql("SELECT count(DISTINCT n), min(n), max(n) FROM p").fetchone()
    assert rows == (5000, 0, 4999)
    column = read_schema(any_db).table("p").columns[-1]
    assert (column.null, column.default) == (False, None)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (peewee.JSONField(default=lambda: {"a": [1, "%s"]}), "{'a': [1, '%s']}"),
        (peewee.CharField(default=lambda: "50% \\ 'x'"), "50% \\ 'x'"),
        (peewee.DecimalField(default=lambda: "1.25"), "1.25000"),
        (peewee.BlobField(default=lambda: b"\x00%"), "b'\\x00%'"),
        (peewee.TimestampField(default=lambda: 1000), "1000"),
        (peewee.IntegerField(default=lambda: peewee.SQL("1 + 2 %% 2")), "1"),
        (peewee.DateField(default=lambda: dt.date(2020, 1, 2)), "2020-01-02"),
        (peewee.UUIDField(default=lambda: uuid.UUID(int=7)), str(uuid.UUID(int=7))),
        (ArrayField(IntegerField, default=lambda: [1, 2]), "[1, 2]"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, peewee.Field) else "",
)
def test_values_of_every_kind(any_db, field, expected):
    any_db.execute_sql("CREATE TABLE t (id integer); INSERT INTO t VALUES (1), (2)")
    migrator = PostgresqlMigrator(any_db)
    migrator.migrate(migrator.add_column("t", "v", field))
    values = [v for (v,) in any_db.execute_sql("SELECT v FROM t")]
    shown = [bytes(v) if isinstance(v, memoryview) else v for v in values]
    assert [str(v) for v in shown] == [expected] * 2


def test_rows_that_come_while_it_fills_are_filled_too(connect, db, migrator, team, monkeypatch):
    other = connect()
    fill = filling.fill

    def slowly(*args, **kwargs):
        other.execute_sql("INSERT INTO player (name) VALUES ('late'), ('later')")
        return fill(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(filling, "fill", lambda *a, **k: (patched.undo(), slowly(*a, **k))[1])
        migrator.migrate(migrator.add_column("player", "n", IntegerField(default=lambda: 7)))
    assert db.execute_sql("SELECT count(*) FROM player WHERE n = 7").fetchone() == (302,)


def test_a_classs_empty_value_is_a_constant(db, migrator, team):
    migrator.migrate(
        migrator.add_column("player", "extra", peewee.JSONField(default=dict)),
        migrator.add_column("player", "flag", peewee.BooleanField(default=False)),
        migrator.add_column("player", "raw", peewee.BlobField(default=b"\\'\x00")),
        migrator.add_column("player", "seen", peewee.DateTimeField(default="2020-01-01")),
        migrator.add_column("player", "now", peewee.DateTimeField(default=peewee.fn.now())),
        migrator.add_column(
            "player", "sql", IntegerField(default=3, constraints=[peewee.SQL("DEFAULT 4")])
        ),
    )
    columns = read_schema(db).table("player").columns[3:]
    assert [column.default for column in columns] == [
        "'{}'::jsonb",
        "false",
        "'\\x5c2700'::bytea",
        "'2020-01-01 00:00:00'::timestamp without time zone",
        "now()",
        "4",
    ]
    assert not any(column.null for column in columns)


def test_concurrently_only_outside_a_transaction(db, migrator, team):
    for operation in (
        migrator.add_index("player", ("name",), concurrently=True),
        migrator.drop_index("player", "x", concurrently=True),
    ):
        with db.atomic(), pytest.raises(OperationError) as caught:
            migrator.migrate(operation)
        assert "`atomic = False` at the top" in caught.value.next


def test_an_invalid_left_over_is_dropped_and_built_again(db, migrator, team):
    db.execute_sql("INSERT INTO player (name) VALUES ('p1')")
    add = migrator.add_index("player", ("name",), unique=True, concurrently=True)
    with pytest.raises(OperationError, match="could not create unique index"):
        migrator.migrate(add)
    assert read_schema(db).table("player").indexes == ()
    with pytest.raises(peewee.IntegrityError):
        db.execute_sql("CREATE UNIQUE INDEX CONCURRENTLY player_name ON player (name)")
    assert read_schema(db).table("player").indexes[0].extra == "INVALID"
    db.execute_sql("DELETE FROM player WHERE id > 300")
    migrator.migrate(add)
    assert read_schema(db).table("player").indexes[0].extra == ""
    with pytest.raises(OperationError, match='There is an index "player_name"'):
        migrator.migrate(add)
    assert db.execute_sql("SHOW lock_timeout").fetchone() == ("0",)


def test_a_deadlock_while_building_is_tried_again(db, migrator, team, monkeypatch):
    def deadlock(*_):
        patched.undo()
        db.execute_sql("DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END$$")

    with monkeypatch.context() as patched:
        patched.setattr(concurrently, "send", deadlock)
        migrator.migrate(migrator.add_index("player", ("name",), concurrently=True))
    assert [index.name for index in read_schema(db).table("player").indexes] == ["player_name"]


def test_a_column_whose_rows_cannot_be_filled_is_taken_away_again(db, migrator, team):
    before = read_schema(db)
    db.execute_sql(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
        "IF NEW.id = 250 THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END$$;"
        "CREATE TRIGGER no BEFORE UPDATE ON player FOR EACH ROW EXECUTE FUNCTION no()"
    )
    with pytest.raises(OperationError, match="not this one"):
        migrator.migrate(OPERATIONS["add_column"](migrator))
    with pytest.raises(ZeroDivisionError):
        migrator.migrate(migrator.add_column("player", "n", IntegerField(default=lambda: 1 // 0)))
    assert read_schema(db).tables == before.tables
