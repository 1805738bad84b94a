"""A copy of a database's schema in memory, by the same driver, for migrations to run on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peewee

from wheatear.engines.engine import not_copied
from wheatear.engines.models import send, spelling_as
from wheatear.engines.sqlite.connecting import connection_to
from wheatear.engines.sqlite.engine import SqliteEngine
from wheatear.engines.sqlite.kept import in_order, statements
from wheatear.engines.waiting import Waiting


class _InMemory(peewee.SqliteDatabase):
    """Connects as another database does, with its functions and collations, but to memory."""

    def __init__(self, original: Any) -> None:
        super().__init__(":memory:")
        self.original = original

    def _connect(self) -> Any:
        return connection_to(self.original, ":memory:")


@contextmanager
def scratch_copy(original: SqliteEngine, *, empty: bool) -> Iterator[SqliteEngine]:
    """What `sqlite_master` says, executed once more; see `Engine.scratch_copy`."""
    db = spelling_as(original.db, _InMemory(original.db))
    engine = SqliteEngine(db)
    # It is there for as long as its connection is open.
    with db.connection_context(), engine.opened(Waiting(None, lambda _: None)):
        if not empty:
            try:
                send(db, in_order(statements(original.db, without="")))
            except peewee.PeeweeException as error:
                raise not_copied(original, error) from error
        yield engine
