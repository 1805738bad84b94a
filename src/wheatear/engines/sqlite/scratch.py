"""Models in a database in memory: nothing of it can reach the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import peewee

from wheatear.engines import models
from wheatear.engines.models import Statement, send
from wheatear.engines.sqlite.connecting import connection_to
from wheatear.engines.sqlite.reader import read_schema
from wheatear.schema.model import Schema


def stand_in(db: Any) -> Any:
    """A plain database in memory, closed."""
    return models.stand_in(db, peewee.SqliteDatabase, ":memory:")


def created(db: Any, statements: Sequence[Statement]) -> Schema:
    """Create in memory, by the driver of `db` and with its functions and collations, and read."""
    scratch = in_memory(db)
    try:
        send(scratch, statements)
        return read_schema(scratch)
    finally:
        scratch.close()


def in_memory(db: Any) -> Any:
    """A database in memory, open, by the driver of `db` and with its functions and collations."""
    scratch = stand_in(db)
    scratch._connect = lambda: connection_to(db, ":memory:")
    scratch.connect()
    return scratch
