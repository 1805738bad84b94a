"""Finds the project that a command works on."""

from __future__ import annotations

import os

import click

from wheatear.cli.output import hide
from wheatear.files import list_files
from wheatear.migrations import Migrations
from wheatear.project import FOLDER, find_root


def root_of(ctx: click.Context) -> str:
    """Return the project's folder: the script's own, the one given, or the nearest upward."""
    place = ctx.find_root().obj or {}
    if place.get("given"):
        return os.path.abspath(str(place["folder"]))
    return find_root(os.getcwd())


def migrations_of(ctx: click.Context) -> Migrations:
    """Load the project of a command."""
    migrations = Migrations.load(root_of(ctx))
    hide(migrations.project.engine.mask())
    return migrations


def complete_name(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Migrations whose name begins so, for the shell; nothing is imported to find them."""
    del param
    try:
        files = list_files(os.path.join(root_of(ctx), FOLDER)).files
    except Exception:  # noqa: BLE001 - a shell that completes is told nothing
        return []
    return [file.name for file in files if file.name.startswith(incomplete)]
