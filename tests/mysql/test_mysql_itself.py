"""What MySQL's own server does otherwise than MariaDB: see docs/engines.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import peewee
import pytest
from mariadb_live import Live

from support.databases import is_mysql
from support.written import migration, opened, run
from wheatear.engines import engine_for
from wheatear.engines.mysql import rename_column
from wheatear.engines.operations import migrate
from wheatear.errors import OperationError
from wheatear.schema.diff import compare

pytestmark = pytest.mark.skipif(not is_mysql(), reason="MySQL's own")


def _defaults(live: Live) -> dict[str, Any]:
    live.run("INSERT INTO t (id) VALUES (1)")
    row = live.run("SELECT * FROM t")[0]
    names = [name for (name,) in live.run("SHOW COLUMNS FROM t", "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 't' ORDER BY ordinal_position")]  # fmt: skip
    return dict(zip(names, row, strict=True))


def test_a_check_follows_a_name_letter_by_letter(live: Live) -> None:
    """SHOW CREATE TABLE prints `????` for it, the catalogue does not."""
    live.run(
        "CREATE TABLE t (id int PRIMARY KEY, a varchar(9), b int, "
        "CONSTRAINT smile CHECK (a IN ('😀', 'é', 'it''s', 'x\\\\y')), "
        "CONSTRAINT slack CHECK (a <> 'no') NOT ENFORCED)",
        "INSERT INTO t VALUES (1, '😀', 1), (2, 'x\\\\y', 2)",
    )
    migrate(live.migrator.rename_column("t", "a", "c"))
    live.run("INSERT INTO t (id, c) VALUES (3, 'é'), (4, 'it''s')")
    with pytest.raises(peewee.OperationalError):
        live.run("INSERT INTO t (id, c) VALUES (5, '????')")
    assert "NOT ENFORCED" in live.run("SHOW CREATE TABLE t")[0][1]


def test_a_check_that_only_speaks_of_not_enforced(live: Live) -> None:
    live.run("CREATE TABLE t (a varchar(20), CONSTRAINT k CHECK (a <> 'NOT ENFORCED'))")
    migrate(live.migrator.rename_column("t", "a", "b"))
    assert live.lines("t")[2] == "CONSTRAINT `k` CHECK ((`b` <> 'NOT ENFORCED'))"
    with pytest.raises(peewee.OperationalError):
        live.run("INSERT INTO t VALUES ('NOT ENFORCED')")


def test_a_check_that_does_not_come_back_as_it_was_is_seen(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.run("CREATE TABLE t (a varchar(20), CONSTRAINT k CHECK (a <> 'x'))")
    monkeypatch.setattr(rename_column, "_is_not_enforced", lambda _: True)
    with pytest.raises(OperationError, match="changed more than it names: `k` CHECK"):
        migrate(live.migrator.rename_column("t", "a", "b"))


TEXTS = "_latin1 x'E4', 'ß', _gbk x'B0A1', _utf16 x'00F8', _utf8mb3'é', 'it''s'"


def test_texts_of_several_character_sets_are_read_each_by_its_own(live: Live) -> None:
    live.run(
        f"CREATE TABLE t (a varchar(20), CONSTRAINT k CHECK (a NOT IN ({TEXTS}) AND "
        "a <> _latin1 x'DF' COLLATE latin1_bin AND cast(a AS binary) <> _binary x'5C27FF'))"
    )
    with opened(engine_for(live.database)) as engine:
        schema = engine.read_schema()
        assert schema.table("t").constraints[0].sql == (
            "((`a` not in ('ä','ß',_gbk x'b0a1',_utf16 x'00f8','é','it\\'s'))"
            " and (`a` <> (_latin1 x'df' collate latin1_bin))"
            " and (cast(`a` as char charset binary) <> _binary x'5c27ff'))"
        )
        live.run("DROP TABLE t")
        changes = compare(engine.read_schema(), schema, policy=engine.policy()).changes
        run(engine, migration(changes, engine.read_schema(), engine.spelling()), "migrate_forward")
        assert compare(engine.read_schema(), schema, policy=engine.policy()).changes == ()
    for letter in "äß啊øé":
        with pytest.raises(peewee.OperationalError):
            live.run(f"INSERT INTO t VALUES ('{letter}')")


def test_a_check_with_a_text_in_another_character_set_takes_no_other_name(live: Live) -> None:
    check = "CONSTRAINT k CHECK (a <> _latin1 x'E4' and a <> 'ß')"
    live.run(f"CREATE TABLE t (a varchar(20), {check})")
    with pytest.raises(OperationError) as caught:
        migrate(live.migrator.rename_column("t", "a", "x"))
    assert str(caught.value.what) == (
        "rename_column('t', 'a', 'x'): 'a' of 't' is used by the CHECK 'k', whose text in another"
        " character set cannot be said anew."
    )


def test_an_expression_that_cannot_be_read_is_not_said_again(live: Live) -> None:
    live.run("CREATE TABLE t (id int PRIMARY KEY, a varchar(9) DEFAULT (concat('😀', 'x')))")
    with pytest.raises(OperationError, match="MySQL shows letters of the expression"):
        migrate(live.migrator.add_not_null("t", "a"))
    migrate(live.migrator.drop_column_default("t", "a"), live.migrator.add_not_null("t", "a"))


def test_a_question_mark_is_no_letter_that_cannot_be_read(live: Live) -> None:
    live.run(
        "CREATE TABLE t (a text, b blob, c varbinary(10) DEFAULT 'a?', d varchar(9) DEFAULT '?', "
        "e text DEFAULT ('e?'), g varchar(40) AS (concat(`a`, 'ß?')))",
        "INSERT INTO t (a, b) VALUES ('', '')",
    )
    m = live.migrator
    migrate(
        m.add_column_default("t", "a", "what?"),
        m.add_not_null("t", "a"),
        m.add_column_default("t", "b", b"what?"),
        m.add_not_null("t", "c"),
        m.add_not_null("t", "d"),
        m.alter_column_type("t", "e", peewee.CharField(null=True)),
        m.add_not_null("t", "e"),
        m.add_not_null("t", "g"),
    )
    live.run("INSERT INTO t () VALUES ()")
    row = ("what?", b"what?", b"a?", "?", "e?", "what?ß?")
    assert live.run("SELECT * FROM t WHERE a <> ''") == (row,)


@pytest.mark.parametrize(
    "column", ["a varchar(9) DEFAULT (concat('😀?', '?'))", "a varchar(40) AS (concat(b, '😀?'))"]
)
def test_letters_that_cannot_be_read_beside_a_question_mark(live: Live, column: str) -> None:
    live.run(f"CREATE TABLE t (b varchar(9) NOT NULL, {column})")
    with pytest.raises(OperationError, match="MySQL shows letters of the expression"):
        migrate(live.migrator.alter_column_type("t", "a", peewee.CharField(50, null=True)))


def test_an_alter_of_a_table_whose_check_it_reads_anew(live: Live) -> None:
    """It then says another character set before the text, and means the same."""
    live.run(
        "CREATE TABLE t (id int PRIMARY KEY, a varchar(9) CHARACTER SET latin1, CHECK (a <> 'x'))"
    )
    with opened(engine_for(live.database)) as engine:
        before = engine.read_schema()
        migrate(live.migrator.add_column("t", "b", peewee.IntegerField(default=1)))
        migrate(live.migrator.drop_column("t", "b"))
        assert compare(before, engine.read_schema(), policy=engine.policy()).changes == ()


def test_a_text_keeps_the_character_set_of_its_collation(live: Live) -> None:
    live.run(
        "CREATE TABLE t (id int PRIMARY KEY, a varchar(9), CHECK (a <> _latin1'b' COLLATE latin1_bin))"
    )
    with opened(engine_for(live.database)) as engine:
        schema = engine.read_schema()
        live.run("DROP TABLE t")
        changes = compare(engine.read_schema(), schema, policy=engine.policy()).changes
        run(engine, migration(changes, engine.read_schema(), engine.spelling()), "migrate_forward")
        assert compare(engine.read_schema(), schema, policy=engine.policy()).changes == ()


@pytest.mark.parametrize("backslash", [True, False])
def test_defaults_that_set_default_does_not_take(live: Live, backslash: bool) -> None:
    live.run(
        "CREATE TABLE t (id int PRIMARY KEY, a text, j json, d datetime, d6 datetime(6), v varchar(9))"
    )
    if not backslash:
        live.run("SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')")
    now = peewee.SQL("CURRENT_TIMESTAMP")
    said = {"a": "it's 100% \\n", "j": '{"k": "say \\"hi\\""}', "v": "a\\b"}
    if (
        not backslash
    ):  # there MySQL itself reads an expression anew otherwise than it has written it
        said = {"a": "100%", "j": "{}", "v": "a\\b"}
    migrate(
        *(live.migrator.add_column_default("t", name, value) for name, value in said.items()),
        live.migrator.add_column_default("t", "d", now),
        live.migrator.add_column_default("t", "d6", now),
    )
    live.run("SET sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')")
    row = _defaults(live)
    assert {name: row[name] for name in said} == said
    assert isinstance(row["d"], datetime)
    assert isinstance(row["d6"], datetime)
    migrate(*(live.migrator.drop_column_default("t", name) for name in (*said, "d", "d6")))
    live.run("DELETE FROM t")
    assert set(_defaults(live).values()) == {1, None}


@pytest.mark.parametrize("mode", ["", ",ANSI_QUOTES", ",NO_BACKSLASH_ESCAPES"])
def test_defaults_that_the_catalogue_tells_in_part(
    live: Live, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    live.run(
        "CREATE TABLE `t?` (a binary(4) DEFAULT 'a\\0b', b binary(4) DEFAULT '\\0\\0\\0a', "
        "c varbinary(9) DEFAULT x'FF00', d varbinary(9) DEFAULT '', e binary(2), "
        "f varbinary(9) DEFAULT 'it''s ß\\\\\\n', g varchar(9) DEFAULT '😀?''', "
        "h varchar(9) DEFAULT '?', `i``?` enum('?', 'x') DEFAULT '?')",
        "CREATE TABLE u (a binary(2) DEFAULT 'a', b binary(2) DEFAULT 'b', v varchar(9))",
        "CREATE VIEW v AS SELECT a, b FROM u",
        f"SET sql_mode = CONCAT(@@sql_mode, '{mode}')",
    )
    with opened(engine_for(live.database)) as engine:
        with monkeypatch.context() as patched:
            sent = []
            plain = live.database.execute_sql
            patched.setattr(
                live.database, "execute_sql", lambda *args: (sent.append(args[0]), plain(*args))[1]
            )
            schema = engine.read_schema()
        assert sum(sql.startswith("SHOW CREATE") for sql in sent) == 2
        assert {one.name: one.default for one in schema.table("t?").columns} == {
            "a": "0x61006200",
            "b": "0x00000061",
            "c": "0xFF00",
            "d": "''",
            "e": None,
            "f": "0x6974277320C39F5C0A",
            "g": "'😀?'''",
            "h": "'?'",
            "i`?": "'?'",
        }
        live.run("INSERT INTO `t?` () VALUES ()")
        there = live.run("SELECT * FROM `t?`")
        live.run("DROP TABLE `t?`")
        changes = compare(engine.read_schema(), schema, policy=engine.policy()).changes
        run(engine, migration(changes, engine.read_schema(), engine.spelling()), "migrate_forward")
        assert compare(engine.read_schema(), schema, policy=engine.policy()).changes == ()
        live.run("INSERT INTO `t?` () VALUES ()")
        assert live.run("SELECT * FROM `t?`") == there


def test_defaults_go_with_a_type(live: Live) -> None:
    live.run(
        "CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 7, d datetime DEFAULT CURRENT_TIMESTAMP)"
    )
    migrate(
        live.migrator.alter_column_type("t", "n", peewee.TextField(null=True)),
        live.migrator.alter_column_type("t", "d", peewee.DateField(null=True)),
    )
    assert _defaults(live)["n"] == "7"


def test_a_foreign_keys_column_beside_a_copy(live: Live) -> None:
    live.run(
        "CREATE TABLE p (id int PRIMARY KEY)",
        "CREATE TABLE t (id int PRIMARY KEY, p_id int, b int, CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id))",
    )
    migrate(
        live.migrator.add_column_default("t", "p_id", 1),
        live.migrator.add_not_null("t", "p_id"),
        live.migrator.alter_column_type("t", "b", peewee.CharField(null=True)),
        live.migrator.rename_column("t", "p_id", "owner"),
        live.migrator.alter_column_type("t", "b", peewee.IntegerField(null=True)),
    )
    assert "`owner` int NOT NULL DEFAULT '1'" in live.lines("t")
    migrate(
        live.migrator.drop_foreign_key_constraint("t", "owner"), live.migrator.drop_index("t", "f")
    )
    assert not any("KEY `f`" in line for line in live.lines("t"))


@pytest.mark.parametrize("what", ["g int AS (a + 1)", "g int DEFAULT (a + 1)", "KEY g ((a + 1))"])
def test_a_name_that_an_expression_holds(live: Live, what: str) -> None:
    live.run(f"CREATE TABLE t (id int PRIMARY KEY, a int, {what})")
    with pytest.raises(OperationError, match="then MySQL takes no other name for it"):
        migrate(live.migrator.rename_column("t", "a", "b"))
