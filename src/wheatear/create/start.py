"""The first files of a project, written where none are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wheatear.errors import WheatearError
from wheatear.project import CONFIG_FILE, FOLDER

SCRIPT_FILE = "manage_migrations.py"

_SCRIPT = '''\
"""Run migrations: `uv run manage_migrations.py --help`."""

from wheatear.cli import main

if __name__ == "__main__":
    main()
'''
_CONFIG = '''\
"""What the migrations work on."""

import os

from wheatear import connect, migrator_for

db = connect(os.environ.get("DATABASE_URL", "sqlite:///app.db"))
migrator = migrator_for(db)
# models = "app.models"  # where your models are: for `create --auto` and `diff`
'''


@dataclass(frozen=True)
class Begun:
    """What was written, and what was there already, by name."""

    written: tuple[str, ...]
    present: tuple[str, ...]


def start_project(root: Path) -> Begun:
    """Write `manage_migrations.py`, `migrations_config.py` and an empty `migrations/`.

    Args:
        root: The project's folder.

    Raises:
        WheatearError: It cannot be written.
    """
    written, present = [], []
    try:
        root.mkdir(parents=True, exist_ok=True)
        for name, text in ((SCRIPT_FILE, _SCRIPT), (CONFIG_FILE, _CONFIG)):
            try:
                with (root / name).open("x", encoding="utf-8", newline="\n") as file:
                    file.write(text)
                written.append(name)
            except FileExistsError:
                present.append(name)
        (present if (root / FOLDER).is_dir() else written).append(f"{FOLDER}/")
        (root / FOLDER).mkdir(exist_ok=True)
    except OSError as error:
        raise WheatearError(
            f"Cannot write into {root}: {error.strerror}.",
            state=f"written so far: {', '.join(written) or 'nothing'}.",
            next="check that this user may write there, and that the disk is not full.",
        ) from error
    return Begun(tuple(written), tuple(present))
