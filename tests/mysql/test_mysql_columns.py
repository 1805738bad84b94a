"""Operations on a column change the line they name and no other."""

from __future__ import annotations

import logging
import warnings

import peewee
import pytest
from mariadb_live import Live
from playhouse.migrate import migrate

from support.databases import only_mariadb
from wheatear.engines.mysql.warned import NotAppliedWarning
from wheatear.errors import OperationError


@only_mariadb
def test_add_not_null_keeps_default_comment_charset_and_check(rich: Live) -> None:
    m = rich.migrator
    assert rich.diff("rich", lambda: migrate(m.add_not_null("rich", "s"))) == {
        "- `s` varchar(30) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT 'a''b\\\\c'",
        "+ `s` varchar(30) CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL DEFAULT 'a''b\\\\c'",
    }


@only_mariadb
def test_add_not_null_to_a_foreign_key_keeps_the_key(rich: Live) -> None:
    assert rich.diff("rich", lambda: rich.migrator.add_not_null("rich", "self_id").run()) == {
        "- `self_id` int(11) DEFAULT NULL",
        "+ `self_id` int(11) NOT NULL",
    }


def test_add_not_null_to_a_unique_column_adds_no_key(rich: Live) -> None:
    rich.run("UPDATE rich SET u = id")
    assert rich.diff("rich", lambda: rich.migrator.add_not_null("rich", "u").run()) == {
        "- `u` int(10) unsigned zerofill DEFAULT NULL",
        "+ `u` int(10) unsigned zerofill NOT NULL",
    }


def test_add_not_null_counts_the_rows_that_hold_null(rich: Live) -> None:
    with pytest.raises(OperationError) as caught:
        rich.migrator.add_not_null("rich", "st").run()
    assert caught.value.what == "add_not_null('rich', 'st'): 2 rows of 'rich' hold NULL in 'st'."
    assert caught.value.state == "Nothing was changed."
    assert caught.value.where.startswith(__file__)
    assert "UPDATE" in caught.value.next


def test_add_not_null_is_strict_where_the_session_is_not(rich: Live) -> None:
    rich.run("SET SESSION sql_mode = ''")
    with pytest.raises(OperationError, match="hold NULL"):
        rich.migrator.add_not_null("rich", "st").run()
    assert rich.run("SELECT @@sql_mode") == (("",),)


def test_a_timestamp_made_not_null_gets_no_default(rich: Live) -> None:
    rich.run("CREATE TABLE w (a timestamp NULL)", "SET explicit_defaults_for_timestamp = 0")
    assert rich.diff("w", lambda: rich.migrator.add_not_null("w", "a").run()) == {
        "- `a` timestamp NULL DEFAULT NULL",
        "+ `a` timestamp NOT NULL",
    }
    assert rich.diff("w", lambda: rich.migrator.drop_not_null("w", "a").run()) == {
        "+ `a` timestamp NULL DEFAULT NULL",
        "- `a` timestamp NOT NULL",
    }


@only_mariadb
def test_drop_not_null(rich: Live) -> None:
    assert rich.diff("rich", lambda: rich.migrator.drop_not_null("rich", "n").run()) == {
        "- `n` int(11) NOT NULL DEFAULT 5 COMMENT 'a, b NOT NULL ''x'' \\\\ DEFAULT 7\\nnext line' CHECK (`n` > 0)",
        "+ `n` int(11) DEFAULT 5 COMMENT 'a, b NOT NULL ''x'' \\\\ DEFAULT 7\\nnext line' CHECK (`n` > 0)",
    }
    with pytest.raises(OperationError, match="primary key"):
        rich.migrator.drop_not_null("rich", "id").run()


@only_mariadb
def test_other_modes_change_no_text(rich: Live) -> None:
    m = rich.migrator
    for mode in ("NO_BACKSLASH_ESCAPES", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "ANSI", "ORACLE"):
        before = rich.lines("rich")
        rich.run(f"SET SESSION sql_mode = '{mode}'")
        m.drop_not_null("rich", "n").run()
        m.add_not_null("rich", "s").run()
        m.drop_not_null("rich", "s").run()
        m.add_column("rich", "extra", peewee.CharField(default="it's a \\ b")).run()
        rich.run("SET SESSION sql_mode = ''")
        assert set(before) - set(rich.lines("rich")) == {before[2]}
        assert rich.lines("rich")[2] == before[2].replace("NOT NULL DEFAULT 5", "DEFAULT 5")
        assert rich.run("SELECT extra FROM rich LIMIT 1") == (("it's a \\ b",),)
        rich.run("ALTER TABLE rich DROP COLUMN extra")
        m.add_not_null("rich", "n").run()


@only_mariadb
def test_defaults(rich: Live) -> None:
    m = rich.migrator
    for default, shown in [
        (7, "7"),
        ("it's \\ %", "'it''s \\\\ %'"),
        ("uuid()", "(uuid())"),
        ("'quo ted'", "'quo ted'"),
        (peewee.fn.CONCAT("a", "b%"), "(concat('a','b%'))"),
        (True, "1"),
    ]:
        migrate(m.add_column_default("rich", "nn", default))
        line = next(line for line in rich.lines("rich") if line.startswith("`nn`"))
        assert line.partition(" DEFAULT ")[2].strip("()'") == shown.strip("()'")
    before = rich.lines("rich")
    assert rich.diff("rich", lambda: migrate(m.drop_column_default("rich", "nn"))) == {
        "- `nn` varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '1'",
        "+ `nn` varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
    }, before
    assert rich.diff("rich", lambda: migrate(m.drop_column_default("rich", "d"))) == {
        "- `d` datetime(3) DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3)",
        "+ `d` datetime(3) DEFAULT NULL ON UPDATE current_timestamp(3)",
    }
    assert rich.diff("rich", lambda: migrate(m.add_column_default("rich", "ts", "now()"))) == set()
    assert rich.diff("rich", lambda: migrate(m.add_column_default("rich", "d", "now(3)"))) == {
        "- `d` datetime(3) DEFAULT NULL ON UPDATE current_timestamp(3)",
        "+ `d` datetime(3) DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3)",
    }


@only_mariadb
def test_alter_column_type_says_what_it_does_not_apply(rich: Live) -> None:
    m = rich.migrator
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        changed = rich.diff(
            "rich",
            lambda: migrate(
                m.alter_column_type("rich", "s", peewee.CharField(max_length=60, default="q"))
            ),
        )
    assert [one.category for one in said] == [NotAppliedWarning] * 2
    assert said[0].filename == __file__
    assert "null=False" in str(said[0].message)
    assert "default is 'a''b" in str(said[1].message)
    assert changed == {
        "- `s` varchar(30) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT 'a''b\\\\c'",
        "+ `s` varchar(60) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT 'a''b\\\\c'",
    }


def test_alter_column_type_cuts_nothing(rich: Live) -> None:
    rich.run("UPDATE rich SET s = 'longer'", "SET SESSION sql_mode = ''")
    with pytest.raises(OperationError) as caught:
        rich.migrator.alter_column_type(
            "rich", "s", peewee.CharField(max_length=5, null=True)
        ).run()
    assert "Data too long" in caught.value.what or "truncated" in caught.value.what
    with pytest.raises(OperationError, match="cast"):
        rich.migrator.alter_column_type("rich", "s", peewee.TextField(null=True), cast="x").run()


@only_mariadb
def test_alter_column_type_to_and_from_json(rich: Live) -> None:
    m = rich.migrator
    assert rich.diff(
        "rich", lambda: m.alter_column_type("rich", "j", peewee.TextField(null=True)).run()
    ) == {
        "- `j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT '{}' CHECK (json_valid(`j`))",
        "+ `j` text DEFAULT '{}'",
    }
    assert rich.diff(
        "rich", lambda: m.alter_column_type("rich", "j", peewee.JSONField(null=True)).run()
    ) == {
        "+ `j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT '{}' CHECK (json_valid(`j`))",
        "- `j` text DEFAULT '{}'",
    }


@only_mariadb
def test_rename_column_and_a_primary_key(rich: Live) -> None:
    m = rich.migrator
    assert rich.diff("rich", lambda: migrate(m.rename_column("rich", "id", "key"))) == {
        "- `id` int(11) NOT NULL AUTO_INCREMENT",
        "+ `key` int(11) NOT NULL AUTO_INCREMENT",
        "- PRIMARY KEY (`id`)",
        "+ PRIMARY KEY (`key`)",
        "- CONSTRAINT `fk_self` FOREIGN KEY (`self_id`) REFERENCES `rich` (`id`)",
        "+ CONSTRAINT `fk_self` FOREIGN KEY (`self_id`) REFERENCES `rich` (`key`)",
    }
    migrate(m.rename_column("rich", "n", "number"))
    text = "\n".join(rich.lines("rich"))
    for part in (
        "CHECK (`number` > 0)",
        "(`number` + 1)",
        "`s`(5),`number` DESC",
        "`number` < 100",
    ):
        assert part in text


@only_mariadb
def test_views_follow_a_renamed_column(rich: Live) -> None:
    rich.run(
        "CREATE VIEW v AS SELECT r.s, concat(r.s, '`r`.`s`'), p.code AS s2, (SELECT max(x.s) FROM rich x) AS m"
        " FROM rich AS r JOIN parent p ON p.id = r.p_id WHERE r.s <> '' ORDER BY r.s",
        "CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW v2 AS SELECT s FROM rich WHERE s <> '' WITH LOCAL CHECK OPTION",
        "CREATE VIEW v3 AS SELECT id FROM parent",
    )
    rich.run("UPDATE rich SET s = 'seven'")
    shown = (
        rich.run("SELECT * FROM v"),
        rich.run("DESCRIBE v"),
        rich.run("SHOW CREATE VIEW v2")[0][1],
    )
    migrate(rich.migrator.rename_column("rich", "s", "string"))
    assert rich.run("SELECT * FROM v") == shown[0]
    assert rich.run("DESCRIBE v") == shown[1]
    now = rich.run("SHOW CREATE VIEW v2")[0][1]
    assert now == shown[2].replace(".`s`", ".`string`")
    assert "LOCAL CHECK OPTION" in now


def test_rename_column_names_the_trigger_that_would_break(rich: Live) -> None:
    rich.run(
        "CREATE VIEW v AS SELECT x.n FROM rich x WHERE x.id IN (SELECT x.id FROM parent x)",
        "CREATE TRIGGER tr BEFORE INSERT ON rich FOR EACH ROW SET NEW.nn = 'q'",
    )
    with pytest.raises(OperationError, match="is used by view 'v', which would go on saying 'n'"):
        rich.migrator.rename_column("rich", "n", "number").run()
    with pytest.raises(OperationError, match="is used by trigger 'tr'"):
        rich.migrator.rename_column("rich", "nn", "m").run()
    rich.migrator.rename_column("rich", "e", "m").run()


@only_mariadb
def test_a_rename_after_a_query_with_an_alias(rich: Live) -> None:
    rich.run("SELECT r.n FROM rich AS r")  # MariaDB: Unknown column 'n' in 'CHECK'
    rich.migrator.rename_column("rich", "n", "m").run()
    assert "`m` < 100" in "".join(rich.lines("rich"))


WRONG_NAMES = [
    (lambda m: m.add_not_null("rihc", "s"), "There is no table 'rihc'; did you mean rich?"),
    (lambda m: m.add_not_null("rich", "self"), "no column 'self'; did you mean self_id?"),
    (lambda m: m.drop_column("rich", "zzzzzz"), "no column 'zzzzzz'."),
    (lambda m: m.rename_column("rich", "nnx", "y"), "no column 'nnx'; did you mean nn"),
    (lambda m: m.rename_column("rich", "nn", "S"), "has a column 's' already"),
    (lambda m: m.drop_index("rich", "pr"), "no index 'pr'; did you mean pre?"),
    (lambda m: m.drop_constraint("rich", "cky"), "no constraint 'cky'; did you mean ck"),
    (lambda m: m.add_index("rich", ("selfid",)), "no column 'selfid'; did you mean self_id?"),
    (lambda m: m.drop_foreign_key_constraint("rich", "n"), "'n' of 'rich' has no foreign key"),
    (
        lambda m: m.add_column("rich", "N", peewee.IntegerField(null=True)),
        "has a column 'n' already",
    ),
    (lambda m: m.add_column("rich", "q", peewee.IntegerField()), "not null but has no default"),
    (lambda m: m.drop_table("paren"), "There is no table 'paren'; did you mean parent?"),
    (lambda m: m.rename_table("paren", "x"), "There is no table 'paren'; did you mean parent?"),
]


def test_wrong_names_are_errors_that_list_near_ones(rich: Live) -> None:
    before = rich.lines("rich")
    for operation, said in WRONG_NAMES:
        with pytest.raises(OperationError) as caught:
            migrate(operation(rich.migrator))
        assert said in caught.value.what
        assert caught.value.state == "Nothing was changed."
    assert rich.lines("rich") == before


@only_mariadb
def test_another_letter_case_is_the_same_column(rich: Live) -> None:
    rich.migrator.drop_not_null("rich", "NN").run()
    assert "`nn` varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL" in rich.lines(
        "rich"
    )


def test_session_settings_are_as_before(rich: Live, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "wheatear")
    asked = "SELECT @@lock_wait_timeout, @@sql_mode, @@explicit_defaults_for_timestamp, @@foreign_key_checks"
    rich.run("SET lock_wait_timeout = 77, sql_mode = '', explicit_defaults_for_timestamp = 0")
    before = rich.run(asked)
    rich.migrator.add_column("rich", "q", peewee.IntegerField(null=True)).run()
    assert rich.run(asked) == before
