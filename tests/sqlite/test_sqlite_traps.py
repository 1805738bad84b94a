"""Each trap that other tools have fallen into, on a real file."""

from __future__ import annotations

import datetime as dt
import decimal
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee
import pytest
from playhouse.migrate import migrate
from sqlite_oracle import snapshot

from wheatear.engines.sqlite.migrator import OperationWarning, SqliteMigrator
from wheatear.errors import OperationError

Ask = Callable[..., list[Any]]
Script = Callable[..., None]


@pytest.fixture
def migrator(db: peewee.SqliteDatabase) -> SqliteMigrator:
    return SqliteMigrator(db)


@pytest.fixture
def sent(db: peewee.SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to the database."""
    log: list[str] = []
    real = db.execute_sql

    def execute_sql(sql: str, *args: Any, **kwargs: Any) -> Any:
        log.append(sql)
        return real(sql, *args, **kwargs)

    monkeypatch.setattr(db, "execute_sql", execute_sql)
    return log


def copies(sent: list[str]) -> int:
    return sum(sql.startswith("INSERT OR ABORT") for sql in sent)


def sql_of(ask: Ask, name: str) -> str:
    return str(ask("SELECT sql FROM sqlite_master WHERE name=?", name)[0][0])


TABLE = (
    "CREATE TABLE player (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, score REAL)",
    "INSERT INTO player VALUES (1, 'a', 1.5), (5, 'b', NULL), (9, 'c', 2)",
    "DELETE FROM player WHERE id = 9",
)


def test_the_guides_line(migrator: Any, script: Script, ask: Ask, sent: list[str]) -> None:
    script(*TABLE)
    migrate(migrator.add_column("player", "experience", peewee.IntegerField(default=0)))
    assert '"experience" INTEGER NOT NULL DEFAULT 0' in sql_of(ask, "player")
    assert ask("SELECT experience FROM player") == [(0,), (0,)]
    script("INSERT INTO player (name) VALUES ('old code')")
    assert copies(sent) == 0
    assert not any("UPDATE" in sql for sql in sent)
    migrate(migrator.drop_column("player", "experience"))
    assert sql_of(ask, "player") == TABLE[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (peewee.BooleanField(default=True), 1),
        (peewee.CharField(default="it's (a) 'word'"), "it's (a) 'word'"),
        (peewee.DecimalField(default=decimal.Decimal("1.5")), 1.5),
        (peewee.DateTimeField(default=dt.datetime(2026, 1, 2, 3)), "2026-01-02 03:00:00"),  # noqa: DTZ001
        (peewee.DateField(default=dt.date(2026, 1, 2)), "2026-01-02"),
        (peewee.BlobField(default=b"\x00'"), b"\x00'"),
        (peewee.FloatField(default=-0.1), -0.1),
        (peewee.UUIDField(default=uuid.UUID(int=7)), uuid.UUID(int=7).hex),
        (peewee.TimestampField(default=5), 5),
        (peewee.IntegerField(default=1, constraints=[peewee.Check("x > 0")]), 1),
        (peewee.CharField(default="x", collation="NOCASE"), "x"),
        (peewee.CharField(default="x", constraints=[peewee.SQL("DEFAULT 'y'")]), "x"),
        (peewee.IntegerField(constraints=[peewee.SQL("DEFAULT (1 + 1)")], default=3), 3),
        (peewee.IntegerField(null=True, default=3), 3),
    ],
    ids=lambda value: type(value).__name__,
)
def test_defaults_become_the_databases(
    field: Any, value: Any, migrator: Any, script: Script, ask: Ask
) -> None:
    script(*TABLE)
    migrate(migrator.add_column("player", "x", field))
    assert ask("SELECT x FROM player") == [(value,), (value,)]
    assert ask("PRAGMA integrity_check") == [("ok",)]


def test_a_callable_default_is_called_for_each_row_and_wakes_no_trigger(
    migrator: Any, script: Script, ask: Ask, sent: list[str]
) -> None:
    script(
        *TABLE,
        "CREATE TRIGGER touch AFTER UPDATE ON player BEGIN UPDATE player SET name = 'touched'; END",
    )
    before = ask("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    migrate(
        migrator.add_column("player", "token", peewee.UUIDField(default=uuid.uuid4, unique=True))
    )
    assert len({token for (token,) in ask("SELECT token FROM player")}) == 2
    assert ask("SELECT name FROM player") == [("a",), ("b",)]
    assert ask(
        "SELECT \"notnull\", dflt_value FROM pragma_table_xinfo('player') WHERE name='token'"
    ) == [(1, None)]
    assert ask("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'") == before
    assert copies(sent) == 0


@pytest.mark.parametrize(
    ("said", "text"),
    [('"x y"', "x y"), ("active", "active"), ('"a""b"', 'a"b'), ('"name"', "name")],
)
def test_a_default_that_is_a_name_is_a_text(
    said: str, text: str, migrator: Any, script: Script, ask: Ask
) -> None:
    script(*TABLE)
    migrate(migrator.add_column_default("player", "name", peewee.SQL(said)))
    script("INSERT INTO player DEFAULT VALUES")
    assert ask("SELECT name FROM player ORDER BY id DESC LIMIT 1") == [(text,)]


def test_rows_stored_short_keep_what_they_show(
    migrator: Any, script: Script, ask: Ask, sent: list[str]
) -> None:
    script(*TABLE, "ALTER TABLE player ADD COLUMN level INTEGER NOT NULL DEFAULT 7")
    migrate(migrator.add_column_default("player", "level", 9))
    assert ask("SELECT DISTINCT level FROM player") == [(7,)]
    assert copies(sent) == 1
    migrate(migrator.drop_column_default("player", "level"))
    assert copies(sent) == 1  # now every row holds its own
    assert ask("SELECT DISTINCT level FROM player") == [(7,)]
    assert ask("SELECT seq FROM sqlite_sequence") == [(9,)]


def test_changes_in_a_row_share_one_copy(
    migrator: Any, script: Script, ask: Ask, sent: list[str]
) -> None:
    script(*TABLE)
    migrator.migrate(
        migrator.alter_column_type("player", "score", peewee.TextField(null=True)),
        migrator.add_not_null("player", "name"),
        migrator.rename_column("player", "name", "nick"),
        migrator.add_column("player", "level", peewee.IntegerField(default=1)),
        migrator.add_index("player", ("nick",), unique=True),
        migrator.add_unique("player", "nick", "level"),
        migrator.drop_index("player", "player_nick"),
    )
    assert copies(sent) == 1
    assert sql_of(ask, "player") == (
        'CREATE TABLE player (id INTEGER PRIMARY KEY AUTOINCREMENT, "nick" TEXT NOT NULL, '
        'score TEXT, "level" INTEGER NOT NULL DEFAULT 1, '
        'CONSTRAINT "uniq_nick_level" UNIQUE ("nick", "level"))'
    )


CATALOGUE = {
    "add_not_null": lambda m: m.add_not_null("t", "a"),
    "drop_not_null": lambda m: m.drop_not_null("t", "b"),
    "add_column_default": lambda m: m.add_column_default("t", "a", 5),
    "drop_column_default": lambda m: m.drop_column_default("t", "c"),
    "alter_column_type": lambda m: m.alter_column_type("t", "a", peewee.BigIntegerField(null=True)),
    "add_constraint": lambda m: m.add_constraint("t", "k", peewee.Check("a > 0")),
    "drop_constraint": lambda m: m.drop_constraint("t", "old"),
    "add_foreign_key": lambda m: m.add_foreign_key_constraint(
        "t", "a", "p", "id", on_delete="CASCADE"
    ),
    "drop_foreign_key": lambda m: m.drop_foreign_key_constraint("t", "f"),
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_needs_no_other_rows_writes_none(
    name: str, migrator: Any, script: Script, ask: Ask, sent: list[str]
) -> None:
    script(
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "INSERT INTO p VALUES (1)",
        "CREATE TABLE t (a INT, b TEXT NOT NULL, c DEFAULT 'x', f INT REFERENCES p(id), CONSTRAINT old CHECK (1))",
        "INSERT INTO t VALUES (1, 'x', 'y', 1)",
    )
    sent.clear()
    other = sqlite3.connect(migrator.database.database)
    other.execute("SELECT * FROM t").fetchall()
    migrate(CATALOGUE[name](migrator))
    assert copies(sent) == 0
    theirs = other.execute("SELECT sql FROM sqlite_master WHERE name='t'").fetchone()
    assert theirs == (sql_of(ask, "t"),)
    if name == "add_not_null":  # the other connection knows it too
        with pytest.raises(sqlite3.IntegrityError):
            other.execute("INSERT INTO t(b) VALUES ('z')")
    other.close()


def test_whatever_fails_midway_leaves_all_as_it_was(
    db: Any, migrator: Any, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(
        *TABLE,
        "CREATE INDEX i ON player(score)",
        "CREATE TABLE c (p INTEGER REFERENCES player(id) ON DELETE CASCADE)",
        "INSERT INTO c VALUES (1), (5)",
        "CREATE TRIGGER t AFTER INSERT ON player BEGIN DELETE FROM c WHERE 0; END",
        "ALTER TABLE player ADD COLUMN level INT DEFAULT 3",
    )
    before = snapshot(db)
    file = Path(db.database).read_bytes()
    real = db.execute_sql
    for fails_at in range(1, 200):
        count = raised = 0

        def execute_sql(sql: str, *args: Any, fails_at: int = fails_at) -> Any:
            nonlocal count, raised
            count += 1
            if count >= fails_at and not raised and not sql.startswith(("ROLLBACK", "PRAGMA")):
                raised = 1
                raise peewee.OperationalError("pulled the plug")
            return real(sql, *args)

        monkeypatch.setattr(db, "execute_sql", execute_sql)
        try:
            migrator.migrate(
                migrator.alter_column_type("player", "score", peewee.TextField(null=True)),
                migrator.drop_column_default("player", "level"),
                migrator.add_unique("player", "name"),
            )
            succeeded = True
        except OperationError as error:
            succeeded = False
            assert "pulled the plug" in str(error)
        monkeypatch.setattr(db, "execute_sql", real)
        assert real("PRAGMA foreign_keys").fetchone() == (1,)
        assert real("PRAGMA writable_schema").fetchone() == (0,)
        assert real("PRAGMA legacy_alter_table").fetchone() == (0,)
        if not raised:
            break
        if succeeded:  # the probe was what failed, and it fell back on a copy
            db.close()
            Path(db.database).write_bytes(file)
            db.connect()
        assert snapshot(db) == before
    assert fails_at > 40
    assert db.execute_sql("SELECT * FROM c").fetchall() == [(1,), (5,)]


def test_a_temporary_table_of_the_same_name_is_left_alone(
    migrator: Any, script: Script, ask: Ask
) -> None:
    script(
        *TABLE,
        "CREATE INDEX i ON player(name)",
        "CREATE TRIGGER t AFTER INSERT ON player BEGIN SELECT 1; END",
        "CREATE TEMP TABLE player (other)",
        "INSERT INTO temp.player VALUES ('mine')",
    )
    migrator.migrate(
        migrator.alter_column_type("player", "score", peewee.TextField(null=True)),
        migrator.add_column("player", "x", peewee.IntegerField(default=0, index=True)),
    )
    migrate(migrator.drop_column("player", "x"))
    with pytest.raises(OperationError, match="no such column"):
        migrate(migrator.rename_column("player", "name", "nick"))  # SQLite takes one for the other
    assert ask("SELECT * FROM temp.player") == [("mine",)]
    assert ask(
        "SELECT name FROM main.sqlite_master WHERE tbl_name='player' AND type<>'table' ORDER BY 1"
    ) == [("i",), ("t",)]
    assert ask("SELECT id, name, score FROM main.player") == [(1, "a", "1.5"), (5, "b", None)]


def test_a_temporary_trigger_survives_a_copy(migrator: Any, script: Script, ask: Ask) -> None:
    script(*TABLE, "CREATE TEMP TRIGGER t AFTER INSERT ON main.player BEGIN SELECT 1; END")
    before = ask("SELECT * FROM temp.sqlite_master")
    migrate(migrator.add_unique("player", "name"))
    assert ask("SELECT * FROM temp.sqlite_master") == before


def test_a_missing_collation_stops_a_copy_alone(migrator: Any, db: Any, ask: Ask) -> None:
    db.connection().create_collation("mine", lambda a, b: (a > b) - (a < b))
    db.execute_sql("CREATE TABLE t (a TEXT COLLATE mine, b INT, c TEXT DEFAULT 'x')")
    db.execute_sql("CREATE INDEX i ON t(a)")
    db.execute_sql("INSERT INTO t VALUES ('x', 1, 'y')")
    db.close()
    db.connect()
    migrate(migrator.add_not_null("t", "b"))
    migrate(migrator.drop_column_default("t", "c"))
    migrate(migrator.add_column("t", "d", peewee.IntegerField(default=0)))
    before = snapshot(db)
    with pytest.raises(OperationError, match="no such collation sequence: mine"):
        migrate(migrator.alter_column_type("t", "b", peewee.TextField()))
    assert snapshot(db) == before


def test_a_missing_function_in_a_check_stops_a_copy_alone(migrator: Any, db: Any, ask: Ask) -> None:
    db.connection().create_function("mine", 1, lambda a: 1, deterministic=True)
    db.execute_sql("CREATE TABLE t (a TEXT, b INT, CHECK (mine(a)))")
    db.execute_sql("INSERT INTO t VALUES ('x', 1)")
    db.close()
    db.connect()
    migrate(migrator.add_not_null("t", "b"))
    assert "CHECK (mine(a))" in sql_of(ask, "t")
    with pytest.raises(OperationError, match="no such function: mine"):
        migrate(migrator.alter_column_type("t", "b", peewee.TextField()))
    assert ask("SELECT * FROM t") == [("x", 1)]


def test_a_broken_view_elsewhere_does_not_matter(migrator: Any, script: Script, ask: Ask) -> None:
    script(*TABLE, "CREATE VIEW broken AS SELECT * FROM gone")
    migrate(migrator.alter_column_type("player", "score", peewee.TextField(null=True)))
    migrate(migrator.drop_column("player", "score"))
    assert "gone" in sql_of(ask, "broken")


def test_what_was_broken_before_does_not_keep_from_renaming(
    migrator: Any, script: Script, ask: Ask
) -> None:
    script(
        *TABLE,
        "CREATE VIEW [a broken: one] AS SELECT * FROM gone",
        "CREATE TRIGGER on_it INSTEAD OF INSERT ON [a broken: one] BEGIN DELETE FROM gone; END",
        "CREATE VIEW sound AS SELECT name AS a FROM player",
        "CREATE TABLE other (a)",
        "CREATE TRIGGER too AFTER INSERT ON other BEGIN INSERT INTO gone VALUES (1); END",
        "CREATE TEMP VIEW passing AS SELECT * FROM gone",
    )
    query = (
        "SELECT name, sql FROM (SELECT * FROM sqlite_master UNION ALL "
        "SELECT * FROM sqlite_temp_master) WHERE sql LIKE '%gone%' ORDER BY name"
    )
    before = ask(query)
    migrate(migrator.rename_column("player", "name", "nick"))
    migrate(migrator.rename_table("player", "hero"))
    assert (len(before), ask(query)) == (4, before)
    assert sql_of(ask, "sound") == 'CREATE VIEW sound AS SELECT "nick" AS a FROM "hero"'


@pytest.mark.parametrize(
    ("objects", "in_the_way"),
    [
        (
            ["CREATE VIEW v AS SELECT name FROM player, of_the_application(name)"],
            "view v is in the way: no such table: main.of_the_application",
        ),
        (
            ["CREATE VIEW u AS SELECT name FROM player", "CREATE VIEW v AS SELECT name FROM u"],
            "view v is in the way: no such column: name after it",
        ),
    ],
)
def test_what_a_rename_would_leave_behind_is_named(
    objects: list[str], in_the_way: str, migrator: Any, script: Script, db: Any
) -> None:
    script(*TABLE, *objects)
    before = snapshot(db)
    with pytest.raises(OperationError) as caught:
        migrate(migrator.rename_column("player", "name", "nick"))
    assert caught.value.what == f"rename_column('player', 'name', 'nick'): {in_the_way}"
    assert caught.value.next == ("drop view v before, and make it again afterwards if it is of use")
    assert snapshot(db) == before


FULL_TEXT = (
    "CREATE TABLE doc (id INTEGER PRIMARY KEY, body TEXT, other TEXT)",
    "CREATE VIEW v AS SELECT body FROM doc",
    "CREATE VIRTUAL TABLE f USING fts5(body, content='doc', content_rowid='id')",
    "CREATE VIRTUAL TABLE doc_on_its_own USING fts5(body)",
    "INSERT INTO doc VALUES (1, 'a word', 'x')",
    "INSERT INTO f(f) VALUES ('rebuild')",
)


@pytest.mark.parametrize(
    ("make", "what", "next_"),
    [
        (
            lambda m: m.rename_column("doc", "body", "text"),
            "table f could not be read any more: the old name is a part of its definition",
            "drop table f before, and make it again afterwards",
        ),
        (
            lambda m: m.rename_table("doc", "docs"),
            "table f could not be read any more: the old name is a part of its definition",
            "drop table f before, and make it again afterwards",
        ),
        (
            lambda m: m.drop_column("doc", "body"),
            "column body of table doc is used by\n- view v\n- table f",
            "drop table f before, and make it again afterwards; "
            "drop_column('doc', 'body', cascade=True) drops the others with it",
        ),
        (
            lambda m: m.drop_column("doc", "body", cascade=True),
            "column body of table doc is used by\n- table f",
            "drop table f before, and make it again afterwards",
        ),
    ],
)
def test_a_full_text_table_goes_on_reading_its_content(
    make: Any, what: str, next_: str, migrator: Any, script: Script, db: Any, ask: Ask
) -> None:
    script(*FULL_TEXT)
    before = snapshot(db)
    with pytest.raises(OperationError) as caught:
        migrate(make(migrator))
    assert (caught.value.what.partition(": ")[2], caught.value.next) == (what, next_)
    assert snapshot(db) == before
    migrate(migrator.drop_column("doc", "other"), migrator.add_unique("doc", "body"))
    assert ask("SELECT * FROM f WHERE f MATCH 'word'") == [("a word",)]


def test_a_view_whose_columns_a_rename_changes_is_told(migrator: Any, script: Script) -> None:
    script(
        *TABLE,
        "CREATE VIEW v AS SELECT id, name FROM player",
        "CREATE VIEW w AS SELECT * FROM v",
        "CREATE VIEW named (id, name) AS SELECT id, name FROM player",
    )
    with pytest.warns(OperationWarning) as caught:
        migrate(migrator.rename_column("player", "name", "nick"))
    assert [str(one.message) for one in caught] == [
        f"rename_column('player', 'name', 'nick'): in view {view} column name is nick now: make it "
        "anew with `AS`, if it is read by the old name"
        for view in ("v", "w")
    ]


def test_what_takes_a_tables_columns_for_all_there_are_is_not_broken(
    migrator: Any, script: Script, db: Any, ask: Ask
) -> None:
    script(
        *TABLE,
        "CREATE TABLE o (a)",
        "CREATE TRIGGER t1 AFTER INSERT ON o BEGIN INSERT INTO player VALUES (NULL, new.a, 1); END",
        "CREATE VIEW two AS SELECT * FROM player UNION ALL SELECT 1, 2, 3",
        "CREATE VIEW over_it (a, b, c) AS SELECT * FROM two",
        "CREATE VIEW open AS SELECT * FROM player",
        "CREATE VIEW broken AS SELECT * FROM player, gone",
    )
    before = snapshot(db)
    for field in (peewee.IntegerField(default=0), peewee.IntegerField(null=True, unique=True)):
        with pytest.raises(OperationError) as caught:
            migrate(migrator.add_column("player", "h", field))
        assert caught.value.what.partition(": ")[2] == (
            "with one more column in table player these would fail\n"
            "- trigger t1\n- view over_it\n- view two"
        )
        assert caught.value.next == (
            "drop them before, and make them again afterwards with the table's columns named"
        )
        assert snapshot(db) == before
    script("DROP TRIGGER t1", "DROP VIEW two", "DROP VIEW over_it")
    migrate(migrator.add_column("player", "h", peewee.IntegerField(default=0)))
    assert ask("SELECT * FROM open") == [(1, "a", 1.5, 0), (5, "b", None, 0)]


def test_rows_that_break_an_old_check_are_kept(migrator: Any, script: Script, ask: Ask) -> None:
    script(
        "CREATE TABLE t (a INT CHECK (a > 0), b TEXT)",
        "PRAGMA ignore_check_constraints=1",
        "INSERT INTO t VALUES (-1, 'x')",
        "PRAGMA ignore_check_constraints=0",
    )
    migrate(migrator.add_unique("t", "b"))
    assert ask("SELECT * FROM t") == [(-1, "x")]
    assert ask("PRAGMA ignore_check_constraints") == [(0,)]


def test_on_conflict_clauses_do_not_drop_rows(migrator: Any, script: Script, ask: Ask) -> None:
    script(
        "CREATE TABLE t (a TEXT UNIQUE ON CONFLICT REPLACE, b)",
        "INSERT INTO t VALUES ('1', 1), ('01', 2)",
    )
    with pytest.raises(OperationError, match=r"UNIQUE constraint failed: t\.a"):
        migrate(migrator.alter_column_type("t", "a", peewee.IntegerField(null=True)))
    assert ask("SELECT * FROM t") == [("1", 1), ("01", 2)]


def test_an_open_cursor_is_said(migrator: Any, script: Script, db: Any) -> None:
    script(*TABLE)
    cursor = db.execute_sql("SELECT * FROM player")
    cursor.fetchone()
    with pytest.raises(OperationError, match="locked"):
        migrate(migrator.add_unique("player", "name"))
    cursor.close()
    migrate(migrator.add_unique("player", "name"))


def test_a_users_table_of_the_copys_name_is_left_alone(
    migrator: Any, script: Script, ask: Ask
) -> None:
    script(*TABLE, "CREATE TABLE player_wheatear (a)", "CREATE TABLE player__tmp__ (a)")
    migrate(migrator.add_unique("player", "name"))
    assert ask(
        "SELECT name FROM sqlite_master WHERE name LIKE 'player%' AND type='table' ORDER BY 1"
    ) == [
        ("player",),
        ("player__tmp__",),
        ("player_wheatear",),
    ]


def test_virtual_tables_and_views_are_refused(migrator: Any, script: Script) -> None:
    script("CREATE VIRTUAL TABLE f USING fts5(a)", "CREATE VIEW v AS SELECT 1 AS a")
    for name, why in (("f", "virtual table"), ("v", "view")):
        with pytest.raises(OperationError, match=why):
            migrate(migrator.add_not_null(name, "a"))


def test_a_dropped_column_takes_its_own_and_names_others(
    migrator: Any, script: Script, ask: Ask
) -> None:
    script(
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE t (a INT UNIQUE REFERENCES p(id), b INT, g AS (b + 1), CHECK (b > 0))",
        "CREATE INDEX own ON t(b)",
        "CREATE INDEX two ON t(b, a)",
        "CREATE VIEW v AS SELECT b FROM t",
        "CREATE VIEW all_of_it AS SELECT * FROM t",
        "CREATE TRIGGER tr AFTER UPDATE OF b ON t BEGIN SELECT 1; END",
        "CREATE TRIGGER other AFTER UPDATE ON t BEGIN SELECT 1; END",
        "CREATE TABLE c (b INT REFERENCES t(b))",
    )
    with pytest.raises(OperationError) as caught:
        migrate(migrator.drop_column("t", "b"))
    assert caught.value.what == (
        "drop_column('t', 'b'): column b of table t is used by\n- index two\n- CHECK (b > 0)\n"
        '- generated column g\n- the foreign key of table "c"\n- trigger tr\n- view v'
    )
    assert caught.value.next == "drop_column('t', 'b', cascade=True) drops these with it"
    migrate(migrator.drop_column("t", "b", cascade=True))
    assert ask(
        "SELECT name FROM sqlite_master WHERE type IN ('view', 'trigger') OR type='index' AND sql NOT NULL ORDER BY 1"
    ) == [("all_of_it",), ("other",)]
    assert sql_of(ask, "c") == "CREATE TABLE c (b INT)"
    migrate(migrator.add_column("t", "x", peewee.IntegerField(null=True)))
    migrate(migrator.drop_column("t", "a"))
    assert sql_of(ask, "t") == 'CREATE TABLE t ("x" INTEGER)'


def test_an_error_says_what_where_and_what_next(migrator: Any, script: Script) -> None:
    script(*TABLE)
    with pytest.raises(OperationError) as caught:
        migrate(migrator.add_not_null("player", "score"))
    line = caught.value.where
    assert str(caught.value) == (
        "add_not_null('player', 'score'): rows have NULL in column score: rowid 5\n"
        f"  where: {line}\n"
        "  state: table player is as it was before the operation\n"
        "  next:  give them a value first: "
        'UPDATE "player" SET "score" = … WHERE "score" IS NULL'
    )
    assert line
    assert line.startswith(__file__)


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda m: m.add_not_null("player", "scor"), "; did you mean score?"),
        (lambda m: m.add_not_null("plyer", "score"), "; did you mean player?"),
        (lambda m: m.add_index("player", ("nam",)), "; did you mean name?"),
        (lambda m: m.drop_index("player", "i"), "has no index 'i'"),
        (lambda m: m.drop_constraint("player", "c"), "has no constraint 'c'"),
        (lambda m: m.rename_column("player", "nme", "x"), "; did you mean name?"),
        (lambda m: m.drop_table("playr"), "; did you mean player?"),
        (
            lambda m: m.add_foreign_key_constraint("player", "name", "playr", "id"),
            "; did you mean player?",
        ),
    ],
)
def test_wrong_names_are_errors_with_near_names(
    make: Any, hint: str, migrator: Any, script: Script
) -> None:
    script(*TABLE)
    with pytest.raises(OperationError) as caught:
        migrate(make(migrator))
    assert caught.value.what.endswith(hint)
    assert caught.value.next is None  # what to do is said with the migration: mend the file


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda m: m.drop_not_null("player", "name"), "allows NULL already"),
        (lambda m: m.drop_column_default("player", "name"), "has no default"),
        (
            lambda m: m.alter_column_type("player", "name", peewee.TextField(null=True)),
            "has the type TEXT already",
        ),
        (
            lambda m: m.alter_column_type("player", "name", peewee.CharField()),
            "although the given field has null=False",
        ),
        (
            lambda m: m.alter_column_type(
                "player", "name", peewee.CharField(null=True, default="x")
            ),
            "although the given field has 'x'",
        ),
    ],
)
def test_what_is_not_done_is_said(make: Any, words: str, migrator: Any, script: Script) -> None:
    script(*TABLE)
    with pytest.warns(OperationWarning, match=words) as caught:
        migrate(make(migrator))
    assert caught[0].filename == __file__


def test_the_statements_letters_stay(migrator: Any, script: Script, ask: Ask) -> None:
    text = (
        "CREATE TABLE [odd one] ( -- all of it\n\t`a`  int /* first */,\n"
        " \"b\" varchar( 9 ) default 'NOT NULL, --' COLLATE nocase, -- second\n"
        " CHECK(  a   >  0 ) )"
    )
    script(text, "INSERT INTO [odd one] VALUES (1, 'x')")
    migrate(migrator.alter_column_type("odd one", "B", peewee.IntegerField(null=True)))
    assert sql_of(ask, "odd one") == text.replace("varchar( 9 )", "INTEGER")
    migrate(migrator.add_constraint("odd one", "c", peewee.Check("1")))
    migrate(migrator.drop_constraint("odd one", "C"))
    assert sql_of(ask, "odd one") == text.replace("varchar( 9 )", "INTEGER")


@pytest.mark.parametrize("asked", [True, False])
def test_secure_delete_is_kept_where_it_was_asked_for(asked: bool, tmp_path: Path) -> None:
    pragmas = {"secure_delete": 1} if asked else {}
    db = peewee.SqliteDatabase(str(tmp_path / "x.db"), pragmas=pragmas)
    db.connect()
    db.execute_sql("CREATE TABLE t (a TEXT UNIQUE, b TEXT UNIQUE)")
    db.execute_sql("INSERT INTO t VALUES ('kept', 'a secret that has to go')")
    before = db.pragma("secure_delete")
    migrate(SqliteMigrator(db).drop_column("t", "b"))
    assert db.pragma("secure_delete") == before
    db.close()
    assert not asked or b"a secret that" not in (tmp_path / "x.db").read_bytes()


def test_after_a_refusal_in_the_callers_transaction_nothing_is_believed_to_be_there(
    db: Any, migrator: Any, script: Script
) -> None:
    script(
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE t (a INT, b INT)",
        "INSERT INTO t VALUES (1, 2)",
    )
    with db.atomic():
        with pytest.raises(OperationError, match="does not have"):
            migrator.migrate(
                migrator.add_column("t", "x", peewee.IntegerField(default=0)),
                migrator.add_foreign_key_constraint("t", "a", "p", "id"),
            )
        migrator.migrate(migrator.add_column("t", "x", peewee.IntegerField(default=1)))
    with db.atomic():
        migrator.migrate(
            migrator.drop_column("t", "b"),
            migrator.add_column("t", "b", peewee.TextField(null=True)),
        )
    assert db.execute_sql("SELECT * FROM t").fetchall() == [(1, 1, None)]


def test_a_name_in_double_quotes_does_not_become_a_string_in_silence(
    migrator: Any, script: Script, ask: Ask
) -> None:
    script(
        "CREATE TABLE t (a INT, b INT)",
        "INSERT INTO t VALUES (1, 2)",
        'CREATE VIEW uses AS SELECT "b" FROM t',
        "CREATE VIEW says AS SELECT a FROM t WHERE a = 'b'",
        'CREATE TRIGGER uses_too AFTER INSERT ON t BEGIN UPDATE t SET a = "b"; END',
    )
    with pytest.raises(OperationError, match="- trigger uses_too\n- view uses\n"):
        migrate(migrator.drop_column("t", "b"))
    migrate(migrator.drop_column("t", "b", cascade=True))
    assert ask("SELECT name FROM sqlite_master WHERE type <> 'table'") == [("says",)]


ORPHANS = (
    "PRAGMA foreign_keys = OFF",
    "CREATE TABLE p (id INTEGER PRIMARY KEY, other INTEGER UNIQUE)",
    "INSERT INTO p VALUES (1, 1)",
    "CREATE TABLE t (a TEXT REFERENCES p, b INT)",
    "INSERT INTO t VALUES (1, 1), (99, 99)",
)


def test_a_key_in_another_ones_place_does_not_judge_rows_that_broke_that_one(
    migrator: Any, script: Script, ask: Ask
) -> None:
    script(*ORPHANS)
    migrator.migrate(
        migrator.drop_foreign_key_constraint("t", "a"),
        migrator.add_foreign_key_constraint("t", "A", "P", "id", on_delete="CASCADE"),
    )
    assert [row[2:7] for row in ask("PRAGMA foreign_key_list(t)")] == [
        ("p", "a", "id", "NO ACTION", "CASCADE")
    ]
    migrate(migrator.redefine_table("t", "CREATE TABLE t (a TEXT REFERENCES p, b INT)"))
    assert ask("SELECT * FROM t") == [("1", 1), ("99", 99)]


@pytest.mark.parametrize(
    "operations",
    [
        lambda m: [m.add_foreign_key_constraint("t", "b", "p", "id")],
        lambda m: [m.add_foreign_key_constraint("t", "a", "p", "other")],
        lambda m: [
            m.alter_column_type("t", "a", peewee.IntegerField(null=True)),
            m.add_foreign_key_constraint("t", "a", "p", "id"),
        ],
    ],
    ids=["other column", "other target", "other values"],
)
def test_a_key_that_is_new_judges_every_row(
    migrator: Any, script: Script, operations: Callable[[Any], list[Any]]
) -> None:
    script(*ORPHANS)
    with pytest.raises(OperationError, match="that table p does not have: rowid 2"):
        migrator.migrate(migrator.drop_foreign_key_constraint("t", "a"), *operations(migrator))
