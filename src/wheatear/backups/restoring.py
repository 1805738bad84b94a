"""Puts a backup in the place of the database."""

from __future__ import annotations

import os
from typing import NamedTuple

from wheatear.backups.files import Backup, described, find, new_path, prune, remove, sweep
from wheatear.backups.settings import made_of, number_kept
from wheatear.engines.waiting import Waiting
from wheatear.project import Project


class Restored(NamedTuple):
    """What `restore` did.

    Attributes:
        backup: What is there now.
        kept: The backup of what was there before; None if there was no database.
    """

    backup: Backup
    kept: Backup | None


def restore(project: Project, name: str, waiting: Waiting) -> Restored:
    """Put a backup in the place of the database, and keep what is there now as one.

    Args:
        project: The project.
        name: See `find`.
        waiting: How long to wait for others, and who is told.

    Raises:
        UsageError: The database is not one file; `name` means no backup, or several.
        BackupError: It is damaged; nothing was changed.
        LockTimeoutError: Others held the database for longer than `waiting` allows.
    """
    from uuid import uuid4  # noqa: PLC0415 - a command's own

    engine, copies = project.engine, made_of(project.engine)
    path = find(copies, name)
    number = number_kept(project)
    copies.check(path)
    there = engine.exists()
    kept: str | None = None

    def keep() -> None:
        nonlocal kept
        new = new_path(copies, uuid4().hex)
        # A database that is damaged is what a backup is put back for.
        copies.make(new, waiting, checked=False)
        kept = new

    if not there:
        copies.begin_anew()
    with engine.opened(waiting), engine.exclusively(waiting, atomic=False):
        sweep(copies)
        try:
            copies.restore(path, waiting, first=keep if there else None)
        except Exception:
            if kept:
                remove(kept)
            raise
        except BaseException:  # a Ctrl-C may come when it is done: then this is all there is
            if kept:
                waiting.tell(f"what was there before is kept: {os.path.basename(kept)}")
            raise
        prune(copies, number, never=path)
    return Restored(
        described(copies, path, waiting), described(copies, kept, waiting) if kept else None
    )
