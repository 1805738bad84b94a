"""CREATE and DROP INDEX CONCURRENTLY: tried again, an INVALID left-over removed first.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import peewee

from wheatear.engines.postgresql import refusal
from wheatear.engines.postgresql.change import Planned
from wheatear.engines.postgresql.lock_waits import Patience, gave_way, logger, session_waits
from wheatear.engines.postgresql.send import send
from wheatear.engines.postgresql.spelling import quoted
from wheatear.engines.refused import NamesError
from wheatear.errors import OperationError, WheatearError

if TYPE_CHECKING:
    from wheatear.engines.postgresql.work import Work


def worded(sql: str) -> str:
    """A CREATE INDEX statement with CONCURRENTLY in it."""
    return sql.replace("INDEX ", "INDEX CONCURRENTLY ", 1)


def build(work: Work, item: Planned, name: str, sql: str) -> None:
    """Build the index; what an earlier attempt left behind is dropped and built again.

    Raises:
        OperationError: There is a valid index of that name, or the rows forbid it.
    """

    def attempt() -> None:
        found = work.look().find_index(name)
        if found and not _invalid(found.extra):
            raise NamesError(f'There is an index "{name}" on "{work.table}" already.')
        if found:
            logger.info("dropping the invalid left-over of index %s", name)
            _drop(work, name)
        _send(work, sql)

    try:
        _keep_trying(work, item, attempt)
    except (OperationError, peewee.PeeweeException):
        _remove_left_over(work, name)
        raise


def drop(work: Work, item: Planned, name: str) -> None:
    """Drop the index; one that an interrupted drop left INVALID too."""
    _keep_trying(work, item, lambda: _drop(work, name))


def _keep_trying(work: Work, item: Planned, attempt: Callable[[], None]) -> None:
    try:
        _patient(work).keep_trying(
            attempt, what=item.what, where=item.operation.where, holder=work.holder
        )
    except peewee.PeeweeException as error:
        if gave_way(error) or not refusal.is_refusal(error):
            raise
        raise refusal.refused(work.db, error, [item], lambda: work.look().oid) from error


def _patient(work: Work) -> Patience:
    """Waiting for SHARE UPDATE EXCLUSIVE makes no reader or writer wait, and giving up costs the
    whole build: wait long, rather than often.
    """
    total = work.patience.total
    timeout = None if work.patience.lock_timeout is None else total
    return replace(work.patience, lock_timeout=timeout)


def _send(work: Work, sql: str) -> None:
    with session_waits(work.db, _patient(work).lock_timeout):
        send(work.db, sql)


def _drop(work: Work, name: str) -> None:
    _send(work, f"DROP INDEX CONCURRENTLY {quoted(work.look().home, name)}")


def _remove_left_over(work: Work, name: str) -> None:
    try:
        found = work.look().find_index(name)
        if found and _invalid(found.extra):
            _drop(work, name)
    except (WheatearError, peewee.PeeweeException):
        logger.info("index %s is left INVALID; running it again removes it", name)


def _invalid(extra: str) -> bool:
    return "INVALID" in extra.split()
