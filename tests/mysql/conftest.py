"""A MariaDB database of the tests' own, emptied after each: making one takes longer than a test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mariadb_live import RICH, Live

from support.databases import create_database, drop_database
from wheatear.engines.mysql.migrator import MysqlMigrator


@pytest.fixture(scope="session")
def shared_database(tmp_path_factory: Any) -> Iterator[Any]:
    made = create_database("mariadb", tmp_path_factory.mktemp("mariadb"))
    yield made
    drop_database(made)


@pytest.fixture
def live(shared_database: Any) -> Iterator[Live]:
    database = shared_database.connect()
    database.connect()
    yield Live(database, MysqlMigrator(database))
    database.close()
    cleaner = shared_database.connect()
    with cleaner.connection_context():
        cleaner.execute_sql("SET foreign_key_checks = 0")
        for name, kind in cleaner.execute_sql("SHOW FULL TABLES").fetchall():
            what = {"VIEW": "VIEW", "SEQUENCE": "SEQUENCE"}.get(kind, "TABLE")
            cleaner.execute_sql(f"DROP {what} `{name}`")


@pytest.fixture
def rich(live: Live) -> Live:
    """A table with all that playhouse loses, and two rows in it."""
    live.run(
        "CREATE TABLE parent (id int PRIMARY KEY, code varchar(20) CHARACTER SET latin1 UNIQUE)",
        RICH,
        "INSERT INTO parent VALUES (1, 'one')",
        "INSERT INTO rich (n, s, nn, p_id) VALUES (7, 'seven', 'x', 1), (8, 'x', 'y', 1)",
        "UPDATE rich SET self_id = 1",
    )
    return live
