"""Where a change runs: one transaction or savepoint, foreign keys off where that is possible."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import peewee

from . import stored_statement
from .photograph import rows


@dataclass(frozen=True)
class ForeignKeys:
    """Whether foreign keys were on when the change came, and whether they are while it runs.

    They still are inside the caller's transaction: then nothing may be dropped that other rows
    point at.
    """

    were_on: bool
    enforced: bool


@contextmanager
def change_scope(db: Any) -> Iterator[ForeignKeys]:
    """Open a transaction, or a savepoint inside the caller's, with foreign keys not enforced.

    The pragma does nothing inside a transaction, so that it is set before and read back.
    """
    was_on = _enforced(db)
    if was_on:
        db.execute_sql("PRAGMA foreign_keys=0")
    still_on = was_on and _enforced(db)
    try:
        with _transaction(db):
            yield ForeignKeys(was_on, still_on)
    finally:
        if was_on and not still_on:
            db.execute_sql("PRAGMA foreign_keys=1")


def _enforced(db: Any) -> bool:
    return bool(rows(db, "PRAGMA foreign_keys")[0][0])


@contextmanager
def _transaction(db: Any) -> Iterator[None]:
    """A transaction that was begun by plain SQL is unknown to Peewee; BEGIN tells."""
    if db.in_transaction():
        context = db.savepoint()
        context.__enter__()
    else:
        context = db.transaction("IMMEDIATE")
        try:
            context.__enter__()
        except peewee.OperationalError as error:
            if "within a transaction" not in str(error):
                raise
            context = db.savepoint()
            context.__enter__()
    try:
        yield
    except BaseException as error:
        context.__exit__(type(error), error, error.__traceback__)
        with suppress(peewee.PeeweeException):  # the connection may be what failed
            stored_statement.forget(db)
        raise
    else:
        context.__exit__(None, None, None)


@contextmanager
def pragma(db: Any, name: str, value: int) -> Iterator[None]:
    """Set a pragma of the connection and set it back, also after an error."""
    (before,) = rows(db, f"PRAGMA {name}")[0]
    db.execute_sql(f"PRAGMA {name}={value}")
    try:
        yield
    finally:
        db.execute_sql(f"PRAGMA {name}={before}")
