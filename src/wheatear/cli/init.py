"""`init`: a project's first files."""

from __future__ import annotations

from pathlib import Path

import click

from wheatear.cli.output import say
from wheatear.create.start import SCRIPT_FILE, start_project
from wheatear.project import CONFIG_FILE


@click.command("init")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Write manage_migrations.py, migrations_config.py and an empty migrations folder.

    Files that are there already stay as they are.
    """
    root = Path((ctx.find_root().obj or {}).get("folder") or Path.cwd())
    begun = start_project(root)
    for name in begun.written:
        say(f"wrote {name}")
    for name in begun.present:
        say(f"kept {name}, which was there")
    if CONFIG_FILE in begun.written:
        say(f"Next: say in {CONFIG_FILE} where your database is, then")
        say(f"  uv run {SCRIPT_FILE} create add_experience")
