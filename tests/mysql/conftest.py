"""A MariaDB database of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mariadb_live import RICH, Live

from wheatear.engines.mysql.migrator import MysqlMigrator


@pytest.fixture
def live(new_database: Callable[[str], Any]) -> Iterator[Live]:
    database = new_database("mariadb").connect()
    database.connect()
    yield Live(database, MysqlMigrator(database))
    database.close()


@pytest.fixture
def rich(live: Live) -> Live:
    """A table with all that playhouse loses, and a row in it."""
    live.run(
        "CREATE TABLE parent (id int PRIMARY KEY, code varchar(20) CHARACTER SET latin1 UNIQUE)",
        RICH,
        "INSERT INTO parent VALUES (1, 'one')",
        "INSERT INTO rich (n, s, nn, p_id, self_id) VALUES (7, 'seven', 'x', 1, 1), (8, 'x', 'y', 1, 1)",
    )
    return live
