"""What an operation that is refused raises: Wheatear's error, and Peewee's own of the same sense.

A migration that asks whether something is there already (`except OperationalError`) is written for
what Peewee raises: of a name that is missing or taken OperationalError on SQLite and MySQL and
ProgrammingError on PostgreSQL, of rows that do not fit IntegrityError (DataError on MariaDB:
"Data truncated" of a NULL). It means the same on each engine, so the error is all of these.

What an engine would not have refused by itself is none of them: to go on from there is to have
lost a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import peewee

from wheatear.errors import OperationError, Sense


class NamesError(OperationError):
    """What a change names is not there, or is there already."""

    sense = "names"


class RefusedNamesError(OperationError, peewee.OperationalError, peewee.ProgrammingError):
    """What leaves an operation that the database takes for wrong."""


class RefusedRowsError(OperationError, peewee.IntegrityError, peewee.DataError):
    """What leaves an operation that the rows do not fit."""


def sense_of(error: BaseException) -> Sense:
    """What the database meant."""
    return "rows" if isinstance(error, (peewee.IntegrityError, peewee.DataError)) else "names"


def as_peewees(error: OperationError, operations: Sequence[Any]) -> OperationError:
    """Return the error as it leaves operations that are made together.

    Where it is about a later one, those before it were made by Peewee and are not by us: who goes
    on from there has to know, so that stays an error that no guard of Peewee's errors catches.
    """
    if error.sense is None or not (len(operations) == 1 or error.operation is operations[0]):
        return error
    kind = RefusedRowsError if error.sense == "rows" else RefusedNamesError
    return kind(error.what, where=error.where, state=error.state, next=error.next)
