"""Columns dropped, keys and constraints added and dropped, tables renamed and dropped."""

from __future__ import annotations

import peewee
import pytest
from mariadb_live import Live
from playhouse.migrate import migrate

from support.databases import only_mariadb
from wheatear.engines.mysql.warned import BrokenByRenameWarning
from wheatear.errors import OperationError


@only_mariadb
def test_drop_column_takes_its_own_key_and_foreign_key_along(rich: Live) -> None:
    m = rich.migrator
    assert rich.diff("rich", lambda: migrate(m.drop_column("rich", "self_id"))) == {
        "- `self_id` int(11) DEFAULT NULL",
        "- KEY `fk_self` (`self_id`)",
        "- CONSTRAINT `fk_self` FOREIGN KEY (`self_id`) REFERENCES `rich` (`id`)",
    }
    assert rich.diff("rich", lambda: migrate(m.drop_column("rich", "u"))) == {
        "- `u` int(10) unsigned zerofill DEFAULT NULL",
        "- UNIQUE KEY `uq` (`u`)",
    }


@only_mariadb
def test_drop_column_names_what_else_uses_it(rich: Live) -> None:
    rich.run(
        "CREATE VIEW v AS SELECT n FROM rich",
        "CREATE TRIGGER tr BEFORE INSERT ON rich FOR EACH ROW SET NEW.n = 7",
        "CREATE TABLE child (r int, CONSTRAINT fk_r FOREIGN KEY (r) REFERENCES rich (id))",
    )
    before = rich.lines("rich")
    with pytest.raises(OperationError) as caught:
        rich.migrator.drop_column("rich", "n").run()
    assert caught.value.what == (
        "drop_column('rich', 'n'): 'n' of 'rich' is used by index 'pre' (s, n), 'ck' CHECK (`n` < 100"
        " and `s` <> ')'), generated column 'g', generated column 'gi', view 'v', trigger 'tr'."
    )
    assert "cascade=True" in caught.value.next
    with pytest.raises(
        OperationError, match="foreign key 'fk_self', foreign key 'fk_r' of table 'child'"
    ):
        rich.migrator.drop_column("rich", "id").run()
    assert rich.lines("rich") == before
    rich.migrator.drop_column("rich", "n", cascade=True).run()
    gone = set(before) - set(rich.lines("rich"))
    assert {line.split(" ")[0] + " " + line.split(" ")[1] for line in gone} == {
        "`n` int(11)", "`g` int(11)", "`gi` int(11)", "KEY `pre`", "CONSTRAINT `ck`",
    }  # fmt: skip
    assert rich.run("SHOW TRIGGERS") == ()
    rich.migrator.drop_column("rich", "id", cascade=True).run()
    assert "FOREIGN" not in "".join(rich.lines("child"))


def test_drop_the_last_column_is_refused(live: Live) -> None:
    live.run("CREATE TABLE t (a int)")
    with pytest.raises(OperationError, match="last column"):
        live.migrator.drop_column("t", "a").run()


@only_mariadb
def test_constraints_by_kind(rich: Live) -> None:
    m, before = rich.migrator, rich.lines("rich")
    rich.run("UPDATE rich SET ex = 1")
    m.migrate(
        m.add_constraint("rich", "positive", peewee.Check("f > 0 AND s <> '100%%'")),
        m.add_unique("rich", "nn", "e"),
        m.add_foreign_key_constraint(
            "rich", "ex", "parent", "id", on_delete="SET NULL", constraint_name="fk_ex"
        ),
    )
    assert set(rich.lines("rich")) - set(before) == {
        "CONSTRAINT `positive` CHECK (`f` > 0 and `s` <> '100%')",
        "UNIQUE KEY `uniq_nn_e` (`nn`,`e`)",
        "KEY `fk_ex` (`ex`)",
        "CONSTRAINT `fk_ex` FOREIGN KEY (`ex`) REFERENCES `parent` (`id`) ON DELETE SET NULL",
    }
    for name in ("positive", "uniq_nn_e", "fk_ex", "n"):
        migrate(m.drop_constraint("rich", name))
    m.migrate(m.drop_index("rich", "fk_ex"))
    assert set(before) - set(rich.lines("rich")) == {before[2]}
    assert rich.lines("rich")[2] == before[2].removesuffix(" CHECK (`n` > 0)")


@only_mariadb
def test_a_constraint_that_rows_break_is_refused_with_the_servers_reason(rich: Live) -> None:
    with pytest.raises(OperationError, match=r"CONSTRAINT `big` failed.*\(error 4025\)"):
        rich.migrator.add_constraint("rich", "big", peewee.Check("f > 100")).run()
    rich.run("UPDATE rich SET e = 'a'")
    with pytest.raises(OperationError, match="Duplicate entry 'a'"):
        rich.migrator.add_unique("rich", "e").run()
    with pytest.raises(OperationError, match="has a constraint or index 'ck' already"):
        rich.migrator.add_constraint("rich", "ck", peewee.Check("f > 0")).run()


def test_indexes(rich: Live) -> None:
    m = rich.migrator
    assert rich.diff(
        "rich", lambda: migrate(m.add_index("rich", ("e", "st"), True, name="es"))
    ) == {"+ UNIQUE KEY `es` (`e`,`st`)"}
    assert rich.diff("rich", lambda: migrate(m.add_index("rich", ("s",), using="FULLTEXT"))) == {
        "+ FULLTEXT KEY `rich_s` (`s`)"
    }
    assert rich.diff("rich", lambda: migrate(m.add_index("rich", ("ex",), using="BTREE"))) == {
        "+ KEY `rich_ex` (`ex`) USING BTREE"
    }
    assert rich.diff("rich", lambda: migrate(m.drop_index("rich", "es"))) == {
        "- UNIQUE KEY `es` (`e`,`st`)"
    }
    with pytest.raises(OperationError, match="no partial indexes"):
        m.add_index("rich", ("e",), where=peewee.SQL("e = 1")).run()


def test_an_index_that_takes_the_place_of_the_servers_own(rich: Live) -> None:
    m = rich.migrator
    rich.run("CREATE TABLE t (a int, b int, CONSTRAINT f FOREIGN KEY (a) REFERENCES parent (id))")
    assert rich.diff("t", lambda: migrate(m.add_index("t", ("a", "b")))) == {
        "- KEY `f` (`a`)",
        "+ KEY `t_a_b` (`a`,`b`)",
    }
    with pytest.raises(OperationError) as caught:
        m.drop_index("t", "t_a_b").run()
    assert "The index 't_a_b' is needed by f." in caught.value.what
    migrate(m.drop_foreign_key_constraint("t", "a"), m.drop_index("t", "t_a_b"))


def test_rename_table_keeps_keys_and_says_what_breaks(rich: Live) -> None:
    m = rich.migrator
    rich.run("CREATE TABLE t (id int PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES t (id))")
    assert rich.diff("t", lambda: migrate(m.rename_table("t", "t2")), after="t2") == {
        "- CREATE TABLE `t` (",
        "+ CREATE TABLE `t2` (",
        "- CONSTRAINT `t_ibfk_1` FOREIGN KEY (`up`) REFERENCES `t` (`id`)",
        "+ CONSTRAINT `t2_ibfk_1` FOREIGN KEY (`up`) REFERENCES `t2` (`id`)",
    }
    rich.run("CREATE VIEW v AS SELECT n FROM rich")
    with pytest.warns(BrokenByRenameWarning, match="view 'v' still say 'rich'"):
        migrate(m.rename_table(old_name="rich", new_name="richer"))
    with pytest.raises(OperationError, match="is a view or a sequence, not a table"):
        migrate(m.drop_column("v", "n"))


def test_drop_table(rich: Live) -> None:
    m = rich.migrator
    for checks in (1, 0):  # the server looks by itself, or does not
        rich.run(f"SET foreign_key_checks = {checks}")
        with pytest.raises(
            OperationError, match="referenced by foreign key 'fk_p' of table 'rich'"
        ):
            migrate(m.drop_table("parent"))
    migrate(m.drop_table("nothing", safe=True))
    migrate(m.drop_table("parent", cascade=True))
    assert rich.run("SHOW TABLES") == (("rich",),)
    assert "fk_p`" not in "".join(line for line in rich.lines("rich") if "FOREIGN" in line)


@only_mariadb
def test_sql_and_schema(rich: Live) -> None:
    m = rich.migrator
    m.migrate(
        m.sql("UPDATE rich SET s = %s WHERE id = %s", ("new", 1)), m.drop_not_null("rich", "nn")
    )
    assert rich.run("SELECT s FROM rich WHERE id = 1") == (("new",),)
    name = rich.database.database
    other = type(m)(peewee.MySQLDatabase("test", **rich.database.connect_params), schema=name)
    with other.database.connection_context(), other.migration_context():
        other.migrate(other.add_not_null("rich", "nn"), other.rename_column("rich", "nn", "mm"))
        with pytest.raises(OperationError, match="did you mean rich"):
            other.rename_column("richh", "nn", "mm").run()
        other.rename_table("rich", "richer").run()
    assert any(line.startswith("`mm`") for line in rich.lines("richer"))
