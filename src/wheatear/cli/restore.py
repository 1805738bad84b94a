"""`restore`: the backups of an SQLite database, and the way back to one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from wheatear.cli.output import is_terminal, note, say
from wheatear.cli.place import migrations_of
from wheatear.cli.signals import interruptible
from wheatear.errors import UsageError, WheatearError
from wheatear.events import Event, Note

if TYPE_CHECKING:
    from wheatear.backups.files import Backup
    from wheatear.backups.restoring import Restored
    from wheatear.migrations import Migrations


@click.command("restore")
@click.argument("name", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Give up after waiting so long for who reads or writes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    ctx: click.Context, *, name: str | None, yes: bool, wait: float | None, as_json: bool
) -> None:
    """List the backups of an SQLite database; with NAME, put that one in its place.

    NAME is a backup's file name or how it begins, with or without the database's own. What is there
    now is kept as a backup too. The application may go on running.
    """
    migrations = migrations_of(ctx)
    if name is None:
        _list(migrations, as_json=as_json)
        return
    if not yes:
        _ask(migrations, name)
    with interruptible(migrations.project.engine):
        restored = migrations.restore(name, wait=wait, listener=_listen)
    _tell(migrations, restored, as_json=as_json)


def _listen(event: Event) -> None:
    if isinstance(event, Note):
        note(event.text)


def _ask(migrations: Migrations, name: str) -> None:
    from wheatear.backups.files import find  # noqa: PLC0415 - where it is asked
    from wheatear.backups.settings import made_of  # noqa: PLC0415

    copies = made_of(migrations.project.engine)
    path = find(copies, name)
    if not is_terminal(sys.stdin):
        raise UsageError(
            "Whether to put the backup in the place of the database cannot be asked here: there is "
            "no terminal.",
            state="nothing was changed.",
            next=f"`restore {name} --yes` does it without asking.",
        )
    backup = next(one for one in migrations.backups() if one.path == path)
    note(f"{migrations.project.url} becomes what it was at {_when(backup)}: {_applied(backup)}.")
    note("What is there now is kept as a backup.")
    if not click.confirm("Restore?", err=True):
        raise WheatearError(
            "Not restored: the answer was no.",
            state="nothing was changed.",
            next="`restore` lists the backups there are.",
        )


def _list(migrations: Migrations, *, as_json: bool) -> None:
    backups = migrations.backups()
    if as_json:
        listed = {"database": migrations.project.url, "backups": [_as_dict(one) for one in backups]}
        say(json.dumps(listed, indent=2, ensure_ascii=False))
    elif not backups:
        say(f"{migrations.project.url}: there is no backup; `migrate --backup` makes one.")
    for one in () if as_json else backups:
        say(f"{one.name}  {_when(one)}  {_size(one.bytes)}  {_applied(one)}")


def _tell(migrations: Migrations, restored: Restored, *, as_json: bool) -> None:
    kept = restored.kept
    if as_json:
        told = {
            "database": migrations.project.url,
            "restored": _as_dict(restored.backup),
            "kept": _as_dict(kept) if kept else None,
        }
        say(json.dumps(told, indent=2, ensure_ascii=False))
        return
    say(f"restored {restored.backup.name}: {_applied(restored.backup)}")
    if kept:
        say(f"what was there before is kept: {kept.name}")


def _as_dict(one: Backup) -> dict[str, Any]:
    return {**one._asdict(), "applied": None if one.applied is None else list(one.applied)}


def _when(one: Backup) -> str:
    return one.made_at.replace("T", " ").removesuffix("Z")


def _applied(one: Backup) -> str:
    if one.applied is None:
        return "cannot be read"
    if not one.applied:
        return "nothing applied"
    return f"{len(one.applied)} applied, last {one.applied[-1]}"


def _size(number: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.4g} {unit}"
        number = round(number / 1024)
    return f"{number} GiB"
