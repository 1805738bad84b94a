"""Backups of a database that is one file: named, listed, counted, put back."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any, NamedTuple

from wheatear import plan
from wheatear.engines.copies import ChangedMeanwhileError, Copies
from wheatear.engines.engine import Engine
from wheatear.engines.waiting import Waiting
from wheatear.errors import BackupError, ConfigError, UsageError, WheatearError
from wheatear.history import History
from wheatear.project import CONFIG_FILE, Project

KEPT = 5
"""So many backups stay, unless `backups` in the configuration says otherwise."""

# With thousandths, so that names are in the order in which backups were made.
_NAME = r"\.(\d{8}T\d{6}\.\d{3})Z-([0-9a-f]{8})\.backup"
_TIME = "%Y%m%dT%H%M%S.%f"
_TRIES = 3


class Backup(NamedTuple):
    """One backup.

    Attributes:
        name: Of its file, which is beside the database's.
        path: The file.
        made_at: UTC, ISO 8601 with `Z`.
        run: How the run's id begins that it was made for (`history --json`).
        bytes: Its size.
        applied: The migrations that were applied then, oldest first; None if it cannot be read.
    """

    name: str
    path: str
    made_at: str
    run: str
    bytes: int
    applied: tuple[str, ...] | None


class Restored(NamedTuple):
    """What `restore` did.

    Attributes:
        backup: What is there now.
        kept: The backup of what was there before; None if there was no database.
    """

    backup: Backup
    kept: Backup | None


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
            next=f"make a dump before the run (`{engine.dump_command()}`), and leave out --backup."
            if engine.dump_command()
            else "leave out --backup: a database in memory is gone with its process.",
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


# Files


def new_path(copies: Copies, run: str) -> str:
    """The file of a backup that is made now.

    Args:
        copies: Of the database.
        run: The run's id.
    """
    time = datetime.now(timezone.utc).strftime(_TIME)[:-3]
    return f"{copies.file}.{time}Z-{run[:8]}.backup"


def paths(copies: Copies) -> list[str]:
    """The files of all backups, oldest first."""
    folder, base = os.path.split(copies.file)
    ours = re.compile(re.escape(base) + _NAME)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [os.path.join(folder, name) for name in sorted(names) if ours.fullmatch(name)]


def sweep(copies: Copies) -> None:
    """Remove what a run that was killed has left of its copy; only under the lock."""
    folder, base = os.path.split(copies.file)
    ours = re.compile(re.escape(base) + _NAME + r"\.part(-journal)?")
    for name in os.listdir(folder):
        if ours.fullmatch(name):
            remove(os.path.join(folder, name))


def prune(copies: Copies, number: int, *, never: str | None = None) -> None:
    """Remove all but the newest backups.

    Args:
        copies: Of the database.
        number: How many stay.
        never: One that stays in any case.
    """
    for path in paths(copies)[:-number]:
        if path != never:
            remove(path)


def remove(path: str) -> None:
    """Remove a backup; one that cannot be removed is left."""
    with suppress(OSError):
        os.unlink(path)


# Listing


def read_backups(project: Project, waiting: Waiting) -> list[Backup]:
    """Return all backups of the project's database, oldest first.

    Raises:
        UsageError: The database is not one file.
    """
    copies = made_of(project.engine)
    return [described(copies, path, waiting) for path in paths(copies)]


def described(copies: Copies, path: str, waiting: Waiting) -> Backup:
    """Say what a backup is."""
    name = os.path.basename(path)
    found = re.search(_NAME + "$", name)
    assert found is not None  # noqa: S101 - for the type checker
    time, run = found.groups()
    made_at = datetime.strptime(time, _TIME).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007
    size = os.stat(path).st_size
    return Backup(name, path, made_at, run, size, _applied(copies, path, waiting))


def _applied(copies: Copies, path: str, waiting: Waiting) -> tuple[str, ...] | None:
    engine = copies.engine_of(path)
    try:
        with engine.opened(waiting):
            entries = History(engine, waiting).entries()
    except WheatearError:
        return None
    all_ = [one for one in plan.standings((), entries) if one.applied is not None]
    all_.sort(key=lambda one: one.applied.id if one.applied else 0)
    return tuple(one.name for one in all_)


def find(copies: Copies, name: str) -> str:
    """Return the file of the one backup that a user's word means.

    Args:
        copies: Of the database.
        name: A backup's file name or path, or how its name begins, with or without the database's.

    Raises:
        UsageError: No or more than one backup is called so.
    """
    known = paths(copies)
    wanted = os.path.basename(name)
    prefix = os.path.basename(copies.file) + "."
    matches = [
        path
        for path in known
        if os.path.basename(path).startswith(wanted)
        or os.path.basename(path).removeprefix(prefix).startswith(wanted)
    ]
    if wanted and len(matches) == 1:
        return matches[0]
    shown = "\n".join(os.path.basename(path) for path in matches or known)
    raise UsageError(
        f"{name!r} is the beginning of {len(matches)} backups."
        if wanted and matches
        else f"No backup is called {name!r}.",
        state="nothing was changed.",
        next=f"name one of these:\n{shown}"
        if shown
        else f"there is none beside {copies.file}: `migrate --backup` makes one.",
    )


# Putting back


def restore(project: Project, name: str, waiting: Waiting) -> Restored:
    """Put a backup in the place of the database, and keep what is there now as one.

    Args:
        project: The project.
        name: See `find`.
        waiting: How long to wait for others, and who is told.

    Raises:
        UsageError: The database is not one file; `name` means no backup, or several.
        BackupError: It is damaged, or others write all the time; nothing was changed.
        LockTimeoutError: Others held the database for longer than `waiting` allows.
    """
    from uuid import uuid4  # noqa: PLC0415 - a command's own

    engine, copies = project.engine, made_of(project.engine)
    path = find(copies, name)
    number = number_kept(project)
    copies.check(path)
    there = engine.exists()
    kept: str | None = None
    with engine.opened(waiting), engine.exclusively(waiting, atomic=False):
        sweep(copies)
        for _ in range(_TRIES):
            since = copies.version()
            if there:
                kept = new_path(copies, uuid4().hex)
                # A database that is damaged is what a backup is put back for.
                copies.make(kept, waiting, checked=False)
            try:
                copies.restore(path, waiting, unchanged_since=since)
                break
            except ChangedMeanwhileError:
                pass
            except BaseException:
                _drop(kept)
                raise
            _drop(kept)
        else:
            raise BackupError(
                "Others write to the database all the time.",
                state="nothing was changed.",
                next="stop the application, then run the command again.",
            )
        prune(copies, number, never=path)
    return Restored(
        described(copies, path, waiting), described(copies, kept, waiting) if kept else None
    )


def _drop(path: str | None) -> None:
    if path:
        remove(path)
