"""1,000 pending small migrations: at most 1.3 times the bare driver, one transaction each."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from benchmarks.projects import pwmigrate_project, statement, wheatear_project
from benchmarks.startup import run
from benchmarks.timing import compare, seconds_of, show

COUNT = 1000
ROUNDS = 5


def bare_sqlite(path: Path) -> None:
    """The same statements through sqlite3 alone."""
    connection = sqlite3.connect(path, isolation_level=None)
    for number in range(COUNT):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(statement(number))
        connection.execute("COMMIT")
    connection.close()


def main() -> None:
    """Compare."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("WHEATEAR_BENCHMARK_DIR")) as name:
        folder = Path(name)
        ours, peer = folder / "ours", folder / "peer"
        wheatear_project(ours, COUNT)
        pwmigrate_project(peer, COUNT)

        def fresh(path: Path) -> Path:
            for suffix in ("", "-journal", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            return path

        def bare() -> float:
            path = fresh(folder / "bare.db")
            return seconds_of(lambda: bare_sqlite(path))

        def wheatear() -> float:
            fresh(ours / "app.db")
            command = [sys.executable, "manage_migrations.py", "migrate"]
            return seconds_of(lambda: run(command, ours))

        def pwmigrate() -> float:
            fresh(peer / "app.db").touch()
            command = [sys.executable, "-m", "playhouse.migrations", "app.db", "up"]
            return seconds_of(lambda: run(command, peer))

        rows = compare(
            {"sqlite3, one transaction each": bare, "wheatear": wheatear, "pwmigrate": pwmigrate},
            ROUNDS,
        )
        shutil.rmtree(ours)
    show(f"{COUNT:,} pending migrations, SQLite", rows, "1.3 x the driver")


if __name__ == "__main__":
    main()
