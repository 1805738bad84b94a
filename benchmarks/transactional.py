"""Transactional migrations cost what they did before there was a journal.

A migration that one transaction holds passes no journal. So the time of `Migrations.migrate()` is
compared with that of the last commit without one, taken from this repository's history, on SQLite
and PostgreSQL; and, so that the difference is seen at all, with the same migrations journaled
(`atomic = False`). Since that commit a run also keeps what it needs for the way back, and the
schema that it leaves behind: the third contestant leaves these out. Each contestant is a process of
its own, warmed up by one migration; the database is new each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

from benchmarks.projects import wheatear_project
from benchmarks.servers import database, engines
from benchmarks.timing import compare, show

COUNT = 100
ROUNDS = 9
BEFORE = "cebc262"
"""The last commit without a journal."""
_ROOT = Path(__file__).parents[1]
_RUN = """
import importlib, sys, time
from wheatear import Migrations, connect

url, folder, what = sys.argv[1:]
if what == "journal alone":
    importlib.import_module("wheatear.drift").remember = lambda *_: None
    importlib.import_module("wheatear.reverting.recording").Recording.begin = lambda self: None
db = connect(url)
db.connect()
migrations = Migrations(db, folder)
migrations.migrate(steps=1, listener=lambda _: None)
start = time.perf_counter()
migrations.migrate(listener=lambda _: None)
print(time.perf_counter() - start)
"""


def migrate(engine: str, folder: Path, source: Path, what: str = "") -> float:
    """Seconds of a run in a process of its own, with the program in `source`."""
    with database(engine, folder) as url:
        ended = subprocess.run(
            [sys.executable, "-c", _RUN, url, str(folder / "migrations"), what],
            env={**os.environ, "PYTHONPATH": str(source), "DATABASE_URL": url},
            capture_output=True,
            check=True,
        )
    return float(ended.stdout)


def unpacked(folder: Path) -> Path | None:
    """The program as it was, or None where the repository's history is not there."""
    command = ["git", "-C", str(_ROOT), "archive", BEFORE, "src"]
    ended = subprocess.run(command, capture_output=True, check=False)
    if ended.returncode:
        return None
    with tarfile.open(fileobj=BytesIO(ended.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


def main() -> None:
    """Compare."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("WHEATEAR_BENCHMARK_DIR")) as name:
        before = unpacked(Path(name) / "before")
        if before is None:
            print(f"\ntransactional: the repository's history has no {BEFORE}")
            return
        source = _ROOT / "src"
        for engine in engines():
            if engine == "mariadb":
                continue
            folder, journaled = Path(name) / engine, Path(name) / f"{engine}_journaled"
            for one in (folder, journaled):
                wheatear_project(one, COUNT + 1)
                config = "from wheatear import connect, migrator_for\n\n"
                config += "db = connect()\nmigrator = migrator_for(db)\n"
                (one / "migrations_config.py").write_text(config)
            for file in (journaled / "migrations").glob("2*.py"):
                file.write_text(f"{file.read_text()}\n\natomic = False\n")
            rows = compare(
                {
                    "before the journal": lambda: migrate(engine, folder, before),  # noqa: B023 - called here
                    "now": lambda: migrate(engine, folder, source),  # noqa: B023 - called here
                    "now, without way back and drift": lambda: migrate(
                        engine,  # noqa: B023 - called here
                        folder,  # noqa: B023 - called here
                        source,
                        "journal alone",
                    ),
                    "now, journaled": lambda: migrate(engine, journaled, source),  # noqa: B023 - called here
                },
                ROUNDS,
            )
            show(f"{COUNT} migrations that create a table, {engine}", rows, "unchanged")


if __name__ == "__main__":
    main()
