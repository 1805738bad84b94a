"""How a run that was refused or failed is told: what, where, what stays, what next."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import peewee

from wheatear.engines.engine import first_line
from wheatear.errors import (
    ConfigError,
    HistoryError,
    MigrationFailedError,
    MigrationFileError,
    OperationError,
    Terminated,
    UsageError,
    WheatearError,
)
from wheatear.events import Stopped
from wheatear.masking import Mask
from wheatear.one_line import one_line
from wheatear.plan import Standing, Step
from wheatear.records import Record

SETTLE = (
    "finish the migration by hand and say `migrate --mark-applied`, or undo what it did and say "
    "`migrate --mark-pending`."
)
ADOPT = (
    "mend the file and run the command again; or, if the database has this already, since it was "
    "made by other means or its history was lost, record that: `migrate --fake --to NAME`."
)
RESUME = (
    "mend what failed, the file only from there on, and run the command again: it goes on behind "
    "what stays. Or go back from there with `migrate --backward`; or settle it by hand and say "
    "`migrate --mark-applied` or `migrate --mark-pending`."
)
AGAIN = "run the command again."
CONTINUE = (
    "run the command again: it goes on from there, if its file is left as it is. Or go back from "
    "there with `migrate --backward`; or settle it by hand and say `migrate --mark-applied` or "
    "`migrate --mark-pending`; then the file may be changed."
)
RECONNECT = "see that the server is up, then run the command again: it goes on from there."
_SHOWN = 10
_LONGEST = 300


def changed_files(changed: Sequence[Standing], *, backward: bool) -> HistoryError:
    """Applied files are not what was applied."""
    lines = "\n".join(f"{one.name}.py is {one.state}" for one in changed[:_SHOWN])
    if len(changed) > _SHOWN:
        lines += f"\nand {len(changed) - _SHOWN} more"
    states, one_alone = {one.state for one in changed}, len(changed) == 1
    how = {
        "changed": "was changed since it was applied",
        "missing": "is missing",
    }
    if not one_alone:
        how = {"changed": "were changed since they were applied", "missing": "are missing"}
    ways = ", or ".join(words for state, words in how.items() if state in states)
    command = "migrate --backward" if backward else "migrate"
    mend = "put the file back as it was (git restore)"
    if "changed" in states:
        mend += ", and write a new migration for what you wanted to change"
    return HistoryError(
        f"{len(changed)} applied migration file{'' if one_alone else 's'} {ways}.",
        where=lines,
        state="nothing was changed in the database.",
        next=f"{mend}; or, if the database is right as it is, accept it with "
        f"`{command} --accept-changed`.",
    )


def renamed(pairs: Sequence[tuple[str, str]]) -> HistoryError:
    """Applied migrations have another name now, and would run once more under it."""
    one_alone = len(pairs) == 1
    return HistoryError(
        f"{len(pairs)} applied migration file{' was' if one_alone else 's were'} renamed.",
        where="\n".join(f"{was}.py is {now}.py now" for was, now in pairs[:_SHOWN]),
        state="nothing was changed in the database.",
        next="give it its old name back: by that the databases know that they have it, and under "
        "a new one it would run once more.",
    )


def out_of_order(warnings: Sequence[str]) -> HistoryError:
    """Pending migrations are older than the newest applied one, and that is to be refused."""
    return HistoryError(
        f"{len(warnings)} pending migration{'' if len(warnings) == 1 else 's'} would run out of "
        "order.",
        where="\n".join(warnings[:_SHOWN]),
        state="nothing was changed.",
        next="give the file a timestamp later than the newest applied one, or run without "
        "--strict to apply it all the same.",
    )


def overtaken(name: str, newest: str | None) -> HistoryError:
    """Another run applied something on top of what was to be reverted."""
    return HistoryError(
        f"{newest} was applied by another run meanwhile, so {name} is no longer the most recent.",
        state=f"{name} was not reverted.",
        next="look at `status`, and run the command again if that is what you want.",
    )


def no_single_transaction(url: str) -> UsageError:
    """All or none is more than the engine can do."""
    return UsageError(
        f"--single-transaction does nothing on {url}: each schema change commits by itself there.",
        state="nothing was changed.",
        next="run `migrate` without it; each migration is recorded as it is finished.",
    )


def not_in_one_transaction(names: Sequence[str]) -> UsageError:
    """Files of the plan need a transaction of another kind than the first, or none."""
    lines = "\n".join(f"{name}.py" for name in names[:_SHOWN])
    if len(names) > _SHOWN:
        lines += f"\nand {len(names) - _SHOWN} more"
    return UsageError(
        "Not all pending migrations can share one transaction: these say `atomic = False`, or not "
        "the same `foreign_keys` as the first.",
        where=lines,
        state="nothing was changed.",
        next="apply those before them with `migrate --single-transaction --to NAME`, and them by "
        "themselves.",
    )


def nothing_to_mark() -> HistoryError:
    """Nobody died."""
    return HistoryError(
        "No migration is interrupted, so there is nothing to mark.",
        state="nothing was changed.",
        next="`status` shows where each migration stands.",
    )


def missing_file(name: str, later: Sequence[str]) -> MigrationFileError:
    """A migration that is to be reverted has neither a file nor a record of what it did.

    Args:
        name: The migration.
        later: Those that were applied after it, and are to be reverted before it.
    """
    record = "record that with `migrate --backward --fake`."
    if later:
        count = f" --steps {len(later)}" if len(later) > 1 else ""
        record = (
            f"first revert what was applied after it (`migrate --backward{count}`), then {record}"
        )
    return MigrationFileError(
        f"{name} cannot be reverted: its file is not in the migrations folder.",
        state="nothing was changed.",
        next="put the file back (another branch, a backup), then run the command again; or, if the "
        f"database is as it was before this migration, {record}",
    )


def no_folder(folder: str) -> ConfigError:
    """There is nothing to look for migrations in: as a rule this is the wrong place."""
    return ConfigError(
        f"There is no folder of migrations: {folder}",
        state="nothing was changed.",
        next="run it where the project is, or say where that is (-C); `create NAME` makes the "
        "folder, with a first migration.",
    )


def missing_to_finish(name: str) -> MigrationFileError:
    """A migration that a run has left half done has no file."""
    return MigrationFileError(
        f"{name} was interrupted, and its file is not in the migrations folder to finish it.",
        state="nothing was changed.",
        next="put the file back (another branch, a backup), then run the command again; or settle "
        "it by hand and say `migrate --mark-applied` or `migrate --mark-pending`.",
    )


def not_without_file(names: Sequence[str]) -> UsageError:
    """Nobody is there to be asked whether to do without a file."""
    are = "is not in the migrations folder" if len(names) == 1 else "are not in the folder"
    whose = "its file" if len(names) == 1 else "their files"
    return UsageError(
        f"{' and '.join(names)} would be reverted by the record, since {whose} {are}.",
        state="nothing was changed.",
        next="if that is meant, say --yes (from Python: yes=True); else put the file back.",
    )


def declined() -> HistoryError:
    """Somebody was asked, and does not want it."""
    return HistoryError(
        "Not reverted: the answer was no.",
        state="nothing was changed.",
        next="put the file back to revert it by that.",
    )


def unfinished(name: str, direction: str) -> HistoryError:
    """Another migration has to be finished first."""
    way = "forward" if direction == "forward" else "backward"
    return HistoryError(
        f"{name} was interrupted while it went {way}, and has to be finished first.",
        state="nothing was changed by this run.",
        next="run `migrate`, which finishes it; or settle it by hand and say "
        "`migrate --mark-applied` or `migrate --mark-pending`.",
    )


def interrupted(record: Record) -> HistoryError:
    """A run died, or failed, where what it did stays, and left no journal to go on from."""
    sent = "\n".join(record.statements[-_SHOWN:])
    ran = (
        f"these statements were sent, and the last may or may not have taken effect:\n{sent}"
        if sent
        else "no statement had been sent that changes anything."
    )
    way = "forward" if record.direction == "forward" else "backward"
    return HistoryError(
        f"{record.name} was interrupted while it went {way}"
        f"{f' ({record.error})' if record.error else ''}.",
        state=ran,
        next=f"look at the database; {SETTLE}",
    )


def state_after(
    step: Step,
    *,
    stays: Sequence[str],
    under_way: str | None,
    transactional: bool,
    before: Sequence[str],
    lost: Sequence[str],
    backfilled: Mapping[str, int] = MappingProxyType({}),
    begun: bool = True,
) -> str:
    """Say what the database is like after a step failed.

    Args:
        step: The step.
        stays: The statements of the step that stay.
        under_way: The statement whose answer never came.
        transactional: It ran in one transaction.
        before: The migrations that the same run had finished.
        lost: Those that were rolled back with it, since they shared its transaction.
        backfilled: How many rows of which tables its backfills have committed.
        begun: It was its turn.
    """
    if not begun:
        text = f"{step.name} was not begun."
    elif stays:
        shown = "\n".join(one_line(sql)[:_LONGEST] for sql in stays[-_SHOWN:])
        text = (
            f"{step.name} is interrupted: each of its statements commits by itself, so "
            f"{'this one stays' if len(stays) == 1 else f'these {len(stays)} stay'}:\n{shown}"
        )
    elif transactional:
        text = f"{step.name} was rolled back: nothing of it stays."
    elif under_way or backfilled:
        text = f"{step.name} is interrupted."
    else:
        text = f"{step.name} had changed nothing yet."
    for table, rows in backfilled.items():
        done = "1 row" if rows == 1 else f"{rows:,} rows"
        text += f"\nbackfilled in {table}, and staying so: {done}; the next run goes on from there."
    if under_way:
        text += (
            "\nthis one was under way, and may or may not have taken effect:\n"
            + one_line(under_way)[:_LONGEST]
        )
    if lost:
        text += f"\nrolled back with it, in the same transaction: {', '.join(lost)}."
    if before:
        done = "applied" if step.direction == "forward" else "reverted"
        text += f"\n{done} before it in this run, and staying so: {', '.join(before)}."
    return text


def stopped_between(before: Sequence[str]) -> Stopped:
    """Ctrl-C or the like has ended a run while no migration ran."""
    staying = f"done in this run, and staying so: {', '.join(before)}."
    return Stopped(staying if before else "no migration was begun.", AGAIN)


def failed(
    error: BaseException,
    step: Step,
    *,
    path: str | None,
    statement: str | None,
    state: str,
    remedy: str | None,
    mask: Mask,
) -> MigrationFailedError:
    """Tell how a migration failed.

    Args:
        error: What it raised.
        step: The step.
        path: Its file.
        statement: The statement that failed, if one did.
        state: What stays.
        remedy: What to do, if it is not what the error itself says, nor mending the file.
        mask: Hides passwords in the error's own words and in the statement.
    """
    ours = error if isinstance(error, WheatearError) else None
    what = f"{step.name} failed: {ours.what if ours else _said(error, mask)}"
    again = "run the command again"
    if step.direction == "backward":  # mended, its file is no longer what was applied
        again += " with --accept-changed"
    own = ours.next if ours else None
    next_ = remedy or own or f"mend the file and {again}."
    if own and remedy == RESUME:
        next_ = f"{own}\n{RESUME}"
    where = [
        frames_in(error, path) if path else None,
        f"statement: {one_line(mask.statement(statement))[:_LONGEST]}" if statement else None,
    ]
    shown = "\n".join(part for part in where if part)
    if ours and ours.where and not (where[0] or statement):
        shown = ours.where
    return MigrationFailedError(what, where=shown, state=state, next=next_)


def _said(error: BaseException, mask: Mask) -> str:
    """The error's class and its first line: drivers go on with the statement, shown elsewhere."""
    ours = isinstance(error, OperationError)  # which of Peewee's it is too is for the migration
    of_database = isinstance(error, peewee.PeeweeException) and not ours
    kind = OperationError if ours else type(error)
    return f"{kind.__name__}: {mask.foreign(first_line(error), names=of_database)}"


def reason(error: BaseException, mask: Mask) -> str:
    """Why a step ended, for the history, which is no place for a password either."""
    if isinstance(error, KeyboardInterrupt):
        return "Ctrl-C"
    if isinstance(error, Terminated):
        return "SIGTERM"
    return _said(error, mask) if str(error) else type(error).__name__


def frames_in(error: BaseException, path: str) -> str | None:
    """The frames of an error that are in the user's own file, each with its line's text."""
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == path:
            text = (frame.line or linecache.getline(path, frame.lineno or 0)).strip()
            lines.append(f"{path}:{frame.lineno} in {frame.name}()\n  {text}")
    if len(lines) > _SHOWN:  # something calls itself
        half = _SHOWN // 2
        lines[half:-half] = [f"… and {len(lines) - 2 * half} calls more between these"]
    return "\n".join(lines) or None
