"""Transactional migrations cost what they did before there was a journal.

A migration that one transaction holds passes no journal. So the time of `Migrations.migrate()` is
compared with that of the last commit without one, taken from this repository's history, on SQLite
and PostgreSQL; and, so that the difference is seen at all, with the same migrations journaled
(`atomic = False`). Since that commit a run also keeps what it needs for the way back, and the
schema that it leaves behind: the second contestant leaves these out.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

from benchmarks.projects import wheatear_project
from benchmarks.runs import NOW, seconds_of_run
from benchmarks.servers import database, engines
from benchmarks.timing import compare, show

COUNT = 100
ROUNDS = 9
BEFORE = "cebc262"
"""The last commit without a journal."""


def main() -> None:
    """Compare."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("WHEATEAR_BENCHMARK_DIR")) as name:
        before = _unpacked(Path(name) / "before")
        if before is None:
            print(f"\ntransactional: the repository's history has no {BEFORE}")
            return
        for engine in engines():
            if engine != "mariadb":
                _compare(engine, Path(name) / engine, before)


def _compare(engine: str, folder: Path, before: Path) -> None:
    plain = _project(folder / "plain", "")
    journaled = _project(folder / "journaled", "\n\natomic = False\n")

    def run(project: Path, source: Path = NOW, *, bare: bool = False) -> float:
        with database(engine, folder) as url:
            return seconds_of_run(url, project, source, bare=bare)

    rows = compare(
        {
            "before the journal": lambda: run(plain, before),
            "now, without way back and drift": lambda: run(plain, bare=True),
            "now": lambda: run(plain),
            "now, journaled": lambda: run(journaled),
        },
        ROUNDS,
    )
    show(f"{COUNT} migrations that create a table, {engine}", rows, "unchanged")


def _project(folder: Path, end: str) -> Path:
    wheatear_project(folder, COUNT + 1)
    config = "from wheatear import connect, migrator_for\n\ndb = connect()\n"
    (folder / "migrations_config.py").write_text(f"{config}migrator = migrator_for(db)\n")
    for file in (folder / "migrations").glob("2*.py"):
        file.write_text(file.read_text() + end)
    return folder


def _unpacked(folder: Path) -> Path | None:
    """The program as it was, or None where the repository's history is not there."""
    command = ["git", "-C", str(NOW.parent), "archive", BEFORE, "src"]
    ended = subprocess.run(command, capture_output=True, check=False)
    if ended.returncode:
        return None
    with tarfile.open(fileobj=BytesIO(ended.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


if __name__ == "__main__":
    main()
