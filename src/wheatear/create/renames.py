"""Which tables and columns were renamed: said, or asked about, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from wheatear.errors import UsageError
from wheatear.schema.changes import RenameColumn, RenameTable
from wheatear.schema.diff import alike, candidates
from wheatear.schema.model import Schema, Table
from wheatear.schema.policy import Policy
from wheatear.schema.renames import Rename

_FORMS = "write --rename OLD:NEW for a table, --rename TABLE.OLD:NEW for a column."


class Renames:
    """The renames between two schemas, as they become known.

    Args:
        before: The database's schema.
        after: The models' schema.
        policy: What of a difference counts.

    Attributes:
        known: Those that are settled, tables first.
    """

    def __init__(self, before: Schema, after: Schema, policy: Policy) -> None:
        self._sides = (before, after)
        self._policy = policy
        self.known: list[Rename] = []

    def say(self, words: Iterable[str]) -> None:
        """Take what a user says: `old:new`, `table.old:new`.

        Raises:
            UsageError: It is neither, or names nothing that is there.
        """
        for tables in (True, False):
            for said in words:
                if self._is_table(said) is tables:
                    rename = self._said(said)
                    self.known += [] if rename in self.known else [rename]

    def ask(self, is_one: Callable[[Rename], bool]) -> None:
        """Ask about each that is likely, tables first."""
        refused: set[Rename] = set()
        while left := [one for one in self.likely() if one not in refused]:
            if is_one(left[0]):
                self.known.append(left[0])
            else:
                refused.add(left[0])

    def likely(self) -> list[Rename]:
        """Those that would explain what is missing here and new there, and are not known."""
        before, after = self._alike()
        return candidates(before, after)

    def _alike(self) -> tuple[Schema, Schema]:
        return alike(*self._sides, renames=self.known, policy=self._policy)

    def _said(self, said: str) -> Rename:
        old, colon, new = said.partition(":")
        if not (old and colon and new) or ":" in new:
            raise UsageError(
                f"--rename {said} is not two names with a colon between them.",
                state="nothing was written.",
                next=_FORMS,
            )
        before, after = self._alike()
        if self._is_table(said):
            return self._table(said, old, new, before, after)
        return self._column(said, old, new, before, after)

    def _is_table(self, said: str) -> bool:
        """A column has its table before it; a table's own name may have a dot in it, too."""
        old = said.partition(":")[0]
        return "." not in old or self._sides[0].table(old) is not None

    def _table(self, said: str, old: str, new: str, before: Schema, after: Schema) -> RenameTable:
        if RenameTable(old, new) in self.known:
            return RenameTable(old, new)
        gone, come = _only(before.tables, after.tables), _only(after.tables, before.tables)
        _check(said, old, gone, "table", "that only the database has")
        _check(said, new, come, "table", "that only the models have")
        return RenameTable(old, new)

    def _column(self, said: str, old: str, new: str, before: Schema, after: Schema) -> RenameColumn:
        place, _, column = old.rpartition(".")
        place = next(
            (one.new for one in self.known if isinstance(one, RenameTable) and one.old == place),
            place,
        )
        new = new.removeprefix(f"{place}.")
        was, is_ = before.table(place), after.table(place)
        if was is None or is_ is None:
            both = sorted({table.name for table in before.tables} & _names(after.tables))
            _check(said, place, both, "table", "that both the database and the models have")
        assert was is not None  # noqa: S101 - checked
        assert is_ is not None  # noqa: S101 - checked
        rename = RenameColumn(place, column, new)
        if rename in self.known:
            return rename
        gone, come = _only(was.columns, is_.columns), _only(is_.columns, was.columns)
        _check(said, column, gone, f"column of {place}", "that only the database has")
        _check(said, new, come, f"column of {place}", "that only the models have")
        return rename


def _names(values: Sequence[Table] | Sequence[object]) -> set[str]:
    return {str(getattr(one, "name")) for one in values}  # noqa: B009 - of either kind


def _only(these: Sequence[object], those: Sequence[object]) -> list[str]:
    return sorted(_names(these) - _names(those))


def _check(said: str, name: str, names: Sequence[str], what: str, which: str) -> None:
    if name in names:
        return
    there = f"such are: {', '.join(names)}." if names else "there is none."
    raise UsageError(
        f"--rename {said}: {name} is no {what} {which}; {there}",
        state="nothing was written.",
        next=_FORMS,
    )


def spelled(rename: Rename) -> str:
    """A rename as `--rename` takes it."""
    if isinstance(rename, RenameTable):
        return f"{rename.old}:{rename.new}"
    return f"{rename.table}.{rename.old}:{rename.new}"
