"""The files of a database's backups: named, listed, found, and removed when there are too many."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from wheatear import plan
from wheatear.backups.settings import made_of
from wheatear.engines.copies import Copies
from wheatear.engines.waiting import Waiting
from wheatear.errors import UsageError, WheatearError
from wheatear.history import History
from wheatear.project import Project

# With thousandths, so that names are in the order in which backups were made.
_NAME = r"\.(\d{8}T\d{6}\.\d{3})Z-([0-9a-f]{8})\.backup"
_TIME = "%Y%m%dT%H%M%S.%f"


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


def new_path(copies: Copies, run: str) -> str:
    """The file of a backup that is made now.

    Args:
        copies: Of the database.
        run: The run's id.
    """
    time = datetime.now(timezone.utc).replace(tzinfo=None)
    for newest in paths(copies)[-1:]:
        # A clock that was put back must not make the newest the first to go.
        time = max(time, (_made_at(newest) or time) + timedelta(milliseconds=1))
    return f"{copies.file}.{time.strftime(_TIME)[:-3]}Z-{run[:8]}.backup"


def paths(copies: Copies) -> list[str]:
    """The files of all backups, oldest first."""
    folder, base = os.path.split(copies.file)
    ours = re.compile(re.escape(base) + _NAME)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [
        os.path.join(folder, name)
        for name in sorted(names)
        if ours.fullmatch(name) and _made_at(name)
    ]


def _made_at(name: str) -> datetime | None:
    """The time in a backup's name; None if there is no such day."""
    found = re.search(_NAME + "$", name)
    try:
        return datetime.strptime(found[1], _TIME) if found else None  # noqa: DTZ007 - UTC
    except ValueError:
        return None


def sweep(copies: Copies) -> None:
    """Remove what a run that was killed has left of its copy; only under the lock."""
    folder, base = os.path.split(copies.file)
    ours = re.compile(re.escape(base) + _NAME + r"\.part(-journal|-wal|-shm)?")
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
    found, time = re.search(_NAME + "$", name), _made_at(name)
    assert found is not None  # noqa: S101 - for the type checker
    assert time is not None  # noqa: S101 - for the type checker
    made_at = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    size = os.stat(path).st_size
    return Backup(name, path, made_at, found[2], size, _applied(copies, path, waiting))


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
