"""`diff`: models against database."""

from __future__ import annotations

import json

import click

from wheatear.cli.output import note, say
from wheatear.cli.place import migrations_of
from wheatear.cli.signals import interruptible
from wheatear.comparison import Comparison


@click.command("diff")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> int:
    """Compare the models with the database; exit with 1 if they differ.

    The models are those that `models` in migrations_config.py names. What only the database has
    and models do not speak of (other tables, views, triggers, defaults, comments) is named apart
    and is no difference.
    """
    migrations = migrations_of(ctx)
    with interruptible(migrations.project.engine):
        found = migrations.diff()
    if as_json:
        say(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        _show(found)
    return 1 if found.changes else 0


def _show(found: Comparison) -> None:
    for one in found.differences:
        say(one.text)
    if not found.differences:
        say(f"{found.database}: the database is what the models say.")
    if found.apart:
        note("Only in the database, and left alone:")
        for one in found.only_in_database:
            note(f"  {one.text}")
