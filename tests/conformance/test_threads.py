"""An application's threads go on while one of them migrates, with the same database object."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import reading
from support.databases import DatabaseUnderTest
from wheatear import Migrations, connect

FILE = """\
import time
from pathlib import Path
from migrations_config import db

{atomic}

def migrate_forward():
    db.execute_sql('CREATE TABLE a (x INTEGER)')
    Path({began!r}).touch()
    end = time.monotonic() + 20
    while not Path({go_on!r}).exists() and time.monotonic() < end:
        time.sleep(0.01)
"""


class Application:
    """Its threads, and the migration that one of them is in the middle of."""

    def __init__(self, url: str, root: Path, atomic: bool) -> None:
        self.url = url
        self.db: Any = connect(url)
        self.folder = root / "migrations"
        self.folder.mkdir()
        self._began, self._go_on = root / "began", root / "go on"
        text = FILE.format(
            atomic="" if atomic else "atomic = False\n",
            began=str(self._began),
            go_on=str(self._go_on),
        )
        (self.folder / "20260101_000000_a.py").write_text(text)
        self.errors: list[BaseException] = []
        self.threads: list[threading.Thread] = []

    def thread(self, function: Callable[[], Any]) -> threading.Thread:
        def run() -> None:
            try:
                function()
            except BaseException as error:
                self.errors.append(error)

        thread = threading.Thread(target=run)
        self.threads.append(thread)
        thread.start()
        return thread

    def migrate(self) -> list[str]:
        return list(Migrations(self.db, str(self.folder)).migrate(wait=20).names)

    def in_the_middle(self) -> None:
        self.thread(self.migrate)
        wait_until(self._began.exists)

    def end(self) -> None:
        self._go_on.touch()
        for thread in self.threads:
            thread.join(20)
        assert self.errors == []


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("never")


@pytest.fixture(params=[True, False], ids=["atomic", "not atomic"])
def application(
    database: DatabaseUnderTest, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Application]:
    made = Application(database.url, tmp_path, request.param)
    yield made
    made._go_on.touch()


def test_another_one_reads(application: Application) -> None:
    found = []

    def read() -> None:
        with application.db.connection_context():
            found.append(application.db.execute_sql("SELECT 1").fetchone())

    application.in_the_middle()
    application.thread(read).join(20)
    assert found == [(1,)]
    application.end()


def test_another_one_closes_what_it_opened_before(application: Application) -> None:
    opened, close = threading.Event(), threading.Event()

    def work() -> None:
        application.db.connect()
        opened.set()
        close.wait(20)
        application.db.close()

    worker = application.thread(work)
    opened.wait(20)
    application.in_the_middle()
    close.set()
    worker.join(20)
    application.end()


def test_another_one_migrates_too(application: Application) -> None:
    """It waits, and finds nothing left to do."""
    application.in_the_middle()
    application.thread(application.migrate)
    application.end()
    assert reading.history(application.url) == [("20260101_000000_a", "forward", "done")]


def test_another_one_asks_for_the_status(application: Application) -> None:
    application.in_the_middle()
    application.thread(lambda: Migrations(application.db, str(application.folder)).status())
    application.end()
