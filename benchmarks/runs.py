"""A run of Wheatear in a process of its own, warmed up by one migration, and how long it takes.

So two versions of the program can be compared, and the interpreter's start is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

NOW = Path(__file__).parents[1] / "src"
"""The program as it is."""
_RUN = """
import importlib, sys, time
from wheatear import Migrations, connect

url, folder, bare = sys.argv[1:]
if bare:
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


def seconds_of_run(url: str, folder: Path, source: Path = NOW, *, bare: bool = False) -> float:
    """Apply all that is pending but for the first, which is applied before.

    Args:
        url: The database.
        folder: The project.
        source: The program's `src` folder.
        bare: Without what a run keeps for the way back, and the schema that it leaves behind.
    """
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, url, str(folder / "migrations"), "bare" if bare else ""],
        env={**os.environ, "PYTHONPATH": str(source), "DATABASE_URL": url},
        capture_output=True,
        check=True,
    )
    return float(ended.stdout)
