"""Whether backups are made and how many are kept, by the configuration and the engine."""

from __future__ import annotations

from typing import Any

from wheatear.engines.copies import Copies
from wheatear.engines.engine import Engine
from wheatear.errors import ConfigError, UsageError
from wheatear.project import CONFIG_FILE, Project

KEPT = 5
"""So many backups stay, unless `backups` in the configuration says otherwise."""


def made_of(engine: Engine) -> Copies:
    """What makes the copies of a database.

    Raises:
        UsageError: It is not one file.
    """
    copies = engine.copies()
    if copies is None:
        raise UsageError(
            f"Backups are copies of an SQLite file; {engine.url} is not one.",
            state="nothing was changed.",
            next=f"a server's backup is a dump: make one (`{engine.dump_command()}`) before a run "
            "without --backup."
            if engine.dump_command()
            else "a database in memory is gone with its process: run without --backup.",
        )
    return copies


def is_wanted(project: Project) -> bool:
    """Whether `backup` in the configuration asks for a backup before each run.

    Raises:
        ConfigError: It is neither True nor False.
    """
    wanted = getattr(project.config, "backup", False)
    if not isinstance(wanted, bool):
        raise _wrong(project, "backup", f"neither True nor False but {wanted!r}", "backup = True")
    return wanted


def number_kept(project: Project) -> int:
    """How many backups stay.

    Raises:
        ConfigError: `backups` in the configuration is no such number.
    """
    number: Any = getattr(project.config, "backups", KEPT)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise _wrong(project, "backups", f"no number from 1 on but {number!r}", f"backups = {KEPT}")
    return number


def _wrong(project: Project, name: str, what: str, line: str) -> ConfigError:
    return ConfigError(
        f"`{name}` in {CONFIG_FILE} is {what}.",
        where=getattr(project.config, "__file__", None),
        state="nothing was changed.",
        next=f"write something like `{line}`.",
    )
