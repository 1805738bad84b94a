"""A large schema that was read before is not read again: it follows from `sqlite_master` alone."""

from __future__ import annotations

import hashlib
from typing import Any

from wheatear.engines.cache import Cache
from wheatear.engines.sqlite import reader
from wheatear.engines.sqlite.photograph import rows
from wheatear.schema.model import Schema

# Fewer rows than these are read faster than a file is.
_LARGE = 200
_MOST = 8


def read_schema(db: Any) -> Schema:
    """Read the main database, or what the same statements were read as before."""
    stored = rows(
        db, "SELECT type, name, tbl_name, sql, rootpage > 0 FROM main.sqlite_master ORDER BY name"
    )
    if len(stored) < _LARGE:
        return reader.read_schema(db)
    cache = Cache("schemas-sqlite", str(db.server_version), _MOST)
    key = hashlib.sha256(repr(stored).encode()).hexdigest()
    known = cache.get(key)
    if known is None:
        known = reader.read_schema(db)
        cache.put({key: known})
    return known
