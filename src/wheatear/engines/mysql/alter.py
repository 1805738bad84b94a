"""One ALTER TABLE by the cheapest way that the server accepts.

Which change can be made how depends on the version, the row format, other columns and indexes. So
the server is asked: it refuses an ALGORITHM or LOCK that it cannot do before it does anything.
MariaDB: https://mariadb.com/kb/en/innodb-online-ddl-overview/
MySQL: https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import peewee

from .server_errors import ALGORITHM_REFUSED, error_number
from .session import Session

log = logging.getLogger("wheatear")

# From free to dear. With INSTANT a LOCK may not be asked for on MySQL; it needs none.
_MYSQL = ("ALGORITHM=INSTANT", "ALGORITHM=INPLACE, LOCK=NONE", "ALGORITHM=INPLACE")
_MARIADB = (_MYSQL[0], "ALGORITHM=NOCOPY, LOCK=NONE", *_MYSQL[1:])


def alter(
    session: Session,
    table: str,
    clauses: Sequence[str],
    what: str,
    *,
    unchecked: bool = False,
) -> None:
    """Make these changes of one table in one statement.

    Args:
        session: The settings under which it is sent.
        table: The table's quoted name.
        clauses: The ALTER's clauses.
        what: The operations, for the log.
        unchecked: Whether to turn foreign_key_checks off for it.
    """
    sql = f"ALTER TABLE {table} {', '.join(clauses)}"
    send = session.without_foreign_key_checks if unchecked else session.execute
    for way in _MARIADB if session.server.mariadb else _MYSQL:
        try:
            send(f"{sql}, {way}", what)
        except peewee.DatabaseError as error:  # noqa: PERF203 - a refusal leads to the next way
            if error_number(error) not in ALGORITHM_REFUSED:
                raise
        else:
            log.debug("%s: %s", what, way)
            return
    # The copy needs a lock against writes; it validates foreign keys, so they are checked.
    session.execute(sql, what)
