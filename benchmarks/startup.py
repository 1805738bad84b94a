"""`migrate` with nothing pending: at most 1.3 times `import peewee, click`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.projects import pwmigrate_project, wheatear_project
from benchmarks.timing import compare, seconds_of, show

ROUNDS = 15


def environment() -> dict[str, str]:
    """As users have it: byte code is written."""
    left_out = ("PYTHONDONTWRITEBYTECODE", "DATABASE_URL")
    return {key: value for key, value in os.environ.items() if key not in left_out}


def run(command: list[str], folder: Path) -> None:
    """Run a command that must succeed, quietly."""
    subprocess.run(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, check=True)


def main() -> None:
    """Compare."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        projects = {count: wheatear_project(folder / str(count), count) for count in (10, 1000)}
        peer = pwmigrate_project(folder / "peer", 1000)
        ours = [sys.executable, "manage_migrations.py", "migrate"]
        theirs = [sys.executable, "-m", "playhouse.migrations", "app.db", "up"]
        for project in projects.values():
            run(ours, project)
        run(theirs, peer)
        rows = compare(
            {
                "python -c 'import peewee, click'": lambda: seconds_of(
                    lambda: run([sys.executable, "-c", "import peewee, click"], folder)
                ),
                "wheatear, 10 applied": lambda: seconds_of(lambda: run(ours, projects[10])),
                "wheatear, 1,000 applied": lambda: seconds_of(lambda: run(ours, projects[1000])),
                "pwmigrate, 1,000 applied": lambda: seconds_of(lambda: run(theirs, peer)),
            },
            ROUNDS,
        )
    show("Nothing pending, SQLite", rows, "1,000 applied: 1.3 x the import, 1.15 x 10 applied")
    print(f"  1,000 applied / 10 applied: {rows[2].seconds / rows[1].seconds:.2f}")


if __name__ == "__main__":
    main()
