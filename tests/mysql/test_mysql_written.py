"""What a written migration says to keep the rows as they are."""

from __future__ import annotations

from mariadb_live import Live

from support.written import migration, opened, run
from wheatear.engines import engine_for
from wheatear.schema.diff import compare


def test_a_key_that_begins_to_count_keeps_its_rows(live: Live) -> None:
    tables = (
        "CREATE TABLE p (id int {counts} PRIMARY KEY)",
        "CREATE TABLE c (p_id int, FOREIGN KEY (p_id) REFERENCES p (id))",
    )
    with opened(engine_for(live.database)) as engine:
        live.run(*(sql.format(counts="AUTO_INCREMENT") for sql in tables))
        there = engine.read_schema()
        live.run("DROP TABLE c, p", *(sql.format(counts="") for sql in tables))
        live.run("INSERT INTO p VALUES (0), (5)", "INSERT INTO c VALUES (0), (5)")
        here = engine.read_schema()
        text = migration(
            compare(here, there, policy=engine.policy()).changes, here, engine.spelling()
        )
        before = live.run("SELECT @@sql_mode, @@foreign_key_checks")
        run(engine, text, "migrate_forward")
        assert live.run("SELECT id FROM p ORDER BY id") == ((0,), (5,))
        assert live.run("SELECT @@sql_mode, @@foreign_key_checks") == before
        run(engine, text, "migrate_backward")
        assert compare(engine.read_schema(), here, policy=engine.policy()).changes == ()
