"""`create NAME`: a new migration file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wheatear.cli.output import note, say
from wheatear.cli.place import migrations_of, root_of
from wheatear.create.template import create_migration
from wheatear.errors import UsageError
from wheatear.project import FOLDER


@click.command("create")
@click.argument("name")
@click.option("--auto", is_flag=True, help="Write what makes the database what the models say.")
@click.option(
    "--rename",
    "renames",
    multiple=True,
    metavar="OLD:NEW",
    help="With --auto: a table was renamed; TABLE.OLD:NEW for a column. May be given again.",
)
@click.option("--no-renames", is_flag=True, help="With --auto: nothing else was renamed.")
@click.option(
    "--fill",
    "fills",
    multiple=True,
    metavar="TABLE.COLUMN=SQL",
    help="With --auto: what rows that are there get in a column that takes no NULL.",
)
@click.option(
    "--drop",
    "dropped",
    multiple=True,
    metavar="TABLE",
    help="With --auto: drop a table that no model speaks of any more.",
)
@click.pass_context
def command(
    ctx: click.Context,
    name: str,
    *,
    auto: bool,
    renames: tuple[str, ...],
    no_renames: bool,
    fills: tuple[str, ...],
    dropped: tuple[str, ...],
) -> None:
    """Write a new migration file with a timestamp and both functions.

    NAME says what it does, in any form: add_experience, "Add experience", AddExperience.

    With --auto both functions are filled in: forward makes the database what the models say,
    backward makes it what it was. The file is run on a scratch copy of the schema before it is
    written. The models are those that `models` in migrations_config.py names.
    """
    if not auto:
        _refuse(rename=renames, no_renames=no_renames, fill=fills, drop=dropped)
        created = create_migration(Path(root_of(ctx)) / FOLDER, name)
        for warning in created.warnings:
            note(f"warning: {warning}")
        say(f"created {os.path.relpath(created.path)}")
        return
    from wheatear.cli.asking import asker  # noqa: PLC0415 - with --auto alone
    from wheatear.cli.signals import interruptible  # noqa: PLC0415

    migrations = migrations_of(ctx)
    with interruptible(migrations.project.engine):
        written = migrations.create(
            name,
            auto=True,
            renames=renames,
            no_renames=no_renames,
            fills=fills,
            drop=dropped,
            asker=asker(),
        )
    if written is None:
        say(f"{migrations.project.url}: the database is what the models say; nothing was written.")
        return
    for difference in written.differences:
        note(difference.text)
    for lost in written.destroys:
        note(f"warning: it loses {lost}")
    for warning in written.warnings:
        note(f"warning: {warning}")
    for table in written.only_in_database:
        note(f"table {table} is only in the database, and left alone (--drop {table} drops it)")
    say(f"created {os.path.relpath(written.path)}")


def _refuse(**options: object) -> None:
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value]
    if given:
        raise UsageError(
            f"{' and '.join(given)} without --auto: there is nothing to write.",
            state="nothing was written.",
            next="add --auto.",
        )
