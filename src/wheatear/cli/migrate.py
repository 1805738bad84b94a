"""`migrate`: apply what is pending, or revert."""

from __future__ import annotations

import gc
import os
import sys
from types import FrameType
from typing import TYPE_CHECKING

import click

from wheatear.cli.output import duration, everything_said, is_terminal, masked_statement, note, say
from wheatear.cli.place import complete_name, migrations_of
from wheatear.cli.signals import interruptible
from wheatear.errors import UsageError
from wheatear.events import Backfilling, Event, Finished, Note, Planned, RunResult, Skipped, Started
from wheatear.plan import ZERO

if TYPE_CHECKING:
    from wheatear.capture import Statement


@click.command("migrate")
@click.option("--backward", is_flag=True, help="Revert the most recently applied migration.")
@click.option(
    "--to",
    metavar="NAME",
    shell_complete=complete_name,
    help="Apply up to and with NAME; with --backward, revert all that came after NAME "
    "(`zero`: all).",
)
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="N migrations at most.")
@click.option("--dry-run", is_flag=True, help="Only say which migrations would run.")
@click.option("--fake", is_flag=True, help="Record them without running them.")
@click.option("--accept-changed", is_flag=True, help="Take changed or missing files as they are.")
@click.option("--strict", is_flag=True, help="Refuse a migration older than the newest applied.")
@click.option(
    "--single-transaction", is_flag=True, help="All of them or none (not on MySQL and MariaDB)."
)
@click.option(
    "--backup/--no-backup",
    default=None,
    help="Copy an SQLite file first; put the copy back if the run fails after a commit.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Give up after waiting so long for another run; without it, wait as long as it takes.",
)
@click.option("-y", "--yes", is_flag=True, help="Revert by the record what has no file, unasked.")
@click.option("--mark-applied", is_flag=True, help="An interrupted migration has been finished.")
@click.option("--mark-pending", is_flag=True, help="An interrupted migration has been undone.")
@click.option("-v", "--verbose", is_flag=True, help="Show each statement as it runs.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    backward: bool,
    to: str | None,
    steps: int | None,
    dry_run: bool,
    fake: bool,
    accept_changed: bool,
    strict: bool,
    single_transaction: bool,
    backup: bool | None,
    wait: float | None,
    yes: bool,
    mark_applied: bool,
    mark_pending: bool,
    verbose: bool,
) -> None:
    """Apply all pending migrations, oldest first; or revert with --backward.

    Any number of runs may start at once: one works, the others wait and find nothing to do.
    """
    if to is not None and steps is not None:
        raise UsageError("--to and --steps exclude each other.", next="give one of them.")
    marks = [name for name, on in (("applied", mark_applied), ("pending", mark_pending)) if on]
    if marks and (len(marks) > 1 or backward or to or steps or dry_run or fake or backup):
        raise UsageError(
            "--mark-applied and --mark-pending stand alone.",
            next="mark first, then run `migrate` again.",
        )
    migrations = migrations_of(ctx)
    progress = Progress(dry_run=dry_run)
    with (
        progress,
        everything_said(lambda text: progress(Note(text))),
        interruptible(migrations.project.engine),
    ):
        if marks:
            migrations.mark(marks[0], wait=wait, listener=progress)
            return
        result = migrations.migrate(
            backward=backward,
            to=to,
            steps=steps,
            dry_run=dry_run,
            fake=fake,
            on_changed="accept" if accept_changed else "refuse",
            strict=strict,
            single_transaction=single_transaction,
            backup=backup,
            wait=wait,
            yes=yes,
            ask=progress.ask if is_terminal(sys.stdin) else None,
            listener=progress,
            echo=progress.echo if verbose else None,
        )
    _conclude(result, dry_run=dry_run, backward=backward, to=to)


class Progress:
    """One line a migration: begun on a terminal when it starts, everywhere complete when it ends.

    Args:
        dry_run: Nothing runs, so nothing is said of running.
    """

    def __init__(self, *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._terminal = is_terminal(sys.stdout)
        self._open = False

    def __enter__(self) -> None:
        """Nothing to say yet."""

    def __exit__(self, *exc_info: object) -> None:
        """Whatever is said next begins a line."""
        self._break()

    def __call__(self, event: Event) -> None:
        """Say what happens."""
        if isinstance(event, Started) and self._terminal:
            # One that begins before the last is finished shares its transaction.
            again = "\r\x1b[K" if self._open else ""
            say(
                f"{again}  {_verb(event.step.direction, done=False)} {event.step.name} … ",
                newline=False,
            )
            self._open = True
        elif isinstance(event, Finished):
            step, result = event.result.step, event.result
            recorded = " (recorded only)" if result.outcome == "faked" else ""
            self._end(
                f"  {_verb(step.direction)} {step.name}  {duration(result.seconds)}{recorded}"
            )
        elif isinstance(event, Skipped):
            self._end(f"  {event.step.name}: another run was faster")
        elif isinstance(event, Note):
            self._break()
            note(event.text)
        elif isinstance(event, Backfilling):
            self._bar(event)
        elif isinstance(event, Planned):
            gc.enable()  # from here on a migration's own code runs; see cli/__init__.py

    def ask(self, question: str) -> bool:
        """Ask somebody at a terminal."""
        self._break()
        return click.confirm(question, err=True)

    def _bar(self, event: Backfilling) -> None:
        """On a terminal in the line of the migration, elsewhere a line a minute."""
        from wheatear.cli.bar import bar, line  # noqa: PLC0415 - few migrations backfill

        progress = event.progress
        if self._terminal:
            say(f"\r\x1b[K  {bar(progress)}", newline=False)
            self._open = True
        elif progress.minute:
            note(f"  {line(progress)}")

    def echo(self, statement: Statement) -> None:
        """Show a statement that has ended."""
        if statement.reads and _is_a_look_of_ours():
            return
        self._break()
        end = "  -- failed" if statement.failed else ""
        note(
            f"    {masked_statement(statement.sql.strip())}  -- {duration(statement.seconds)}{end}"
        )

    def _end(self, line: str) -> None:
        say(f"\r\x1b[K{line}" if self._open else line)
        self._open = False

    def _break(self) -> None:
        if self._open:
            say()
            self._open = False


def _verb(direction: str, *, done: bool = True) -> str:
    if direction == "forward":
        return "applied" if done else "applying"
    return "reverted" if done else "reverting"


def _conclude(result: RunResult, *, dry_run: bool, backward: bool, to: str | None) -> None:
    verb = "revert" if backward else "apply"
    if dry_run and result.planned:
        say(f"Would {verb}, in this order:")
        for step in result.planned:
            say(f"  {step.name}{' (by its record)' if step.name in result.by_record else ''}")
    elif not result.planned:
        after = "" if to == ZERO or not to else f" after {to}"
        up_to = f" up to {to}" if to else ""
        what = f"was applied{after}" if backward else f"is pending{up_to}"
        say(f"Nothing to do: no migration {what}.")
    elif not result.done:
        say("Nothing left to do: another run did it.")


def _is_a_look_of_ours() -> bool:
    """Whether a migrator looks at what it is about to change, or has changed."""
    engines = f"{os.sep}wheatear{os.sep}engines{os.sep}"
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if engines in frame.f_code.co_filename:
            return True
        if os.path.basename(frame.f_code.co_filename) == "attempt.py":
            return False
        frame = frame.f_back
    return False
