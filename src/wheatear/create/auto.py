"""A migration written from the difference between models and database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wheatear import plan
from wheatear.comparison import Both, Comparison, read_both
from wheatear.create.fills import Fills, said_fills, sql_defaults, with_defaults
from wheatear.create.names import sound_name
from wheatear.create.proof import Written, prove
from wheatear.create.renames import Renames, spelled
from wheatear.create.template import Created, create_migration, written
from wheatear.engines.engine import Engine
from wheatear.engines.waiting import Waiting
from wheatear.errors import HistoryError, UsageError
from wheatear.files import Listing, list_files
from wheatear.history import History
from wheatear.project import Project
from wheatear.schema.changes import AddColumn, AlterColumn, Change, DropTable
from wheatear.schema.made import made
from wheatear.schema.renames import Rename
from wheatear.schema.words import Difference
from wheatear.schema.writer import Fills as SqlByColumn
from wheatear.schema.writer import Spelling, body


class Asker(Protocol):
    """Who can be asked: somebody at a terminal."""

    def is_renamed(self, rename: Rename) -> bool:
        """Whether what is missing here and new there is the same under another name."""

    def is_dropped(self, table: str) -> bool:
        """Whether a table that no model speaks of any more is to go, with its rows."""

    def fill(self, change: AddColumn | AlterColumn) -> str | None:
        """SQL for what rows get that have no value; None, for an old column: none has NULL."""


@dataclass(frozen=True)
class Wanted:
    """What a user says beforehand.

    Attributes:
        renames: `old:new` for a table, `table.old:new` for a column.
        no_renames: Nothing else was renamed, whatever it looks like.
        fills: `table.column=SQL`: what rows get in a column that takes no NULL.
        dropped: Tables that no model speaks of, and that are to go.
    """

    renames: Sequence[str] = ()
    no_renames: bool = False
    fills: Sequence[str] = ()
    dropped: Sequence[str] = ()


@dataclass(frozen=True)
class AutoCreated(Created):
    """A migration that was written from models.

    Attributes:
        differences: What it changes.
        destroys: What data is lost when it runs, in words.
        only_in_database: Tables that no model speaks of, and that are left alone.
    """

    differences: tuple[Difference, ...] = ()
    destroys: tuple[str, ...] = ()
    only_in_database: tuple[str, ...] = ()


def create_auto(
    project: Project, words: str, wanted: Wanted, waiting: Waiting, asker: Asker | None
) -> AutoCreated | None:
    """Write the migration; see `Migrations.create`.

    Args:
        project: The project.
        words: What the migration does, in any form.
        wanted: What the user says beforehand.
        waiting: How long to wait if others keep the database from being read.
        asker: Who is asked what is not said; None if nobody can be.

    Returns:
        The file, or None if nothing differs.
    """
    name = sound_name(words)
    fills = said_fills(wanted.fills)
    listing = list_files(project.folder)
    models = project.models()
    ignored = project.ignore_tables
    engine = project.engine
    there = engine.exists()
    with ExitStack() as stack:
        if there:
            stack.enter_context(engine.opened(waiting))
        _refuse_pending(listing, engine, waiting, there=there)
        # What there is no database for yet is compared with an empty one.
        read = engine if there else stack.enter_context(engine.scratch_copy(empty=True))
        both = read_both(read, models, ignored, waiting)
        found = _compared(both, wanted, listing, asker)
        if not found.changes:
            Fills((), fills, {})  # a column that is said needs nothing then: it may be a typo
            return None
        defaults = sql_defaults(models)
        changes = with_defaults(found.changes, defaults)
        known = Fills(changes, fills, defaults)
        if asker:
            known.ask(asker.fill)
        known.refuse_missing()
        text = _text(name, changes, found, read.spelling(), known.known)
        warned = prove(project, both, Written(name, text, changes), empty=not there)
    created = create_migration(Path(project.folder), words, text)
    risks = [
        f"a row with NULL in {column} would make it fail; --fill {column}=SQL gives such rows a "
        "value"
        for column in known.risky()
    ]
    return AutoCreated(
        created.path,
        (*created.warnings, *warned, *risks),
        found.differences,
        tuple(one.destroys for one in changes if one.destroys),
        tuple(_only_in_database(found)),
    )


def _refuse_pending(listing: Listing, engine: Engine, waiting: Waiting, *, there: bool) -> None:
    """The difference is with the database as it is: it would hold what a pending file does too."""
    entries = History(engine, waiting).entries() if there else []
    open_ = [
        one
        for one in plan.standings(listing.files, entries)
        if one.state in ("pending", "interrupted")
    ]
    if not open_:
        return
    names = ", ".join(one.name for one in open_)
    raise HistoryError(
        f"The models are compared with the database, which is not up to date; {open_[0].state}: "
        f"{names}.",
        state="nothing was written.",
        next="run `migrate` first, so that only what is new is written.",
    )


def _compared(both: Both, wanted: Wanted, listing: Listing, asker: Asker | None) -> Comparison:
    """The comparison with all renames and dropped tables settled."""
    renames = Renames(both.before, both.after, both.policy)
    renames.say(wanted.renames)
    if not wanted.no_renames:
        if asker:
            renames.ask(asker.is_renamed)
        else:
            _refuse_likely(renames)
    found = both.compared(renames.known)
    dropped = _dropped(found, wanted, listing, asker)
    return both.compared(renames.known, dropped) if dropped else found


def _refuse_likely(renames: Renames) -> None:
    likely = renames.likely()
    if not likely:
        return
    options = "\n".join(f"--rename {spelled(one)}" for one in likely)
    raise UsageError(
        "Some of what is only in the database looks like what is only in the models, under "
        "another name; whether it is cannot be asked here.",
        state="nothing was written.",
        next=f"say which it is:\n{options}\n--no-renames if none of this was renamed: its data "
        "is lost.",
    )


def _dropped(found: Comparison, wanted: Wanted, listing: Listing, asker: Asker | None) -> list[str]:
    """The tables that go: those that are said, and our own that somebody says yes to."""
    only = list(_only_in_database(found))
    for name in wanted.dropped:
        if name not in only:
            there = f"such are: {', '.join(only)}." if only else "there is none."
            raise UsageError(
                f"--drop {name}: it is no table that only the database has; {there}",
                state="nothing was written.",
                next="write --drop TABLE for a table that no model speaks of any more.",
            )
    if asker is None:
        return list(wanted.dropped)
    spoken = [name for name in only if name not in wanted.dropped and _is_ours(name, listing)]
    return [*wanted.dropped, *(name for name in spoken if asker.is_dropped(name))]


def _only_in_database(found: Comparison) -> Iterator[str]:
    return (one.table.name for one in found.apart if isinstance(one, DropTable))


def _is_ours(table: str, listing: Listing) -> bool:
    """Whether a migration speaks of the table: only then is it likely that a model had it."""
    word = re.compile(rf"(?<!\w){re.escape(table)}(?!\w)", re.IGNORECASE)
    return any(word.search(_read(file.path)) for file in listing.files)


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _text(
    name: str,
    changes: Sequence[Change],
    found: Comparison,
    spelling: Spelling,
    fills: SqlByColumn,
) -> str:
    """The file: forward, and the inverses in the opposite order."""
    before, after = found.before, found.before
    for change in changes:
        after = made(after, change)
    forward = body(changes, before, after, spelling, fills=fills)
    inverses = [one.inverse for one in reversed(changes)]
    backward = body(inverses, after, before, spelling, known=forward.definitions)
    return written(name, forward, backward)
