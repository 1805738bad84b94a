# ruff: noqa: DTZ001
"""A column is added in one statement, with its default, index, CHECK and foreign key."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid

import peewee
import pytest
from mariadb_live import Live, altered
from playhouse.migrate import migrate

from support.databases import only_mariadb
from wheatear.engines.mysql.warned import TriggersFireWarning
from wheatear.errors import OperationError


class Parent(peewee.Model):
    id = peewee.IntegerField(primary_key=True)
    code = peewee.CharField(max_length=20, unique=True)

    class Meta:
        table_name = "parent"


CONSTANT_DEFAULTS = [
    (peewee.IntegerField(default=0), "int(11) NOT NULL DEFAULT 0", 0),
    (peewee.BooleanField(default=True), "tinyint(1) NOT NULL DEFAULT 1", 1),
    (peewee.CharField(default="a'b\\c 100%s"), "varchar(255) NOT NULL DEFAULT 'a''b\\\\c 100%s'", "a'b\\c 100%s"),
    (peewee.TextField(default="now()"), "text NOT NULL DEFAULT 'now()'", "now()"),
    (peewee.BlobField(default=b"a\0b"), "blob NOT NULL DEFAULT X'610062'", b"a\0b"),
    (peewee.JSONField(default=[]), "longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '[]' CHECK (json_valid(`q`))", "[]"),
    (peewee.FloatField(default=-1.5), "float NOT NULL DEFAULT -1.5", -1.5),
    (peewee.DecimalField(default=decimal.Decimal("1.50")), "decimal(10,5) NOT NULL DEFAULT 1.50000", decimal.Decimal("1.50000")),
    (peewee.DateField(default=dt.date(2026, 1, 2)), "date NOT NULL DEFAULT '2026-01-02'", dt.date(2026, 1, 2)),
    (peewee.DateTimeField(default=dt.datetime(2026, 1, 2, 3, 4)), "datetime NOT NULL DEFAULT '2026-01-02 03:04:00'", dt.datetime(2026, 1, 2, 3, 4)),
    (peewee.UUIDField(default=uuid.UUID(int=1)), "varchar(40) NOT NULL DEFAULT '00000000000000000000000000000001'", "0" * 31 + "1"),
    (peewee.CharField(null=True, max_length=9), "varchar(9) DEFAULT NULL", None),
    (peewee.IntegerField(null=True, default=3), "int(11) DEFAULT 3", 3),
    (peewee.CharField(default="x", max_length=9, collation="utf8mb4_bin"), "varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'x'", "x"),
    (peewee.IntegerField(default=2, constraints=[peewee.Check("q > 1"), peewee.SQL("COMMENT 'a, b'")]), "int(11) NOT NULL DEFAULT 2 COMMENT 'a, b' CHECK (`q` > 1)", 2),
    (peewee.IntegerField(default=2, constraints=[peewee.SQL("DEFAULT 4"), peewee.Check("q > 1"), peewee.Check("q <= 9")]), "int(11) NOT NULL DEFAULT 4 CHECK (`q` > 1 and `q` <= 9)", 4),
    (peewee.CharField(default="a", max_length=9, constraints=[peewee.SQL("CHECK (q LIKE %s)", ["a%"])]), "varchar(9) NOT NULL DEFAULT 'a' CHECK (`q` like 'a%')", "a"),
    (peewee.DateTimeField(default=peewee.SQL("current_timestamp")), "datetime NOT NULL DEFAULT current_timestamp()", ...),
]  # fmt: skip


@only_mariadb
def test_a_constant_default_is_one_alter_and_stays(rich: Live) -> None:
    sent = altered(rich)
    for at, (field, shown, value) in enumerate(CONSTANT_DEFAULTS):
        name = "q" if field.constraints else f"q{at}"
        sent.clear()
        added = rich.migrator.add_column("rich", name, field)
        line = f"+ `{name}` {shown.replace('`q`)', f'`{name}`)') if 'json' in shown else shown}"
        assert rich.diff("rich", lambda: migrate(added)) == {line}  # noqa: B023
        assert len({sql.partition(", ALGORITHM")[0] for sql in sent}) == 1
        if value is not ...:
            assert rich.run(f"SELECT {name} FROM rich LIMIT 1") == ((value,),)
        if name == "q":
            rich.run("ALTER TABLE rich DROP COLUMN q")


def test_a_plain_default_is_instant(live: Live) -> None:
    live.run("CREATE TABLE t (id int PRIMARY KEY)")
    sent = altered(live)
    live.migrator.add_column("t", "q", peewee.IntegerField(default=0)).run()
    assert sent == ["ALTER TABLE `t` ADD COLUMN `q` INTEGER NOT NULL DEFAULT 0, ALGORITHM=INSTANT"]


@only_mariadb
def test_indexes(live: Live) -> None:
    live.run("CREATE TABLE t (id int PRIMARY KEY)")
    m = live.migrator
    added = live.diff(
        "t",
        lambda: m.migrate(
            m.add_column("t", "a", peewee.IntegerField(null=True, index=True)),
            m.add_column("t", "b", peewee.CharField(null=True, max_length=9, unique=True)),
        ),
    )
    assert added == {
        "+ `a` int(11) DEFAULT NULL",
        "+ `b` varchar(9) DEFAULT NULL",
        "+ KEY `t_a` (`a`)",
        "+ UNIQUE KEY `t_b` (`b`)",
    }


@only_mariadb
def test_a_foreign_key_has_one_index_and_copies_nothing(rich: Live) -> None:
    rich.run("CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)")
    sent = altered(rich)
    field = peewee.ForeignKeyField(Parent, null=True, on_delete="CASCADE", on_update="SET NULL")
    assert rich.diff("t", lambda: migrate(rich.migrator.add_column("t", "parent_id", field))) == {
        "+ `parent_id` int(11) DEFAULT NULL",
        "+ KEY `t_parent_id` (`parent_id`)",
        "+ CONSTRAINT `fk_t_parent_id_refs_parent` FOREIGN KEY (`parent_id`) REFERENCES `parent` (`id`)"
        " ON DELETE CASCADE ON UPDATE SET NULL",
    }
    assert sent[-1].endswith("ALGORITHM=INSTANT")
    assert rich.run("SELECT @@foreign_key_checks") == ((1,),)
    field = peewee.ForeignKeyField(Parent, default=1)
    migrate(rich.migrator.add_column("t", "other_id", field))
    with pytest.raises(OperationError, match="foreign key constraint fails"):
        migrate(
            rich.migrator.add_column("t", "third_id", peewee.ForeignKeyField(Parent, default=9))
        )


def test_a_foreign_key_to_a_table_that_is_not_there_is_refused(rich: Live) -> None:
    class Parrent(peewee.Model):
        pass

    for field in (
        peewee.ForeignKeyField(Parrent, null=True),
        peewee.ForeignKeyField(Parrent, default=1),
    ):
        with pytest.raises(OperationError, match="no table 'parrent'; did you mean parent"):
            rich.migrator.add_column("rich", "q", field).run()
    with pytest.raises(OperationError, match="no table 'parrent'; did you mean parent"):
        rich.migrator.add_foreign_key_constraint("rich", "p_id", "parrent", "id").run()
    with pytest.raises(OperationError, match="'parent' has no column 'idd'; did you mean id"):
        rich.migrator.add_foreign_key_constraint("rich", "p_id", "parent", "idd").run()


@pytest.mark.parametrize("key", ["a int, b varchar(9)", ""], ids=["composite", "no key"])
def test_a_callable_default_is_called_once_a_row(live: Live, key: str) -> None:
    live.run(
        "CREATE TABLE t (id int AUTO_INCREMENT UNIQUE, a int, b varchar(9), up timestamp NOT NULL DEFAULT '2001-01-01'"
        " ON UPDATE current_timestamp()" + (", PRIMARY KEY (a, b)" if key else "") + ")",
        "INSERT INTO t (a, b) VALUES " + ", ".join(f"({n // 7}, 'x{n % 7}')" for n in range(703)),
    )
    field = peewee.UUIDField(default=uuid.uuid4, unique=True)
    assert live.diff("t", lambda: migrate(live.migrator.add_column("t", "u", field))) == {
        "+ `u` varchar(40) NOT NULL",
        "+ UNIQUE KEY `t_u` (`u`)",
    }
    assert live.run("SELECT count(DISTINCT u), min(length(u)), max(up) FROM t") == (
        (703, 32, dt.datetime(2001, 1, 1)),
    )


@only_mariadb
def test_a_callable_default_of_a_foreign_key(rich: Live) -> None:
    field = peewee.ForeignKeyField(Parent, default=lambda: 1)
    assert rich.diff("rich", lambda: migrate(rich.migrator.add_column("rich", "q_id", field))) == {
        "+ `q_id` int(11) NOT NULL",
        "+ KEY `rich_q_id` (`q_id`)",
        "+ CONSTRAINT `fk_rich_q_id_refs_parent` FOREIGN KEY (`q_id`) REFERENCES `parent` (`id`)",
    }


def test_triggers_that_filling_runs_are_named(rich: Live) -> None:
    rich.run("CREATE TRIGGER tr BEFORE UPDATE ON rich FOR EACH ROW SET NEW.f = 9")
    with pytest.warns(TriggersFireWarning, match="runs the trigger tr"):
        migrate(rich.migrator.add_column("rich", "q", peewee.IntegerField(default=lambda: 1)))


def test_a_callable_default_that_fails_says_what_is_there(rich: Live) -> None:
    with pytest.raises(OperationError) as caught:
        rich.migrator.add_column("rich", "q", peewee.IntegerField(default=lambda: None)).run()
    assert "hold NULL" in caught.value.what
    assert (
        caught.value.state == "The column 'q' is there and takes NULL; its rows are filled in part."
    )
    assert caught.value.next


def test_rows_inserted_while_the_column_is_filled_are_filled_too(rich: Live) -> None:
    calls = []

    def value() -> int:
        calls.append(1)
        if len(calls) == 2:
            rich.database.connection().cursor().execute(
                "INSERT INTO rich (id, nn) VALUES (-1, 'late')"
            )
        return len(calls)

    migrate(rich.migrator.add_column("rich", "q", peewee.IntegerField(default=value)))
    assert rich.run("SELECT q FROM rich ORDER BY id") == ((3,), (1,), (2,))


def test_the_users_field_is_left_alone(rich: Live) -> None:
    field = peewee.ForeignKeyField(Parent, null=True)
    before = dict(vars(field))
    rich.migrator.add_column("rich", "q_id", field).run()
    assert vars(field) == before
