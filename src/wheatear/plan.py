"""What is to be done, decided from what is there: pure functions over files and records.

The same functions decide twice: at the first look, without a lock, and again under it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

from wheatear.errors import HistoryError, MigrationFileError, UsageError

Direction = Literal["forward", "backward"]
State = Literal["applied", "pending", "changed", "missing", "interrupted"]
Outcome = Literal["done", "faked", "marked", "accepted", "running", "interrupted", "failed"]
"""How a record ended: `done` ran, `faked` and `marked` were only said to have, `accepted` took a
changed or missing file as it is, `running` has not ended (or died), `interrupted` failed where what
it did stays, `failed` failed and was rolled back."""

ZERO = "zero"
"""The name, for `--backward --to`, of the state before the first migration."""


class File(Protocol):
    """What planning needs of a migration file."""

    @property
    def name(self) -> str: ...
    @property
    def order(self) -> int: ...
    @property
    def checksum(self) -> str: ...


class Entry(Protocol):
    """What planning needs of a record of the history."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def checksum(self) -> str | None: ...


class Standing(NamedTuple):
    """Where one migration stands, by its file and its records.

    Attributes:
        name: The file's name without `.py`.
        state: See DESIGN: applied, pending, changed, missing or interrupted.
        order: Its place among the files; None without a file.
        applied: The record that says it is applied, or None.
        interrupted: The record of the run that did not end, or None.
    """

    name: str
    state: State
    order: int | None = None
    applied: Entry | None = None
    interrupted: Entry | None = None
    accepted: bool = False
    """Its file is missing, and somebody has said that this is all right."""

    @property
    def is_applied(self) -> bool:
        """Applied, whatever became of its file."""
        return self.applied is not None and self.interrupted is None


class Step(NamedTuple):
    """One migration to run in one direction, on the strength of one record.

    Attributes:
        name: The migration.
        direction: Which way.
        basis: For a step backward, the id of the record that says it is applied.
        resumes: The id of the record of a run that died or failed in it, to go on from there.
        abandons: Backward from where a run forward stands that did not end; its record is the
            basis.
    """

    name: str
    direction: Direction
    basis: int | None = None
    resumes: int | None = None
    abandons: bool = False


class Plan(NamedTuple):
    """Steps in the order they run, and what a user should know before they do."""

    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()


def standings(files: Sequence[File], entries: Iterable[Entry]) -> tuple[Standing, ...]:
    """Say where each migration stands.

    Args:
        files: The migration files, in their order.
        entries: The history's records, oldest first.

    Returns:
        All migrations: those with a file in the files' order, then those without, by name.
    """
    applied, interrupted, checksums = _told(entries)
    standings_ = []
    for file in files:
        name = file.name
        record, stopped = applied.get(name), interrupted.get(name)
        state: State = "pending"
        if stopped is not None:
            state = "interrupted"
        elif record is not None:
            # A record without a checksum (of a file that was missing then) is no ground to compare.
            state = "applied" if checksums[name] in (None, file.checksum) else "changed"
        standings_.append(Standing(name, state, file.order, record, stopped))
    gone = {*applied, *interrupted}.difference(file.name for file in files)
    for name in sorted(gone):
        state = "interrupted" if name in interrupted else "missing"
        accepted = checksums.get(name, "") is None
        standings_.append(
            Standing(name, state, None, applied.get(name), interrupted.get(name), accepted)
        )
    return tuple(standings_)


def renamed(all_: Iterable[Standing], files: Iterable[File]) -> list[tuple[str, str]]:
    """The applied migrations whose file is gone, and pending files with the same text.

    Args:
        all_: Where each migration stands.
        files: The migration files.

    Returns:
        The earlier name and the new one of each.
    """
    standings_ = tuple(all_)
    gone = {
        one.applied.checksum: one.name
        for one in standings_
        if one.state == "missing" and one.applied is not None and not one.accepted
    }
    if not gone:
        return []
    pending = {one.name for one in standings_ if one.state == "pending"}
    return [
        (gone[file.checksum], file.name)
        for file in files
        if file.name in pending and file.checksum in gone
    ]


def _told(
    entries: Iterable[Entry],
) -> tuple[dict[str, Entry], dict[str, Entry], dict[str, str | None]]:
    """The records that say what is applied, those of runs that did not end, and the checksums."""
    # Plain dictionaries: a thousand applied migrations are looked at whenever none is pending.
    applied: dict[str, Entry] = {}
    interrupted: dict[str, Entry] = {}
    checksums: dict[str, str | None] = {}
    for entry in entries:
        name, outcome = entry.name, entry.outcome
        if outcome in SETTLED:
            if entry.direction == "forward":
                applied[name] = entry
            else:
                applied.pop(name, None)
            if interrupted:
                interrupted.pop(name, None)
            checksums[name] = entry.checksum
        elif outcome in _OPEN:
            interrupted[name] = entry
        elif outcome == "accepted":
            checksums[name] = entry.checksum
    return applied, interrupted, checksums


SETTLED = frozenset({"done", "faked", "marked"})
_OPEN = frozenset({"running", "interrupted"})


def find(name: str, names: Sequence[str]) -> str:
    """Return the one migration that a user's word means.

    Args:
        name: Exactly a name, with or without `.py` and its folder, or the beginning of only one.
        names: All there are.

    Raises:
        UsageError: No or more than one migration is called so.
    """
    wanted = re.split(r"[/\\]", name)[-1].removesuffix(".py")  # as a shell completes it
    if wanted in names:
        return wanted
    matches = [one for one in names if wanted and one.startswith(wanted)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        shown = "\n".join(matches[:8] + (["…"] if len(matches) > 8 else []))
        raise UsageError(
            f"{name!r} is the beginning of {len(matches)} migrations.",
            next=f"say more of the name of the one you mean:\n{shown}",
        )
    raise UsageError(
        f"No migration is called {name!r}.",
        next="`status` lists all there are.",
    )


def forward(
    all_: Sequence[Standing],
    *,
    to: str | None = None,
    steps: int | None = None,
) -> Plan:
    """Plan what is pending, in the order of the files.

    Args:
        all_: Where each migration stands.
        to: The last one to apply (see `find`); None for all.
        steps: At most so many; None for all.

    Raises:
        UsageError: `to` names no migration, or several.
        MigrationFileError: Two files share a prefix and one of them would run.
    """
    first = [_finishing(one) for one in all_ if one.interrupted is not None][:steps]
    if any(step.direction == "backward" for step in first):
        return Plan(tuple(first))  # finished the way it was going, and no further
    with_file = [one for one in all_ if one.order is not None]
    pending = [one for one in with_file if not one.is_applied and one.interrupted is None]
    if to == ZERO:
        raise UsageError(
            "`zero` is what was before the first migration: nothing can be applied up to it.",
            state="nothing was changed.",
            next="`migrate --backward --to zero` reverts everything.",
        )
    if to is not None:
        last = find(to, [one.name for one in all_])
        target = next(one for one in all_ if one.name == last)
        reached = target.is_applied or target.order is None
        pending = [] if reached else _up_to(pending, target)
    chosen = pending[: None if steps is None else max(steps - len(first), 0)]
    if not chosen:
        return Plan(tuple(first))
    _refuse_twins(with_file, chosen)
    steps_ = (*first, *(Step(one.name, "forward") for one in chosen))
    return Plan(steps_, tuple(_late(all_, chosen)))


def _finishing(one: Standing) -> Step:
    """The step that goes on where a run did not end."""
    stopped = one.interrupted
    assert stopped is not None  # noqa: S101 - for the type checker
    if stopped.direction == "forward":
        return Step(one.name, "forward", resumes=stopped.id)
    return Step(one.name, "backward", _id(one), resumes=stopped.id)


def _up_to(pending: Sequence[Standing], last: Standing) -> list[Standing]:
    if last not in pending:  # it is the one that is finished first
        return [one for one in pending if (one.order or 0) < (last.order or 0)]
    return list(pending[: pending.index(last) + 1])


def _refuse_twins(with_file: Sequence[Standing], chosen: Sequence[Standing]) -> None:
    times = Counter(one.order for one in with_file)
    for one in chosen:
        if times[one.order] > 1:
            twins = [other.name for other in with_file if other.order == one.order]
            names = "\n".join(f"{name}.py" for name in twins)
            raise MigrationFileError(
                f"{len(twins)} migration files have the same timestamp, so their order is unknown.",
                where=names,
                state="nothing was changed.",
                next="give the one that is to run later a later timestamp; rename none that is "
                "applied.",
            )


def _late(all_: Sequence[Standing], chosen: Sequence[Standing]) -> Iterable[str]:
    newest = max(
        (one for one in all_ if one.is_applied and one.order is not None),
        key=lambda one: one.order or 0,
        default=None,
    )
    for one in chosen:
        if newest is not None and (one.order or 0) < (newest.order or 0):
            yield f"{one.name} is older than {newest.name}, which is applied already"


def backward(
    all_: Sequence[Standing],
    *,
    to: str | None = None,
    steps: int | None = None,
) -> Plan:
    """Plan what is to be reverted: in the order of the log, the most recently applied first.

    Args:
        all_: Where each migration stands.
        to: The migration that stays, with all that was applied before it; `zero` for none.
        steps: How many; None for one, or for as many as `to` says.

    Raises:
        UsageError: `to` names no migration, several, or one that is not applied.
        HistoryError: Nothing is applied.
    """
    applied = sorted(
        (one for one in all_ if one.applied is not None),
        key=lambda one: one.applied.id if one.applied else 0,
        reverse=True,
    )
    unfinished = next((one for one in all_ if one.interrupted is not None), None)
    first = _leaving(unfinished) if unfinished else []
    if unfinished in applied:
        applied.remove(unfinished)
    if to is None:
        if not (applied or first):
            raise HistoryError(
                "Nothing is applied, so there is nothing to revert.",
                state="nothing was changed.",
                next="`status` shows where each migration stands.",
            )
        chosen = applied[: (1 if steps is None else steps) - len(first)]
    elif to == ZERO:
        chosen = applied
    else:
        stays = find(to, [one.name for one in all_])
        names = [one.name for one in applied]
        if stays not in names:
            raise UsageError(
                f"{stays} is not applied, so nothing came after it.",
                next="name an applied migration, or `zero` to revert everything.",
            )
        chosen = applied[: names.index(stays)]
    return Plan((*first, *(Step(one.name, "backward", _id(one)) for one in chosen)))


def _leaving(one: Standing) -> list[Step]:
    """The step back from where a run did not end: finished if it went back, else from there."""
    stopped = one.interrupted
    if stopped is not None and stopped.direction == "forward":
        return [Step(one.name, "backward", stopped.id, abandons=True)]
    return [_finishing(one)]


def _id(one: Standing) -> int | None:
    return one.applied.id if one.applied else None


def still_to_do(step: Step, now: Standing | None) -> bool:
    """Decide again, under the lock, whether a step is still to be done.

    A plan only ever shrinks: what another runner did meanwhile is not done twice.

    Args:
        step: The step.
        now: Where its migration stands now; None if it has neither file nor record.
    """
    if step.resumes is not None or step.abandons:
        open_ = now.interrupted if now is not None else None
        return open_ is not None and open_.id == (step.resumes or step.basis)
    if step.direction == "forward":
        return now is None or now.applied is None
    return now is not None and now.applied is not None and now.applied.id == step.basis


def newest_applied(all_: Sequence[Standing]) -> str | None:
    """Return the name of the most recently applied migration, by the log."""
    applied = [one for one in all_ if one.applied is not None]
    return (
        max(applied, key=lambda one: one.applied.id if one.applied else 0).name if applied else None
    )
