"""A migration proven on a scratch copy before it is written: forward to the models, and back."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Sequence
from typing import NamedTuple

from wheatear.comparison import Both
from wheatear.engines.engine import Engine, first_line
from wheatear.errors import OperationError, WheatearError
from wheatear.plan import Direction
from wheatear.project import Project
from wheatear.schema.changes import Change
from wheatear.schema.diff import compare
from wheatear.schema.related import names_of, touched, within
from wheatear.schema.words import MODELS, Sides, in_words
from wheatear.trial import Trial

_NEXT = (
    "write this migration by hand (`create` without --auto), and please report what could not be "
    "written."
)
_BACK = Sides("before", "after forward and backward")


class Written(NamedTuple):
    """A migration that is to be proven: its name, its text, and the changes that it makes."""

    name: str
    text: str
    changes: Sequence[Change]


def prove(project: Project, both: Both, written: Written, *, empty: bool) -> list[str]:
    """Run the migration on a scratch copy and compare.

    Args:
        project: The project, its engine `opened` unless `empty`.
        both: Database and models.
        written: The migration.
        empty: There is no database yet.

    Returns:
        What its operations warned of.

    Raises:
        WheatearError: It fails, or gives something else than the models say, or does not come back.
    """
    names = touched(written.changes)
    with (
        warnings.catch_warnings(record=True) as warned,
        project.engine.scratch_copy(empty=empty, tables=names) as copy,
    ):
        warnings.simplefilter("always", UserWarning)
        first = copy.read_schema()
        trial = Trial(project, copy, written.text, written.name, f"{written.name}.py")
        _run(trial, "forward", written)
        there = {*names_of(first), *names}
        _check_forward(copy, both, there)
        _run(trial, "backward", written)
        before, after = copy.settled(first, copy.read_schema())
        _refuse(compare(before, after, policy=copy.policy()).changes, _BACK, "backward")
    return list(dict.fromkeys(str(one.message) for one in warned))


def _run(trial: Trial, direction: Direction, written: Written) -> None:
    try:
        trial.run(direction)
    except Exception as error:
        what = error.what if isinstance(error, WheatearError) else first_line(error)
        raise OperationError(
            f"The migration that would make the database what the models say fails {direction} on "
            f"a scratch copy: {what}",
            where=_line(error, written.text, f"{written.name}.py"),
            state="nothing was written.",
            next="correct the value, if it is one of --fill; else " + _NEXT,
        ) from error


def _line(error: BaseException, text: str, path: str) -> str | None:
    """The line of the migration that it came from."""
    lines = [one for one in traceback.extract_tb(error.__traceback__) if one.filename == path]
    number = lines[-1].lineno if lines else None
    return text.splitlines()[number - 1].strip() if number else None


def _check_forward(copy: Engine, both: Both, there: set[str]) -> None:
    """Of the models, those whose tables are in the copy, or should be now."""
    here, said = within(copy.read_schema(), there), within(both.after, there)
    now, after = copy.settled(here, said)
    _refuse(compare(now, after, policy=both.policy).changes, MODELS, "forward")


def _refuse(changes: Sequence[Change], sides: Sides, direction: Direction) -> None:
    if not changes:
        return
    raise OperationError(
        f"The migration that was made does not do {direction} what it should, on a scratch copy:\n"
        + "\n".join(one.text for one in in_words(changes, sides)),
        state="nothing was written.",
        next=_NEXT,
    )
