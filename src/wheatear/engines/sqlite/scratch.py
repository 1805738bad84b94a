"""Models in a database in memory: nothing of it can reach the file."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import peewee

from wheatear.engines import models
from wheatear.engines.models import Statement, send
from wheatear.engines.sqlite.reader import read_schema
from wheatear.schema.model import Schema

# The classes whose way to connect is known to open what `database` names, and nothing else.
_OWN = ("peewee", "playhouse.apsw_ext", "playhouse.cysqlite_ext", "playhouse.sqlcipher_ext")


def stand_in(db: Any) -> Any:
    """A plain database in memory, closed."""
    return models.stand_in(db, peewee.SqliteDatabase, ":memory:")


def created(db: Any, statements: Sequence[Statement]) -> Schema:
    """Create in memory, by the driver of `db` and with its functions and collations, and read."""
    scratch = stand_in(db)
    scratch._connect = lambda: in_memory(db)
    scratch.connect()
    try:
        send(scratch, statements)
        return read_schema(scratch)
    finally:
        scratch.close()


def in_memory(db: Any) -> Any:
    """A connection of the driver of `db`, past a pool: it would hand out one to the file."""
    fresh = copy.copy(db)
    vars(fresh).update(database=":memory:", _attached={}, _pragmas=())
    own = next(base for base in type(db).__mro__ if base.__module__ in _OWN and _connects(base))
    return vars(own)["_connect"](fresh)


def _connects(base: type) -> bool:
    return "_connect" in vars(base)
