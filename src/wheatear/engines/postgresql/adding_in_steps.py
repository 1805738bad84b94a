"""Adding a column over several transactions, so that no lock is held while rows are read.

The column first, then its rows in batches, NOT NULL and the foreign key the NOT VALID way, the
index CONCURRENTLY. The column carries a comment until all is done, by which a run that died is
recognised and finished by the next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import peewee

from wheatear.engines.postgresql import concurrently, filling, not_valid
from wheatear.engines.postgresql.change import Planned
from wheatear.engines.postgresql.send import send
from wheatear.engines.postgresql.sight import Sight, is_large, look_again
from wheatear.engines.postgresql.spelling import quoted, string
from wheatear.errors import LockTimeoutError

if TYPE_CHECKING:
    from wheatear.engines.postgresql.adding import AddColumn
    from wheatear.engines.postgresql.work import Work

_MARK = "wheatear: being added; run the migration again to finish it"


def add(work: Work, item: Planned, change: AddColumn) -> None:
    """Add the column; where neither rows nor size ask for steps, in one transaction.

    Raises:
        OperationError: The server refused a step; the column was taken away again.
    """
    sight = work.look()
    begun = any(it.name == change.column and it.comment == _MARK for it in sight.table.columns)
    small = not change.filled and (sight.partitioned or not is_large(work.db, sight))
    if small and not begun:
        work.go([item])
        return
    if not begun:
        work.step([item], lambda: _begin(work, item, change))
    try:
        _finish(work, item, change)
    except (LockTimeoutError, peewee.PeeweeException):
        raise  # a lock or the connection: what is there is finished by the next run
    except Exception:
        work.step([item], lambda: _take_away(work, change))
        raise


def _begin(work: Work, item: Planned, change: AddColumn) -> None:
    before = work.look()
    if not before.partitioned:  # which can have no foreign key that is NOT VALID
        change = replace(change, references=None)
    actions = change.actions(work.db, before)
    send(work.db, f"ALTER TABLE {before.qualified} {', '.join(actions)}")
    send(work.db, _comment(before, change, string(_MARK)))
    work.check([item], before, look_again(work.db, before))


def _finish(work: Work, item: Planned, change: AddColumn) -> None:
    sight = work.look()
    if change.filled:
        _fill_all(work, item, change, sight)
        not_valid.set_not_null(
            work,
            item,
            change.column,
            fill=lambda: _fill_once(work, item, change, sight, again=True),
        )
    if change.references and not sight.partitioned:
        _add_key(work, item, change, sight)
    if change.index is not None:
        _add_index(work, item, change)
    work.step([item], lambda: send(work.db, _comment(work.look(), change, "NULL")))


_PASSES = 6
"""Rows that are updated move on, past the page that is being filled: a few passes catch them."""


def _fill_all(work: Work, item: Planned, change: AddColumn, sight: Sight) -> None:
    """Fill until a pass finds nothing: with the check there, others cannot update an empty row."""
    for number in range(_PASSES):
        if not _fill_once(work, item, change, sight, again=number > 0):
            break


def _fill_once(work: Work, item: Planned, change: AddColumn, sight: Sight, *, again: bool) -> int:
    filled = 0
    for leaf in filling.leaves(work.db, sight.oid):
        for pages in filling.batches(work.db, leaf, again=again):
            filled += work.step(
                [item],
                lambda leaf=leaf, pages=pages: filling.fill(  # type: ignore[misc]
                    work.db, leaf, change.column, change.field, pages, others=True
                ),
            )
    return filled


def _add_key(work: Work, item: Planned, change: AddColumn, sight: Sight) -> None:
    found = sight.find_constraint(change.key(sight))
    if found is None or "NOT VALID" in found.options:
        definition = f"FOREIGN KEY ({quoted(change.column)}) {change.references}"
        not_valid.add(work, item, change.key(sight), definition)


def _add_index(work: Work, item: Planned, change: AddColumn) -> None:
    index = change.index
    sight = work.look()
    if index is None:
        return
    found = sight.find_index(index.name)
    if found and "INVALID" not in found.extra:
        return
    sql = index.sql(work.db, sight)
    if sight.partitioned:  # CONCURRENTLY cannot
        work.step([item], lambda: send(work.db, sql))
    else:
        concurrently.build(work, item, index.name, concurrently.worded(sql))


def _take_away(work: Work, change: AddColumn) -> None:
    send(
        work.db,
        f"ALTER TABLE {work.look().qualified} DROP COLUMN IF EXISTS {quoted(change.column)}",
    )


def _comment(sight: Sight, change: AddColumn, text: str) -> str:
    return f"COMMENT ON COLUMN {sight.qualified}.{quoted(change.column)} IS {text}"
