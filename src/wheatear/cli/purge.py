"""`purge`: remove what is kept of dropped tables and columns."""

from __future__ import annotations

import re
from datetime import timedelta

import click

from wheatear.cli.output import note, say
from wheatear.cli.place import migrations_of
from wheatear.cli.signals import interruptible
from wheatear.events import Event, Note

_AGE = re.compile(r"(\d+)([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _age(ctx: click.Context, param: click.Parameter, value: str) -> timedelta:
    """A number with its unit."""
    match = _AGE.fullmatch(value)
    try:
        if match:
            return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        pass
    raise click.BadParameter(f"{value!r} is no age such as 30d, 12h or 2w.", ctx, param)


@click.command("purge")
@click.option(
    "--older-than",
    callback=_age,
    required=True,
    metavar="AGE",
    help="Remove what was kept longer ago than that: 30d, 12h, 2w; 0d removes all.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Give up after waiting so long for a run; without it, wait as long as it takes.",
)
@click.pass_context
def command(
    ctx: click.Context, *, older_than: timedelta, dry_run: bool, wait: float | None
) -> None:
    """Remove for good the rows of dropped tables and columns that `keep_dropped` has kept.

    What is removed can no longer be put back by `migrate --backward`.
    """
    migrations = migrations_of(ctx)

    def listener(event: Event) -> None:
        if isinstance(event, Note):
            note(event.text)

    with interruptible(migrations.project.engine):
        found = migrations.purge(older_than, dry_run=dry_run, wait=wait, listener=listener)
    for one in found:
        rows = f"{one.rows} row{'' if one.rows == 1 else 's'}"
        when = one.kept_at[:19].replace("T", " ")
        verb = "would remove" if dry_run else "removed"
        say(f"  {verb} {one.what}, {rows}, dropped by {one.migration} on {when} UTC")
    if not found:
        say("Nothing to remove: nothing so old is kept.")
