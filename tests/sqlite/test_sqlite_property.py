"""Random tables, as SQLite accepts them, random operations, judged by SQLite's own reports."""

from __future__ import annotations

import contextlib
import random
import re
import warnings
from typing import Any

import peewee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_checks import CHECKS, Case
from sqlite_oracle import quoted, snapshot

from wheatear.engines.sqlite.migrator import SqliteMigrator
from wheatear.errors import OperationError

BARE = (
    "a",
    "Ab",
    "x1",
    "g$",
    "é",
    "ALWAYS",
    "generated",
    "n\u00a0b",
    "text",
    "key",
    "rowid",
    "oid",
)
ODD = (
    "c d",
    "e-f",
    "it's",
    'q"q',
    "b`t",
    "select",
    "CHECK",
    "1st",
    "a,b",
    "(p",
    "--",
    "NOT NULL",
    "tab",
)
TYPES = (
    "",
    "INT",
    "INTEGER",
    "integer",
    "VARCHAR(10)",
    "DECIMAL( 5 , - 2 )",
    "'my type'",
    "double precision",
    "TEXT",
    "BLOB",
    "REAL",
    "[odd type]",
    "DATETIME",
    "generated",
    "int unsigned(3)",
)
STRICT_TYPES = ("INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY")
SPACES = (" ", " ", " ", "\n", "\t ", " /* c, ( ' */ ", " -- it's, (\n", "  ")
DEFAULTS = (
    "5",
    "(5)",
    "- 1.5",
    "+7",
    "'NOT NULL, (x'",
    '"dq"',
    "CURRENT_TIMESTAMP",
    "(abs( -1 ) + 2)",
    "NULL",
    "x'00ff'",
    "1e3",
    "0x10",
    "true",
    "'it''s'",
    "( 'par' )",
)


class Maker:
    """Draws a schema; what it draws may be refused by SQLite, never by the parser alone."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw

    def space(self) -> str:
        return self.draw.choice(SPACES)

    def chance(self, part: float) -> bool:
        return self.draw.random() < part

    def name(self, name: str) -> str:
        if name in BARE and name.isascii() is not None and self.chance(0.6):
            return name
        kind = self.draw.choice(['"', '"', "`", "["])
        if kind == "[":
            return f"[{name}]"
        return kind + name.replace(kind, kind * 2) + kind

    def table(self, names: list[str]) -> tuple[str, str]:
        """The name and the CREATE TABLE."""
        name = self.draw.choice(("t", "T b", "order", "ta'b", "x.y", "été"))
        strict = self.chance(0.15)
        key = self.draw.choice(("none", "none", "integer", "auto", "text", "two"))
        columns = [
            self.column(n, names, strict=strict, key=key if n == names[0] else "none")
            for n in names
        ]
        items = columns + self.constraints(names, key)
        joined = items[0]
        for item in items[1:]:
            joined += self.draw.choice((",", ", ", " ,\n  ", ",-- c\n", ",/*,*/")) + item
        options = ["STRICT"] if strict else []
        if key in {"text", "two"} and self.chance(0.4):
            options.append("without  rowid")
        tail = self.space() + ",".join(options) if options else ""
        return (
            name,
            f"create{self.space()}table {self.name(name) if name != 't' else 't'}{self.space()}({self.space()}{joined}{self.space()}){tail}",
        )

    def column(self, name: str, names: list[str], *, strict: bool, key: str) -> str:
        type_ = self.draw.choice(STRICT_TYPES if strict else TYPES)
        clauses = []
        if key == "integer":
            type_, clauses = "INTEGER", ["PRIMARY KEY"]
        elif key == "auto":
            type_, clauses = "integer", ["primary\nkey AUTOINCREMENT"]
        elif key == "text":
            type_, clauses = "TEXT", ["PRIMARY KEY"]
        elif self.chance(0.1) and name != names[0]:
            other = quoted(names[0])
            stored = self.draw.choice(("", " STORED", " VIRTUAL"))
            clauses = [f"{self.draw.choice(('GENERATED ALWAYS ', ''))}AS ({other} || 'x'){stored}"]
        elif self.chance(0.45):
            value = self.draw.choice(DEFAULTS)
            glue = "" if value[0] in "('\"+-" else " "
            clauses = [f"{self.draw.choice(('DEFAULT', 'default'))}{glue}{value}"]
            if self.chance(0.05):
                clauses.append("DEFAULT 9")
        clauses += self.clauses(name)
        self.draw.shuffle(clauses)
        text = self.name(name)
        for part in ([type_] if type_ else []) + clauses:
            glued = (text[-1] in "])\"'`" or part[0] in "[\"'(`") and self.chance(0.2)
            text += ("" if glued else self.space()) + part
        return text

    def clauses(self, name: str) -> list[str]:
        column = quoted(name)
        some = [
            (0.3, "NOT NULL"),
            (0.05, "not\nnull on conflict replace"),
            (0.08, "NULL"),
            (0.12, "UNIQUE"),
            (0.05, "unique on conflict ignore"),
            (0.1, "COLLATE NOCASE"),
            (0.15, f"CHECK ({column} IS NOT 'zz, (''' or {column} IS NULL)"),
            (0.05, f"CHECK({column}<>'NOT NULL')"),
            (0.15, "REFERENCES parent(id) ON DELETE CASCADE"),
            (0.05, "references parent on update set null not deferrable initially immediate"),
            (0.03, "CONSTRAINT alone"),
        ]
        found = [clause for part, clause in some if self.chance(part)]
        return [
            f'CONSTRAINT "n {at}" {text}' if self.chance(0.15) and "alone" not in text else text
            for at, text in enumerate(found)
        ]

    def constraints(self, names: list[str], key: str) -> list[str]:
        a, b = self.draw.choice(names), self.draw.choice(names)
        found = []
        if key == "two" and a != b:
            found.append(f"PRIMARY KEY({self.name(a)}, {quoted(b)} DESC)")
        if a != b and self.chance(0.2):
            found.append(f"CONSTRAINT [u, 1] UNIQUE({quoted(a)},{self.name(b)} COLLATE rtrim)")
        if self.chance(0.2):
            found.append(
                f"CHECK({quoted(a)} IS NOT ',)('){self.draw.choice((' ', '', ' -- x' + chr(10)))}check(1)"
            )
        if self.chance(0.15):
            found.append(
                f"FOREIGN KEY({quoted(b)})REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED"
            )
        if self.chance(0.05) and a != b:
            found.append(f"foreign key({quoted(a)}, {quoted(b)}) references pair(x, y)")
        return found


def make_case(
    draw: random.Random, connect: Any = peewee.SqliteDatabase
) -> tuple[Case, str, list[str]] | None:
    make = Maker(draw)
    names = draw.sample(BARE + ODD, draw.randint(1, 5))
    if len({name.lower() for name in names}) < len(names):
        return None
    table, sql = make.table(names)
    db = connect(":memory:")
    db.connect()
    for statement in (
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE pair (x, y, UNIQUE(x, y))",
        "INSERT INTO parent VALUES (1), (2), (3)",
    ):
        db.execute_sql(statement)
    try:
        db.execute_sql(sql)
    except peewee.DatabaseError:
        db.close()
        return None
    its = quoted(table)
    insert(draw, db, table)
    if make.chance(0.4):
        short(draw, db, its)
        insert(draw, db, table)
    column = quoted(draw.choice(names))
    for part, statement in (
        (0.3, f"CREATE INDEX i1 ON {its}({column} DESC)"),
        (0.15, f"CREATE UNIQUE INDEX [i,2] ON {its}({column}) WHERE {column} > 5"),
        (0.15, f'CREATE INDEX "i 3" ON {its}(lower({column}), {quoted(names[0])} COLLATE NOCASE)'),
        (0.2, f"CREATE VIEW v AS SELECT {column} AS c FROM {its}"),
        (0.1, f"CREATE VIEW star AS SELECT * FROM {its}"),
        (
            0.2,
            f"CREATE TRIGGER trg AFTER UPDATE OF {column} ON {its} BEGIN DELETE FROM parent WHERE id = 99; END",
        ),
        (
            0.2,
            f"CREATE TRIGGER trg2 AFTER INSERT ON {its} BEGIN UPDATE {its} SET {column} = {column} WHERE 0; END",
        ),
        (
            0.1,
            f"CREATE TRIGGER trg3 AFTER DELETE ON parent BEGIN DELETE FROM {its} WHERE {column} = old.id; END",
        ),
        (0.1, f"CREATE TEMP TABLE {its} (other)"),
        (0.1, f"CREATE TEMP TRIGGER tt AFTER DELETE ON main.{its} BEGIN SELECT 1; END"),
        (0.1, "ANALYZE"),
    ):
        if make.chance(part):
            with contextlib.suppress(peewee.DatabaseError):
                db.execute_sql(statement)
    columns = [
        name
        for (name,) in db.execute_sql(
            "SELECT name FROM pragma_table_xinfo(?, 'main')", (table,)
        ).fetchall()
    ]
    return Case(db), table, columns


def insert(draw: random.Random, db: Any, table: str) -> None:
    columns = db.execute_sql(
        "SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden = 0", (table,)
    ).fetchall()
    for _ in range(draw.randint(0, 3)):
        values = [
            draw.choice((1, 2, 3, None, "007", "x", 1.5, b"\x00", "x, y", -9)) for _ in columns
        ]
        words = ", ".join(quoted(name) for (name,) in columns)
        with contextlib.suppress(peewee.DatabaseError):
            db.execute_sql(
                f"INSERT INTO main.{quoted(table)} ({words}) VALUES ({', '.join('?' * len(values))})",
                values,
            )


def short(draw: random.Random, db: Any, table: str) -> None:
    default = draw.choice(
        ("INTEGER NOT NULL DEFAULT 5", "TEXT DEFAULT 'it''s, (' ", "REAL DEFAULT 2", "BLOB")
    )
    with contextlib.suppress(peewee.DatabaseError):
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN later {default}")


def judge(seed: int, connect: Any = peewee.SqliteDatabase) -> None:
    draw = random.Random(seed)
    made = make_case(draw, connect)
    if made is None:
        return
    case, table, columns = made
    integrity = case.db.execute_sql("PRAGMA main.integrity_check").fetchall()
    try:
        draw.choice(CHECKS)(case, table, draw.choice(columns))
        assert case.db.execute_sql("PRAGMA main.integrity_check").fetchall() == integrity
    finally:
        case.db.close()


def operations(draw: random.Random, migrator: Any, table: str, columns: list[str]) -> list[Any]:
    def one() -> Any:
        column = draw.choice(columns)
        return draw.choice(
            (
                lambda: migrator.add_not_null(table, column),
                lambda: migrator.drop_not_null(table, column),
                lambda: migrator.add_column_default(table, column, draw.choice((5, "x y", "it's"))),
                lambda: migrator.drop_column_default(table, column),
                lambda: migrator.alter_column_type(
                    table,
                    column,
                    draw.choice((peewee.TextField, peewee.IntegerField, peewee.FloatField))(),
                ),
                lambda: migrator.drop_column(table, column, cascade=draw.random() < 0.5),
                lambda: migrator.rename_column(
                    table, column, draw.choice(("new one", "new2", *columns))
                ),
                lambda: migrator.add_column(
                    table, draw.choice(("new one", "new2")), peewee.IntegerField(default=7)
                ),
                lambda: migrator.add_column(
                    table, "new3", peewee.CharField(null=True, index=draw.random() < 0.5)
                ),
                lambda: migrator.add_constraint(
                    table, "cc", peewee.Check(f"{quoted(table)}.{quoted(column)} IS NOT 'never'")
                ),
                lambda: migrator.add_unique(table, column),
                lambda: migrator.add_index(table, (column,), False),
                lambda: migrator.drop_constraint(table, "cc"),
                lambda: migrator.drop_foreign_key_constraint(table, column),
            )
        )()

    return [one() for _ in range(draw.randint(2, 4))]


def judge_together(seed: int, connect: Any = peewee.SqliteDatabase) -> None:
    """Changes in a row, made together, are what they are one by one."""
    ends = []
    for together in (False, True):
        draw = random.Random(seed)
        made = make_case(draw, connect)
        if made is None:
            return
        case, table, columns = made
        if not columns or "." in table:
            return
        migrator = SqliteMigrator(case.db)
        todo = operations(draw, migrator, table, columns)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with case.db.atomic():
                    if together:
                        migrator.migrate(*todo)
                    else:
                        for operation in todo:
                            operation.run()
            except OperationError as error:
                assert "other effects" not in str(error), error
                assert snapshot(case.db) == case.before
                if "temporary table" in str(error):
                    return  # SQLite takes it for ours: one by one or together may be in its way
                ends.append(None)
            else:
                ends.append(snapshot(case.db))
        case.db.close()
    one, two = ends
    assert (one is None) == (two is None), (todo, one and one["tables"][table]["sql"])
    if one and two:
        for end in ends:  # a copy writes the table's name in quotes, on a defensive connection
            its = end["tables"][table]
            its["sql"] = re.sub(r"\s", "", its["sql"][its["sql"].index("(") :])
            end["more"].pop("sqlite_stat1", None)
            end["more"].pop("sqlite_stat4", None)
        assert one == two


def newest() -> Any:
    return pytest.importorskip("playhouse.apsw_ext", reason="no APSW").APSWDatabase


def defensive() -> Any:
    apsw = pytest.importorskip("apsw")

    class Defensive(newest()):  # type: ignore[misc]
        def _connect(self) -> Any:
            connection = super()._connect()
            connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
            return connection

    return Defensive


CONNECT = {"own": lambda: peewee.SqliteDatabase, "newest": newest, "defensive": defensive}
on_each = pytest.mark.parametrize("kind", CONNECT)
seeds = st.integers(0, 2**48)


def run(judged: Any, kind: str, examples: int, **options: Any) -> None:
    connect = CONNECT[kind]()
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settled = settings(
        max_examples=examples, deadline=None, suppress_health_check=quiet, database=None, **options
    )
    opened: list[Any] = []

    def opening(name: str) -> Any:
        opened.append(connect(name))
        return opened[-1]

    def closing(seed: int) -> None:
        try:
            judged(seed, opening)
        finally:
            while opened:
                opened.pop().close()

    settled(given(seeds)(closing))()


@on_each
def test_a_random_operation_on_a_random_table(kind: str) -> None:
    run(judge, kind, 40, derandomize=True)


@on_each
def test_random_operations_in_a_row(kind: str) -> None:
    run(judge_together, kind, 20, derandomize=True)


@pytest.mark.long
def test_5000_random_operations() -> None:
    run(judge, "own", 5000)


@pytest.mark.long
@on_each
def test_1000_random_rows_of_operations(kind: str) -> None:
    run(judge_together, kind, 1000)
