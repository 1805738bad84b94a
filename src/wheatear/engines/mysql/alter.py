"""Changes of one table by the cheapest ways that the server accepts.

Which change can be made how depends on the version, the row format, other columns and indexes. So
the server is asked: it refuses an ALGORITHM or LOCK that it cannot do before it does anything.
MariaDB: https://mariadb.com/kb/en/innodb-online-ddl-overview/
MySQL: https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html

Everything is one ALTER, unless that would rebuild the table where several ALTERs would not: ADD
COLUMN changes the catalogue and ADD INDEX builds an index, together they copy all rows.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import peewee

from .server_errors import ALGORITHM_REFUSED, HELD, UNKNOWN_COLUMN, error_number
from .session import Session

log = logging.getLogger("wheatear")

# With INSTANT a LOCK may not be asked for on MySQL; it needs none.
_CHEAP = ("ALGORITHM=INSTANT",)
_CHEAP_ON_MARIADB = (*_CHEAP, "ALGORITHM=NOCOPY, LOCK=NONE")
_DEAR = ("ALGORITHM=INPLACE, LOCK=NONE", "ALGORITHM=INPLACE")

_OWN = re.compile(r"in '(CHECK|GENERATED ALWAYS AS|DEFAULT)'")
_CACHED = 20

Pieces = Sequence[Sequence[str]]
"""One change: the clauses of each ALTER that it can be made by, one after the other."""


@dataclass(frozen=True)
class Alter:
    """ALTER TABLE of one table.

    Attributes:
        session: The settings under which it is sent.
        table: The table's quoted name.
        what: The operations, for the log.
        unchecked: Whether to turn foreign_key_checks off for it.
        made: Told of each change that is made before the others, and whether wholly.
    """

    session: Session
    table: str
    what: str
    unchecked: bool
    made: Callable[[int, bool], None]

    def send(self, changes: Sequence[Pieces], *, together: bool) -> None:
        """Make these changes.

        Args:
            changes: Each change's clauses.
            together: Whether one of them rebuilds the table anyhow, as far as one can know: then
                the others go with it.
        """
        cheap = _CHEAP_ON_MARIADB if self.session.server.mariadb else _CHEAP
        every = [clause for pieces in changes for piece in pieces for clause in piece]
        if self._accepted(every, cheap):
            return
        dear = every
        if not together and sum(len(pieces) for pieces in changes) > 1:
            dear = self._send_cheap_ones(changes, cheap)
        if not dear or self._accepted(dear, _DEAR):
            return
        # The copy needs a lock against writes; it looks at each row, so foreign keys are checked.
        _again_if_aliased(partial(self.session.execute, self._sql(dear), self.what))
        log.debug("%s: ALGORITHM=COPY", self.what)

    def _send_cheap_ones(self, changes: Sequence[Pieces], cheap: Sequence[str]) -> list[str]:
        dear: list[str] = []
        for number, pieces in enumerate(changes):
            for at, piece in enumerate(pieces):
                if not self._accepted_alone(piece, cheap, left=bool(dear)):
                    dear += [clause for rest in pieces[at:] for clause in rest]
                    break
                self.made(number, at + 1 == len(pieces))
        return dear

    def _accepted_alone(self, clauses: Sequence[str], cheap: Sequence[str], *, left: bool) -> bool:
        """Where others are left, it may be one of those that holds it: an index whose foreign key
        goes with it, a column whose CHECK does.
        """
        try:
            return self._accepted(clauses, cheap)
        except peewee.DatabaseError as error:
            if not left or error_number(error) not in HELD:
                raise
            return False

    def _accepted(self, clauses: Sequence[str], ways: Sequence[str]) -> bool:
        send = self.session.without_foreign_key_checks if self.unchecked else self.session.execute
        for way in ways:
            try:
                _again_if_aliased(partial(send, f"{self._sql(clauses)}, {way}", self.what))
            except peewee.DatabaseError as error:
                if error_number(error) not in ALGORITHM_REFUSED:
                    raise
            else:
                log.debug("%s: %s", self.what, way)
                return True
        return False

    def _sql(self, clauses: Sequence[str]) -> str:
        return f"ALTER TABLE {self.table} {', '.join(clauses)}"


def _again_if_aliased(send: Callable[[], Any]) -> None:
    """Send an ALTER, again where MariaDB stumbles over its own table cache.

    A table that a query opened under an alias stays so in the cache, and RENAME COLUMN then finds
    "Unknown column 'a' in 'CHECK'"; the refusal drops the entry, and the next try succeeds. There
    is an entry for each connection that read the table at the same time.
    """
    for left in reversed(range(_CACHED)):
        try:
            send()
        except peewee.DatabaseError as error:
            if not left or error_number(error) != UNKNOWN_COLUMN or not _OWN.search(str(error)):
                raise
        else:
            return
