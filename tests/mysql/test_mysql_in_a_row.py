"""Neighbours are one ALTER; errors say whose they are and what stays; locks are waited for."""

from __future__ import annotations

import logging
import time

import peewee
import pytest
from mariadb_live import Live, altered
from playhouse.migrate import migrate

from support.databases import only_mariadb
from wheatear.engines.mysql.lock_timeout import is_lock_timeout
from wheatear.errors import LockTimeoutError, OperationError


@only_mariadb
def test_neighbours_are_one_alter(rich: Live) -> None:
    m, sent = rich.migrator, altered(rich)
    m.migrate(
        m.add_column("rich", "q", peewee.IntegerField(default=1)),
        m.drop_column("rich", "st"),
        m.add_column_default("rich", "u", 7),
        m.rename_column("rich", "nn", "renamed"),
        m.alter_column_type("rich", "bi", peewee.BigIntegerField(null=True)),
        m.add_not_null("rich", "s"),
        m.add_index("rich", ("e",)),
        m.add_constraint("rich", "c2", peewee.Check("f > 0")),
    )
    assert len({sql.partition(", ALGORITHM")[0] for sql in sent}) == 1
    text = "\n".join(rich.lines("rich"))
    for part in (
        "`q` int(11) NOT NULL DEFAULT 1",
        "zerofill DEFAULT 0000000007",
        "`renamed` varchar(10)",
        "KEY `rich_e`",
        "`c2`",
    ):
        assert part in text
    assert "`st`" not in text


@only_mariadb
def test_changes_of_one_column_are_one_modify(rich: Live) -> None:
    m, sent = rich.migrator, altered(rich)
    assert rich.diff(
        "rich",
        lambda: m.migrate(
            m.alter_column_type("rich", "s", peewee.CharField(max_length=60, null=True)),
            m.add_not_null("rich", "s"),
            m.add_column_default("rich", "s", "new"),
            m.drop_not_null("rich", "nn"),
            m.add_not_null("rich", "nn"),
            m.drop_column_default("rich", "d"),
            m.drop_not_null("rich", "d"),
        ),
    ) == {
        "- `s` varchar(30) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT 'a''b\\\\c'",
        "+ `s` varchar(60) CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL DEFAULT 'new'",
        "- `d` datetime(3) DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3)",
        "+ `d` datetime(3) DEFAULT NULL ON UPDATE current_timestamp(3)",
    }
    assert len({sql.partition(", ALGORITHM")[0] for sql in sent}) == 1
    with pytest.raises(OperationError, match=r"^add_not_null.*2 rows of 'rich' hold NULL in 'st'"):
        m.migrate(
            m.add_not_null("rich", "st"),
            m.alter_column_type("rich", "st", peewee.CharField()),
        )


@only_mariadb
def test_what_would_rebuild_only_together_is_made_one_by_one(live: Live) -> None:
    live.run("CREATE TABLE t (id int PRIMARY KEY, a int, b int)")
    m, sent = live.migrator, altered(live)
    m.migrate(
        m.add_column("t", "q", peewee.IntegerField(default=1)),
        m.add_index("t", ("a",)),
        m.drop_column("t", "b"),
    )
    assert [sql.partition("ALTER TABLE `t` ")[2] for sql in sent[2:]] == [
        "ADD COLUMN `q` INTEGER NOT NULL DEFAULT 1, ALGORITHM=INSTANT",
        "ADD INDEX `t_a` (`a`), ALGORITHM=INSTANT",
        "ADD INDEX `t_a` (`a`), ALGORITHM=NOCOPY, LOCK=NONE",
        "DROP COLUMN `b`, ALGORITHM=INSTANT",
    ]


@only_mariadb
def test_what_the_server_cannot_take_together_is_split(rich: Live) -> None:
    m, sent = rich.migrator, altered(rich)
    m.migrate(
        m.add_column("rich", "q", peewee.IntegerField(default=1)),
        m.add_index("rich", ("q",)),
        m.rename_column("rich", "q", "r"),
        m.add_column_default("rich", "r", 5),
        m.add_constraint("rich", "c2", peewee.Check("r > 0")),
        m.rename_column("rich", "n", "n2"),
        m.add_column("rich", "n", peewee.IntegerField(default=1)),
        m.drop_column("rich", "n"),
        m.rename_table("rich", "richer"),
    )
    m.migrate(m.rename_table("richer", "rich"), m.drop_not_null("rich", "r"))
    assert len({sql.partition(", ALGORITHM")[0] for sql in sent}) == 10
    text = "\n".join(rich.lines("rich"))
    for part in ("`r` int(11) DEFAULT 5", "CHECK (`r` > 0)", "KEY `rich_q` (`r`)", "(`n2` + 1)"):
        assert part in text


@only_mariadb
def test_an_error_names_the_operation_its_line_and_what_stays(rich: Live) -> None:
    m = rich.migrator
    with pytest.raises(OperationError) as caught:
        m.migrate(
            m.add_column("rich", "q", peewee.IntegerField(default=1)),
            m.rename_column("rich", "q", "r"),
            m.add_not_null("rich", "st"),
            m.drop_column("rich", "f"),
        )
    assert caught.value.what == "add_not_null('rich', 'st'): 2 rows of 'rich' hold NULL in 'st'."
    assert caught.value.where.startswith(f"{__file__}:")
    assert caught.value.state == (
        "MariaDB commits each ALTER by itself. Made, and they stay: add_column('rich', 'q',"
        " IntegerField(…)). Not made: rename_column('rich', 'q', 'r'), add_not_null('rich', 'st'),"
        " drop_column('rich', 'f')."
    )
    with pytest.raises(OperationError) as caught:
        m.migrate(
            m.add_not_null("rich", "s"),
            m.alter_column_type("rich", "p_id", peewee.BigIntegerField(null=True)),
        )
    assert caught.value.what.startswith(
        "alter_column_type('rich', 'p_id', BigIntegerField(…)): MariaDB refused it: Cannot change column 'p_id'"
    )
    assert caught.value.state == "Nothing was changed."


@only_mariadb
def test_a_change_beside_the_named_one_is_found(
    rich: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    m = rich.migrator
    operation = m.add_not_null("rich", "s")
    plain = operation.fn

    def spoiled(*args: object) -> object:
        import dataclasses

        step = plain(*args)

        def plan(state):
            change = step.plan(state)
            return dataclasses.replace(change, clauses=(*change.clauses, "DROP INDEX kc"))

        return dataclasses.replace(step, plan=plan)

    operation.fn = spoiled
    with pytest.raises(
        OperationError, match="changed more than it names: key `kc` is missing"
    ) as caught:
        m.migrate(operation)
    assert caught.value.state == "The change is made and stays: MariaDB cannot take it back."


@only_mariadb
def test_a_held_lock_is_given_way_to_and_tried_again(
    rich: Live, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "wheatear")
    other = peewee.MySQLDatabase(rich.database.database, **rich.database.connect_params)
    other.connect()
    other.begin()
    other.execute_sql("SELECT * FROM rich").fetchall()
    rich.migrator.lock_timeout = 0
    log, told = logging.getLogger("wheatear"), logging.Handler()
    told.emit = lambda _: other.connection().rollback()  # type: ignore[method-assign]
    log.addHandler(told)
    try:
        migrate(rich.migrator.drop_not_null("rich", "nn"))
    finally:
        log.removeHandler(told)
        other.close()
    assert "drop_not_null('rich', 'nn') met a lock and gives way" in caplog.text


def test_patience_ends(rich: Live) -> None:
    other = peewee.MySQLDatabase(rich.database.database, **rich.database.connect_params)
    with other.connection_context(), other.atomic():
        other.execute_sql("SELECT * FROM rich").fetchall()
        rich.migrator.lock_timeout, rich.migrator.lock_patience = 0, 0.1
        begun = time.monotonic()
        with pytest.raises(LockTimeoutError) as caught:
            migrate(rich.migrator.drop_not_null("rich", "nn"))
        assert time.monotonic() - begun < 3
    assert caught.value.where.startswith(__file__)
    assert caught.value.state == "Nothing was changed."
    assert is_lock_timeout(caught.value)
    assert not is_lock_timeout(ValueError(1205.0))
    assert not is_lock_timeout(KeyError(1205))
    assert is_lock_timeout(peewee.OperationalError(1205, "Lock wait timeout exceeded"))
