"""Nobody waits long: an operation that would, gives way and tries again."""

from __future__ import annotations

import logging
import re
import threading
import time

import peewee
import pytest
from peewee import IntegerField
from playhouse.migrate import migrate

from wheatear.engines.postgresql.lock_waits import Patience, is_lock_timeout, sqlstate
from wheatear.engines.postgresql.migrator import PostgresqlMigrator
from wheatear.errors import LockTimeoutError


@pytest.fixture
def table(db):
    db.execute_sql(
        "CREATE TABLE player (id integer PRIMARY KEY, name text); INSERT INTO player VALUES (1, 'a')"
    )


class Holder:
    """A connection whose open transaction holds the table."""

    def __init__(self, db, seconds):
        self.db = db
        self.seconds = seconds
        self.thread = threading.Thread(target=self.hold)
        self.held = threading.Event()

    def hold(self):
        with self.db.atomic():
            self.db.execute_sql("SELECT * FROM player").fetchall()
            self.held.set()
            time.sleep(self.seconds)
        self.db.close()

    def __enter__(self):
        self.db.close()
        self.thread.start()
        assert self.held.wait(5)

    def __exit__(self, *_):
        self.thread.join()


def test_it_gives_way_says_so_and_succeeds(any_db, connect, table, caplog):
    migrator = PostgresqlMigrator(any_db, lock_timeout=0.1)
    any_db.execute_sql("SET lock_timeout = '7s'")
    with Holder(connect(), 0.35), caplog.at_level(logging.INFO, "wheatear"):
        migrate(migrator.add_column("player", "experience", IntegerField(default=0)))
    assert re.search(
        r"add_column on player: process \d+ \(\w+, idle in transaction, for 0 s\) holds the table; "
        r"gave way, trying again in 0.2 s \(attempt 1\)",
        caplog.text,
    )
    assert any_db.execute_sql("SHOW lock_timeout").fetchone() == ("7s",)
    assert any_db.execute_sql("SELECT experience FROM player").fetchall() == [(0,)]


def test_after_its_patience_it_gives_up(db, connect, table):
    migrator = PostgresqlMigrator(db, lock_timeout=0.05)
    migrator.lock_patience = 0.2
    with Holder(connect(), 0.5), pytest.raises(LockTimeoutError) as caught:
        migrator.migrate(migrator.drop_column("player", "name"))
    assert "drop_column on player gave up after 0.2 s: process" in caught.value.what
    assert "test_postgresql_locks.py:" in caught.value.where
    assert not is_lock_timeout(caught.value)


def test_in_the_callers_transaction_the_error_goes_on(any_db, connect, table):
    migrator = PostgresqlMigrator(any_db, lock_timeout=0.05)
    with Holder(connect(), 0.2):
        with pytest.raises(peewee.OperationalError) as caught, any_db.atomic():
            migrator.migrate(migrator.drop_column("player", "name"))
        assert is_lock_timeout(caught.value)
        assert sqlstate(caught.value) == "55P03"
    assert not is_lock_timeout(ValueError())
    assert not is_lock_timeout(peewee.OperationalError("connection lost"))


def test_every_kind_of_operation_waits_shortly(db, connect, table):
    migrator = PostgresqlMigrator(db, lock_timeout=0.02)
    migrator.lock_patience = 0.02
    with Holder(connect(), 0.5):
        for operation in (
            migrator.rename_column("player", "name", "called"),
            migrator.rename_table("player", "players"),
            migrator.drop_table("player"),
            migrator.add_not_null("player", "name"),
        ):
            with pytest.raises(LockTimeoutError):
                migrator.migrate(operation)


def test_pauses_grow_and_end():
    pauses = list(Patience(2.0, 60.0).pauses())
    assert pauses[:6] == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0]
    assert 58 < sum(pauses) + 2 * len(pauses) < 67


@pytest.mark.long
@pytest.mark.parametrize("driver", [2, 3])
def test_under_load_with_an_open_transaction_for_ten_seconds(connect, table, driver):
    """No client waits longer than the lock_timeout and some noise."""
    db = connect(driver)
    db.execute_sql("INSERT INTO player SELECT n, 'x' FROM generate_series(2, 10000) n")
    migrator = PostgresqlMigrator(db, lock_timeout=0.5)
    waits = {"SELECT count(name) FROM player WHERE id < 9": 0.0}
    waits["UPDATE player SET name = 'y' WHERE id = 8"] = 0.0
    stop = threading.Event()

    def client(other, sql):
        while not stop.is_set():
            start = time.perf_counter()
            other.execute_sql(sql)
            waits[sql] = max(waits[sql], time.perf_counter() - start)
        other.close()

    threads = []
    for sql in waits:
        other = connect(driver)
        other.close()
        threads.append(threading.Thread(target=client, args=(other, sql)))
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    try:
        with Holder(connect(driver), 10):
            migrate(
                migrator.add_column("player", "experience", IntegerField(default=0)),
                migrator.add_not_null("player", "name"),
            )
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert time.perf_counter() - start >= 10
    assert max(waits.values()) < 1.0, waits
