"""Whether a transaction is open: what the journal writes, and when, depends on it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import peewee
import pytest
from mariadb_live import Live

from support.raising import raises
from support.written import opened
from wheatear import Migrations
from wheatear.engines import engine_for
from wheatear.errors import ConfigError


def test_after_a_deadlock_none_is_open(live: Live, shared_database: Any) -> None:
    """The server has rolled it back, and said so in an error alone."""
    numbers = ", ".join(f"({number}, 0)" for number in range(1, 100))
    live.run("CREATE TABLE t (id int PRIMARY KEY, a int)", f"INSERT INTO t VALUES {numbers}")
    other = shared_database.connect()
    with opened(engine_for(live.database)) as engine, ThreadPoolExecutor(1) as beside:
        ways = engine.journaling()
        live.run("BEGIN", "UPDATE t SET a = 1 WHERE id = 1")
        assert ways.in_transaction()
        beside.submit(other.connect).result()
        beside.submit(other.execute_sql, "BEGIN").result()
        beside.submit(other.execute_sql, "UPDATE t SET a = 2 WHERE id > 1").result()
        crossing = beside.submit(other.execute_sql, "UPDATE t SET a = 2 WHERE id = 1")
        with pytest.raises(peewee.OperationalError, match="Deadlock"):
            live.run("UPDATE t SET a = 1 WHERE id = 2")  # who has changed less is the victim
        assert not ways.in_transaction(after_error=True)
        assert not engine.in_transaction()
        crossing.result()
        beside.submit(other.close).result()


class OtherConnection:
    """What a driver's is that does not keep what the server says of transactions."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        if name == "server_status":
            raise AttributeError(name)
        return getattr(self._real, name)


class OtherDatabase(peewee.MySQLDatabase):
    def _connect(self) -> Any:
        return OtherConnection(super()._connect())


@pytest.mark.parametrize("is_open", [True, False])
def test_a_driver_that_does_not_tell(live: Live, tmp_path: Path, *, is_open: bool) -> None:
    db = OtherDatabase(live.database.database, **live.database.connect_params)
    if is_open:
        db.connect()
    message = (
        "MySQL and MariaDB are reached through PyMySQL alone: a connection of "
        "test_mysql_open_transaction does not tell whether a transaction is open.\n"
        "  state: nothing was changed.\n"
        '  next:  uv add "wheatear[mysql]", and use Peewee\'s MySQLDatabase or connect().'
    )
    with raises(ConfigError, message):
        Migrations(db, tmp_path).status()
    db.close()
