"""`status`: where each migration stands."""

from __future__ import annotations

import json
from typing import Any

import click

from wheatear.cli.output import duration, has_room_for_a_table, note, say, show
from wheatear.cli.place import migrations_of
from wheatear.status import MigrationStatus, Status

_MARKS = "`migrate --mark-applied`, or undo it and `--mark-pending`"
_COLORS = {"applied": "green", "pending": "yellow", "changed": "red", "missing": "red"}


@click.command("status")
@click.option("--check", is_flag=True, help="Exit with 1 unless all is applied and as it was.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(ctx: click.Context, *, check: bool, as_json: bool) -> int:
    """Show which migrations are applied, pending, changed, missing or interrupted."""
    status = migrations_of(ctx).status()
    if as_json:
        say(json.dumps(status.to_dict(), indent=2, ensure_ascii=False))
    else:
        _show(status)
    return 1 if check and not status.is_sound else 0


def _show(status: Status) -> None:
    for warning in status.warnings:
        note(f"warning: {warning}")
    if not status.migrations:
        say(f"{status.database}: no migrations yet. Begin with: create add_something")
    elif has_room_for_a_table():
        _table(status)
    else:
        say(status.database)
        for one in status.migrations:
            say(f"{_word(one):<12} {one.name:<40} {_when(one)}".rstrip())
    for one in status.migrations:
        if one.state == "interrupted":
            _explain(one)
    if status.drift:
        say(
            f"The schema was changed by other means since the last migration ({len(status.drift)}):"
        )
        for difference in status.drift:
            say(f"  {difference.text}")


def _table(status: Status) -> None:
    from rich.table import Table  # noqa: PLC0415 - slow to import, needed on terminals only
    from rich.text import Text  # noqa: PLC0415

    table: Any = Table(title=Text(status.database), title_justify="left", box=None)
    table.add_column("state", no_wrap=True)
    table.add_column("migration", overflow="fold", min_width=15)
    table.add_column("applied at (UTC)", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("by", overflow="ellipsis", no_wrap=True)
    derived = any(one.derived for one in status.migrations)
    if derived:
        table.add_column("backward", no_wrap=True)
    for one in status.migrations:
        color = _COLORS.get(one.state, "bold red")
        table.add_row(
            Text(_word(one), style=color),
            Text(one.name),
            _time(one.applied_at),
            duration(one.seconds),
            Text(one.run_by or ""),
            *([Text("derived" if one.derived else "")] if derived else []),
        )
    show(table)


def _word(one: MigrationStatus) -> str:
    return "running" if one.running else one.state


def _when(one: MigrationStatus) -> str:
    if not one.applied_at:
        return ""
    back = "  backward: derived" if one.derived else ""
    by = one.run_by or ""
    return f"{_time(one.applied_at)} UTC  {duration(one.seconds)}  {by}{back}".rstrip()


def _time(iso: str | None) -> str:
    return iso[:19].replace("T", " ") if iso else ""


def _explain(one: MigrationStatus) -> None:
    note(f"{one.name} was interrupted on its way {one.direction}: {one.error or 'the run died'}")
    for statement in one.statements:
        note(f"  {statement}")
    if not one.resumable:
        if one.statements:
            note("  (the last of these may or may not have taken effect)")
        note(f"  Finish it by hand and say {_MARKS}.")
        return
    if one.in_flight:
        note(f"  {one.in_flight}")
        note("  (whether the last of these has taken effect is looked at when it goes on)")
    note("  `migrate` goes on from there, and `migrate --backward` goes back from there.")
    note(f"  Or finish it by hand and say {_MARKS}.")
