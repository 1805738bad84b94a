"""A connection of a database's own driver, to another file."""

from __future__ import annotations

import copy
from typing import Any

# The classes whose way to connect is known to open what `database` names, and nothing else.
_OWN = ("peewee", "playhouse.apsw_ext", "playhouse.cysqlite_ext", "playhouse.sqlcipher_ext")


def connection_to(db: Any, file: str) -> Any:
    """Open a file, past any pool, with the functions and collations of a Peewee database.

    Its pragmas and attached files stay away: they may write where they open.

    Args:
        db: The Peewee database whose driver is used.
        file: A path, or `:memory:`.
    """
    fresh = at(db, file)
    own = next(base for base in type(db).__mro__ if base.__module__ in _OWN and _connects(base))
    return vars(own)["_connect"](fresh)


def at(db: Any, file: str) -> Any:
    """The same Peewee database, as if it were made for another file; never to be connected."""
    fresh = copy.copy(db)
    vars(fresh).update(database=file, _attached={}, _pragmas=())
    return fresh


def _connects(base: type) -> bool:
    return "_connect" in vars(base)
