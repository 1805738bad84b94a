"""`history`: the log of what was run."""

from __future__ import annotations

import json
from typing import Any

import click

from wheatear.cli.output import duration, has_room_for_a_table, masked_statement, say, show
from wheatear.cli.place import migrations_of
from wheatear.records import Record

_WIDTH = 90
"""Columns of a terminal from which on a table is printed, else plain lines."""


@click.command("history")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Show who ran what, when, forward or back, how long it took and how it ended."""
    migrations = migrations_of(ctx)
    records = migrations.history()
    if as_json:
        entries = {"database": migrations.project.url, "records": [_as_dict(r) for r in records]}
        say(json.dumps(entries, indent=2, ensure_ascii=False))
    elif not records:
        say(f"{migrations.project.url}: nothing has been run yet.")
    elif has_room_for_a_table(_WIDTH):
        _table(records)
    else:
        for one in records:
            say("  ".join(_words(one)).rstrip())
            if one.error:
                say(f"    {_reason(one)}")


def _reason(one: Record) -> str:
    """Why it failed, in one line."""
    return (one.error or "").strip().partition("\n")[0]


def _words(one: Record) -> tuple[str, ...]:
    return (
        (one.started_at or "")[:19].replace("T", " "),
        f"{one.direction:<8}",
        f"{one.outcome:<11}",
        one.name,
        duration(one.seconds),
        one.run_by or "",
    )


def _table(records: list[Record]) -> None:
    from rich.table import Table  # noqa: PLC0415 - slow to import, needed on terminals only
    from rich.text import Text  # noqa: PLC0415

    table: Any = Table(box=None)
    for title in ("when (UTC)", "direction", "ended", "migration", "took", "by"):
        table.add_column(title, overflow="fold" if title == "migration" else "ellipsis")
    for one in records:
        cells = [Text(word.strip()) for word in _words(one)]
        if one.error:
            cells[3].append(f"\n  {_reason(one)}")
        table.add_row(*cells)
    show(table)


def _as_dict(one: Record) -> dict[str, Any]:
    return {
        "name": one.name,
        "direction": one.direction,
        "outcome": one.outcome,
        "checksum": one.checksum,
        "started_at": one.started_at,
        "seconds": one.seconds,
        "run_by": one.run_by,
        "tool": one.tool,
        "run": one.run,
        "error": one.error,
        "statements": [masked_statement(sql) for sql in one.statements],
    }
