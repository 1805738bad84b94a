"""`create NAME`: a new migration file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wheatear.cli.output import note, say
from wheatear.cli.place import root_of
from wheatear.create.template import create_migration
from wheatear.project import FOLDER


@click.command("create")
@click.argument("name")
@click.pass_context
def command(ctx: click.Context, name: str) -> None:
    """Write a new migration file with a timestamp and both functions.

    NAME says what it does, in any form: add_experience, "Add experience", AddExperience.
    """
    created = create_migration(Path(root_of(ctx)) / FOLDER, name)
    for warning in created.warnings:
        note(f"warning: {warning}")
    say(f"created {os.path.relpath(created.path)}")
