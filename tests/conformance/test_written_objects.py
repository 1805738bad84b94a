"""What no operation says, as SQL: views, triggers, types, sequences, partitions, tables' options."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from support.written import migration, opened, run
from wheatear.engines import engine_for
from wheatear.errors import OperationError
from wheatear.schema.diff import compare

T = "CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20))"
VIEWS = [T, "CREATE VIEW z AS SELECT a FROM t", "CREATE VIEW v AS SELECT a FROM z"]
NUMBERED = "CREATE TRIGGER numbered AFTER INSERT ON t FOR EACH ROW "
MOOD = "CREATE TYPE mood AS ENUM ({})"
FELT = "CREATE TABLE t (id int PRIMARY KEY, felt mood DEFAULT 'ok', more mood[])"
PARTED = "CREATE TABLE t (id int, day date NOT NULL) PARTITION BY RANGE (day)"
OF_2020 = "FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')"
CASES: dict[str, list[tuple[str, list[str], list[str]]]] = {
    "views of views": [(one, [T], VIEWS) for one in ("sqlite", "postgresql", "mariadb")],
    "a view that is another": [
        (one, VIEWS, [*VIEWS[:2], "CREATE VIEW v AS SELECT a + 1 AS a FROM z"])
        for one in ("sqlite", "postgresql", "mariadb")
    ],
    "a trigger": [
        ("sqlite", [T], [T, NUMBERED + "BEGIN UPDATE t SET a = 1; END"]),
        ("mariadb", [T], [T, "CREATE TRIGGER w BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1"]),
    ],
    "a type under views": [("postgresql", VIEWS, [T.replace("a int", "a bigint"), *VIEWS[1:]])],
    "a materialized view": [
        (
            "postgresql",
            [T],
            [T, "CREATE MATERIALIZED VIEW m AS SELECT a FROM t", "CREATE INDEX i ON m (a)"],
        )
    ],
    "a label more": [
        ("postgresql", [MOOD.format("'ok'"), FELT], [MOOD.format("'bad', 'ok', 'fine'"), FELT])
    ],
    "other labels": [
        (
            "postgresql",
            [MOOD.format("'ok', 'bad'"), FELT],
            [MOOD.format("'fine', 'ok'"), FELT.replace("'ok'", "'fine'")],
        )
    ],
    "a domain": [
        (
            "postgresql",
            ["CREATE DOMAIN age AS int CHECK (VALUE > 0)", "CREATE TABLE t (a age)"],
            ["CREATE DOMAIN age AS int CHECK (VALUE > 1) NOT NULL", "CREATE TABLE t (a age)"],
        )
    ],
    "a sequence": [
        ("postgresql", ["CREATE SEQUENCE s INCREMENT BY 2"], ["CREATE SEQUENCE s MAXVALUE 99"])
    ],
    "partitions": [
        (
            "postgresql",
            [PARTED, "CREATE TABLE p (id int, day date NOT NULL)"],
            [PARTED, f"CREATE TABLE p PARTITION OF t {OF_2020}"],
        ),
    ],
    "options": [
        ("postgresql", [T], [T + " WITH (fillfactor=70)", "ALTER TABLE t ENABLE ROW LEVEL SECURITY"]),
        ("postgresql", [T], [T.replace("TABLE", "UNLOGGED TABLE"), "ALTER TABLE t REPLICA IDENTITY FULL"]),
        ("mariadb", [T], [T + " ROW_FORMAT=COMPRESSED COMMENT='it''s 100%'"]),
        ("mariadb", [T], [T + " DEFAULT CHARSET=latin1"]),
    ],
    "comments": [
        (
            "postgresql",
            [T],
            [T, "COMMENT ON TABLE t IS 'it''s'", "COMMENT ON COLUMN t.a IS '100%'"],
        )
    ],
    "an exclusion": [
        (
            "postgresql",
            ["CREATE TABLE t (r int4range)"],
            ["CREATE TABLE t (r int4range, EXCLUDE USING gist (r WITH &&))"],
        )
    ],
    "an expression that is another": [
        (
            "postgresql",
            ["CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a) STORED)", "CREATE INDEX i ON t (b)"],
            [
                "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED)",
                "CREATE INDEX i ON t (b)",
            ],
        ),
        (
            "mariadb",
            ["CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a) STORED)", "CREATE INDEX i ON t (b)"],
            [
                "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED)",
                "CREATE INDEX i ON t (b)",
            ],
        ),
        (
            "sqlite",
            ["CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a) STORED)", "CREATE INDEX i ON t (b)"],
            [
                "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED)",
                "CREATE INDEX i ON t (b)",
            ],
        ),
    ],
}  # fmt: skip
ALL = [
    pytest.param(*case, id=f"{name}-{number}-{case[0]}".replace(" ", "_"))
    for name, cases in CASES.items()
    for number, case in enumerate(cases)
]


@pytest.mark.long
@pytest.mark.parametrize(("engine", "before", "after"), ALL)
def test_there_and_back(
    engine: str, before: list[str], after: list[str], new_database: Callable[[str], Any]
) -> None:
    other = new_database(engine)
    with opened(engine_for(other.connect())) as there:
        _create(there.db, after)
        wanted = there.read_schema()
    own = new_database(engine)
    with opened(engine_for(own.connect())) as here:
        _create(here.db, before)
        was = here.read_schema()
        policy = replace(here.policy(), names=True)
        changes = compare(was, wanted, policy=here.policy()).changes
        assert changes
        text = migration(changes, was, here.spelling())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run(here, text, "migrate_forward")
            assert compare(here.read_schema(), wanted, policy=policy).changes == (), text
            run(here, text, "migrate_backward")
        assert compare(here.read_schema(), was, policy=policy).changes == (), text


def _create(db: Any, statements: list[str]) -> None:
    for sql in statements:
        db.execute_sql(sql if db.param == "?" else sql.replace("%", "%%"))


def test_how_a_table_is_partitioned_is_refused(new_database: Callable[[str], Any]) -> None:
    with opened(engine_for(new_database("postgresql").connect())) as engine:
        _create(engine.db, [T])
        was = engine.read_schema()
        _create(engine.db, ["DROP TABLE t", PARTED])
        wanted = engine.read_schema()
        changes = compare(was, wanted, policy=engine.policy()).changes
        with pytest.raises(OperationError) as caught:
            migration(changes, was, engine.spelling())
    assert str(caught.value) == (
        'How table "t" is partitioned cannot be changed by an ALTER TABLE.\n'
        "  state: nothing was written\n"
        "  next:  write a migration that makes a new table and moves the rows"
    )
