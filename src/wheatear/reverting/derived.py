"""The way back that nobody wrote: what a migration did is undone by what its record says.

It serves where a file has no `migrate_backward()`, and where the file is gone: another branch, an
older version of the application.
"""

from __future__ import annotations

import json
import linecache
import types
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from wheatear.engines.operations import OperationsInARow, rebind
from wheatear.errors import HistoryError, MigrationFailedError, WheatearError
from wheatear.files import LoadedMigration, MigrationFile
from wheatear.project import Project
from wheatear.reverting.recording import FORM
from wheatear.running import current
from wheatear.schema.changes import AddColumn, AddTable, Change, RenameColumn, RenameTable
from wheatear.schema.diff import compare
from wheatear.schema.model import Schema
from wheatear.schema.source import Call
from wheatear.schema.taken import Gone
from wheatear.schema.way_back import WayBack, exchanged, unnamed_like, way_back, within, without
from wheatear.schema.words import DRIFT, Difference, Sides, in_words
from wheatear.schema.writer import Place, Spelling, Step, body, indented

if TYPE_CHECKING:
    from wheatear.reverting.put_back import PutBack
    from wheatear.schema.policy import Policy
    from wheatear.schema.renames import Rename

_SHOWN = 10
_NONE = Schema((), ())
_EARLIER = Sides("before the migration", "after the way back")


class Told(NamedTuple):
    """What is to be said of a way back before it runs.

    Attributes:
        name: The migration.
        missing: Its file is gone.
        resumed: It was begun by a run that died.
        lines: What is lost, what comes back without its data, what stays.
    """

    name: str
    missing: bool
    resumed: bool
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, for people."""
        why = "its file is missing" if self.missing else "its file has no migrate_backward()"
        first = f"{self.name} is reverted by its record, since {why}."
        return "\n".join([first, *(f"  {line}" for line in self.lines)])


class _Kept(NamedTuple):
    """A record's own words, understood."""

    before: Schema
    after: Schema
    renames: tuple[Rename, ...]
    wrote: bool
    beside: tuple[str, ...]
    dropped: tuple[Gone, ...]


class WaysBack:
    """The ways back of one run, in the order in which they are gone.

    Args:
        project: The project; its database is connected.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._engine = project.engine
        self._now: Schema | None = None
        self._is_known = True
        """Whether the schema is known that the next step will find."""
        self.told: list[Told] = []

    def passed(self, name: str, touched: str | None) -> None:
        """A file's own way back is gone: the schema after it is what its record says, if it does.

        Args:
            name: The migration.
            touched: What its record says it touched.
        """
        try:
            kept = self._kept(name, touched) if touched and self._is_known else None
        except WheatearError:
            kept = None
        if kept is None:
            self._is_known = False
        else:
            self._now = exchanged(self._schema(), kept.after, kept.before)

    def derived(
        self,
        name: str,
        touched: str,
        dropped: PutBack | None,
        *,
        missing: bool,
        resumed: bool = False,
    ) -> LoadedMigration | None:
        """Return the way back of a migration, as if its file had it.

        Args:
            name: The migration.
            touched: What its record says it touched.
            dropped: What it dropped and was kept aside.
            missing: Its file is gone.
            resumed: A run that died has gone a part of it: the schema is neither.

        Returns:
            What can be run; None if the record is none that this version understands.

        Raises:
            HistoryError: The schema is not what the migration left.
            OperationError: There is no right to make the scratch database that it takes.
        """
        kept = self._kept(name, touched)
        if kept is None:
            return None
        now = self._schema() if self._is_known else kept.after
        if resumed:
            now = exchanged(now, kept.before, kept.after)
        elif self._is_known:
            _check(name, kept, now, self._policy)
        way = way_back(
            now, kept.after, kept.before, kept.renames, self._policy, dropped=kept.dropped
        )
        if self._is_known:
            self._now = way.after
        self.told.append(Told(name, missing, resumed, tuple(_lines(way, kept, dropped))))
        way_back_ = _Derived(self._project, name, kept, way, self._policy, dropped)
        return way_back_.loaded(resumed=resumed)

    @property
    def _policy(self) -> Policy:
        return replace(self._engine.policy(), names=True)

    def _schema(self) -> Schema:
        if self._now is None:
            self._now = self._engine.read_schema()
        return self._now

    def _kept(self, name: str, text: str) -> _Kept | None:
        try:
            value = json.loads(text)
            if value["form"] != FORM:
                return None
            if value.get("unchanged"):
                return _Kept(_NONE, _NONE, (), bool(value.get("wrote")), (), ())
            recorder = self._engine.recorder()
            return _Kept(
                recorder.schema_of(value["before"]),
                recorder.schema_of(value["after"]),
                tuple(map(_rename, value.get("renames", ()))),
                bool(value.get("wrote")),
                tuple(value.get("beside", ())),
                tuple(Gone(*one) for one in value.get("dropped", ())),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise HistoryError(
                f"What the record of {name} says cannot be understood: {error}",
                state="nothing was changed.",
                next="write `def migrate_backward():` in its file, then run the command again with "
                "--accept-changed.",
            ) from error


def _rename(value: Sequence[Any]) -> Rename:
    table, old, new, is_column = value
    return RenameColumn(table, old, new) if is_column else RenameTable(old, new)


def _lines(way: WayBack, kept: _Kept, dropped: PutBack | None) -> Iterator[str]:
    if kept.before == kept.after == _NONE:
        yield "it changed nothing, so there is nothing to undo"
    yield from (f"lost: {text}" for text in way.lost)
    for one in way.returning:
        entry = dropped.entry_of(one.table, one.column) if dropped else None
        how = one.how if entry is None else f"with what was kept of {_rows(entry.rows)}"
        yield f"{one.what} comes back {how}"
    if kept.wrote:
        yield from (
            f"table {one.table} was made anew: the rows in it now stay, no others come back"
            for one in kept.dropped
            if one.copied and kept.after.table(one.table) and kept.before.table(one.table)
        )
        yield "that it added, changed or deleted rows is not undone"
    yield from (f"not undone: {sql}" for sql in kept.beside)


def _nothing() -> None:
    """Nothing was kept."""


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _check(name: str, kept: _Kept, now: Schema, policy: Policy) -> None:
    """Refuse where the tables are not as the migration left them."""
    found = in_words(_differences(kept.after, within(now, kept.after, kept.before), policy), DRIFT)
    if found:
        raise HistoryError(
            f"{name} cannot be reverted by its record: what it touched was changed by other means "
            "since.",
            where=_shown(found),
            state="nothing was changed.",
            next="change that back, then run the command again; or write `def "
            "migrate_backward():` in its file; or, if the database is as it was before this "
            "migration, record that with `migrate --backward --fake`.",
        )


def _differences(before: Schema, after: Schema, policy: Policy) -> Sequence[Change]:
    both = unnamed_like(before, before), unnamed_like(after, before)
    return compare(*both, policy=policy).changes


def _shown(found: Iterable[Difference]) -> str:
    texts = [one.text for one in found]
    more = [f"and {len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return "\n".join([*texts[:_SHOWN], *more])


class _PuttingBack:
    """An engine's spelling, with calls that put back what was kept.

    Args:
        spelling: The engine's.
        calls: By the identity of the change that they follow.
    """

    def __init__(self, spelling: Spelling, calls: Mapping[int, str]) -> None:
        self._spelling = spelling
        self._calls = calls

    @property
    def reserved(self) -> Collection[str]:
        """See `Spelling`."""
        return self._spelling.reserved

    def steps(self, change: Change, place: Place) -> Sequence[Step]:
        """See `Spelling`."""
        steps = self._spelling.steps(change, place)
        call = self._calls.get(id(change))
        return steps if call is None else [*steps, Step(Call(call), "statement")]


class _Derived:
    """One way back, as a migration's function."""

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        project: Project,
        name: str,
        kept: _Kept,
        way: WayBack,
        policy: Policy,
        dropped: PutBack | None,
    ) -> None:
        self._project = project
        self._engine = project.engine
        self._name = name
        self._kept = kept
        self._way = way
        self._policy = policy
        self._dropped = dropped

    def loaded(self, *, resumed: bool) -> LoadedMigration:
        """What can be run like a file."""
        path = f"<the way back of {self._name}>"
        module = self._module(path)
        undo = module.__dict__["migrate_backward"]
        module.__dict__["migrate_backward"] = lambda: self._run(undo, resumed=resumed)
        afterwards = self._dropped.forget if self._dropped else None
        return LoadedMigration(MigrationFile(0, self._name, path, ""), module, afterwards)

    def _module(self, path: str) -> types.ModuleType:
        text = self._source()
        module = types.ModuleType(f"wheatear_way_back_{self._name}")
        module.__file__ = path
        migrator = getattr(self._project.config, "migrator", None)
        if not isinstance(migrator, OperationsInARow):
            migrator = self._engine.migrator()
        dropped = self._dropped
        module.__dict__.update(db=self._engine.db, migrator=migrator, put_back=_nothing)
        if dropped is not None:
            module.__dict__.update(
                put_back=dropped.all,
                put_back_values=dropped.values,
                put_back_tables=dropped.tables,
            )
        exec(compile(text, path, "exec"), module.__dict__)  # noqa: S102 - the writer's own
        rebind(module)
        # So that an error shows the line it came from.
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        return module

    def _source(self) -> str:
        way = self._way
        spelling = _PuttingBack(self._engine.spelling(), self._calls())
        written = body(way.changes, way.before, way.after, spelling)
        head = "\n".join([*written.imports, "from playhouse.migrate import *"])
        lines = "\n".join(indented([*written.lines, "put_back()"]))
        function = f"def migrate_backward():\n{lines}"
        return "\n\n\n".join([head, *written.definitions, function]) + "\n"

    def _calls(self) -> dict[int, str]:
        """By the change they follow, the calls that put back what was kept.

        Values come back before what they have to meet (keys, indexes, checks), and so do rows.
        """
        values = tables = None
        for change in self._way.changes:
            if isinstance(change, AddColumn) and self._was_kept(change.table, change.column.name):
                values = change
            elif isinstance(change, AddTable) and self._was_kept(change.table.name, None):
                tables = change
        calls = {id(values): "put_back_values", id(tables): "put_back_tables"}
        return {key: call for key, call in calls.items() if key != id(None)}

    def _was_kept(self, table: str, column: str | None) -> bool:
        return self._dropped is not None and self._dropped.entry_of(table, column) is not None

    def _run(self, undo: Any, *, resumed: bool) -> None:
        """Look, undo, look again: what does not give the earlier schema is rolled back."""
        if self._dropped is not None:
            self._dropped.begin()
        before = self._schema()
        if not resumed:
            _check(self._name, self._kept, before, self._policy)
        try:
            undo()
        except WheatearError:
            raise
        except Exception as error:
            raise MigrationFailedError(
                f"what its record says it did cannot be undone: {type(error).__name__}: {error}",
                next="write `def migrate_backward():` in its file, then run the command again with "
                "--accept-changed.",
            ) from error
        self._verify(before)

    def _verify(self, before: Schema) -> None:
        kept, now = self._kept, self._schema()
        touched = within(now, kept.before, kept.after)
        rest = without(before, kept.before, kept.after), without(now, kept.before, kept.after)
        found = [
            *in_words(_differences(kept.before, touched, self._policy), _EARLIER),
            *in_words(_differences(*rest, self._policy), _EARLIER),
        ]
        if found:
            raise MigrationFailedError(
                "undoing what its record says does not give the earlier schema.",
                where=_shown(found),
                next="write `def migrate_backward():` in its file, then run the command again with "
                "--accept-changed; and please report this with its record.",
            )

    def _schema(self) -> Schema:
        """Past the log, which is of what the migration does."""
        migration = current()
        with migration.unlogged() if migration else nullcontext():
            return self._engine.read_schema()
