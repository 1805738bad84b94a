"""Asks at a terminal what no file says."""

from __future__ import annotations

import sys

import click

from wheatear.cli.output import is_terminal, masked
from wheatear.schema.changes import AddColumn, AlterColumn, RenameTable
from wheatear.schema.renames import Rename


def asker() -> Terminal | None:
    """Who can be asked: None where nobody sees the question or can answer it."""
    return Terminal() if is_terminal(sys.stdin) and is_terminal(sys.stderr) else None


class Terminal:
    """Somebody at a terminal. Questions go to standard error; Enter is the answer that is safe."""

    def is_renamed(self, rename: Rename) -> bool:
        """See `Asker`."""
        if isinstance(rename, RenameTable):
            return _is(f"Was table {rename.old} renamed to {rename.new}, and keeps its rows?")
        return _is(
            f"Was column {rename.table}.{rename.old} renamed to {rename.new}, and keeps its values?"
        )

    def is_dropped(self, table: str) -> bool:
        """See `Asker`."""
        return _is(f"No model speaks of table {table} any more. Drop it, with all its rows?")

    def fill(self, change: AddColumn | AlterColumn) -> str | None:
        """See `Asker`."""
        if isinstance(change, AddColumn):
            place = f"{change.table}.{change.column.name} ({change.column.type})"
            said: str = click.prompt(
                masked(f"Column {place} takes no NULL. What do rows that are there get, as SQL?"),
                prompt_suffix="\n  such as 0, 'none' or CURRENT_TIMESTAMP: ",
                err=True,
            )
            return said.strip()
        place = f"{change.table}.{change.after.name} ({change.after.type})"
        said = click.prompt(
            masked(f"Column {place} is to take no NULL. What do rows get that have it, as SQL?"),
            prompt_suffix="\n  such as 0 or 'none'; Enter if there are none: ",
            default="",
            show_default=False,
            err=True,
        )
        return said.strip() or None


def _is(question: str) -> bool:
    return click.confirm(masked(question), default=False, prompt_suffix=" ", err=True)
