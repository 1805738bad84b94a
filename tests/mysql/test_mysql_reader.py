"""What is read is all there is, and the same wherever it was made."""

from __future__ import annotations

import time
from collections.abc import Callable

import peewee
import pytest
from mariadb_live import RICH, Live

from support.databases import only_mariadb
from wheatear.engines.mysql.reader import read_schema
from wheatear.schema.model import Column, Constraint, Index, Object, Schema


@only_mariadb
def test_a_rich_table(rich: Live) -> None:
    rich.run(
        "CREATE VIEW v AS SELECT n, '`x`.' AS q FROM rich",
        "CREATE TRIGGER a BEFORE INSERT ON rich FOR EACH ROW SET NEW.n = 7",
        "CREATE TRIGGER b BEFORE INSERT ON rich FOR EACH ROW FOLLOWS a SET NEW.s = 'x'",
        "CREATE SEQUENCE sq",
    )
    schema = read_schema(rich.database)
    assert [table.name for table in schema.tables] == ["parent", "rich"]
    assert schema.objects == (
        Object("sequence", "sq", "CREATE SEQUENCE `sq`"),
        Object("trigger", "a", "CREATE TRIGGER `a` BEFORE INSERT ON `rich` FOR EACH ROW SET NEW.n = 7", "rich"),
        Object("trigger", "b", "CREATE TRIGGER `b` BEFORE INSERT ON `rich` FOR EACH ROW FOLLOWS `a` SET NEW.s = 'x'", "rich"),
        Object("view", "v", "CREATE VIEW `v` AS select `rich`.`n` AS `n`,'`x`.' AS `q` from `rich`"),
    )  # fmt: skip
    table = schema.table("rich")
    columns = {column.name: column for column in table.columns}
    assert list(columns)[:3] == ["id", "n", "s"]
    for column in (
        Column("id", "int(11)", False, generated="AUTO_INCREMENT"),
        Column("n", "int(11)", False, "5", comment="a, b NOT NULL 'x' \\ DEFAULT 7\nnext line"),
        Column("s", "varchar(30)", default="'a''b\\\\c'", collation="latin1_swedish_ci"),
        Column("ts", "timestamp", False, "current_timestamp()", "ON UPDATE current_timestamp()"),
        Column("g", "int(11)", generated="GENERATED ALWAYS AS (`n` + 1) VIRTUAL"),
        Column("gi", "int(11) INVISIBLE", generated="GENERATED ALWAYS AS (`n`) VIRTUAL"),
        Column("st", "set('x','y')"),
        Column("ex", "int(11)", default="(1 + 2)"),
    ):
        assert columns[column.name] == column
    assert Constraint("primary key", ("id",)) in table.constraints
    assert Constraint("check", ("n",), "`n` > 0") in table.constraints
    assert Constraint("check", (), "`n` < 100 and `s` <> ')'", name="ck") in table.constraints
    assert (
        Constraint("foreign key", ("p_id",), table="parent", targets=("id",), options="ON DELETE CASCADE ON UPDATE SET NULL", name="fk_p")
        in table.constraints
    )  # fmt: skip
    for index in (
        Index("uq", ("u",), unique=True),
        Index("pre", ("s(5)", "n DESC")),
        Index("kc", ("f",), extra="COMMENT 'idx, comment'"),
        Index("ig", ("nn",), extra="IGNORED"),
        Index("fk_p", ("p_id",)),
    ):
        assert index in table.indexes
    assert table.comment == "tbl, 'cmt'"
    assert table.options == "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"


def test_kinds_of_index(live: Live) -> None:
    live.run("CREATE TABLE t (a text, g point NOT NULL, FULLTEXT KEY ft (a), SPATIAL KEY sp (g))")
    assert read_schema(live.database).tables[0].indexes == (
        Index("ft", ("a",), using="FULLTEXT"),
        Index("sp", ("g",), using="SPATIAL"),
    )


def test_some_tables_and_none(rich: Live) -> None:
    assert read_schema(rich.database, []) == Schema()
    assert [t.name for t in read_schema(rich.database, {"parent", "other"}).tables] == ["parent"]


def test_another_database_reads_the_same(rich: Live, new_database: Callable) -> None:
    other = new_database("mariadb").connect()
    view = "CREATE VIEW v AS SELECT n FROM rich WHERE s <> ''"
    rich.run(view)
    with other.connection_context():
        assert read_schema(other) == Schema()
        for sql in (
            "CREATE TABLE parent (id int PRIMARY KEY, code varchar(20) CHARACTER SET latin1 UNIQUE)",
            RICH,
            view,
        ):
            other.execute_sql(sql.replace("%", "%%"))
        assert read_schema(other) == read_schema(rich.database)


@pytest.mark.long
def test_five_hundred_tables_are_eight_queries(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(500):
        live.run(
            f"CREATE TABLE t{n} (id int PRIMARY KEY, a int, b varchar(20) DEFAULT 'x', KEY (a), CHECK (a > 0))"
        )
    sent = []
    plain = live.database.execute_sql
    monkeypatch.setattr(
        live.database, "execute_sql", lambda *args: (sent.append(args), plain(*args))[1]
    )
    begun = time.perf_counter()
    assert len(read_schema(live.database).tables) == 500
    print(f"500 tables: {time.perf_counter() - begun:.3f} s, {len(sent)} queries")
    assert len(sent) == 8
    assert isinstance(live.database, peewee.MySQLDatabase)
