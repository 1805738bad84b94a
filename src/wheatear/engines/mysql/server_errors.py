"""The server's error numbers, seen through Peewee's and the driver's exceptions."""

from __future__ import annotations

from typing import Any

import peewee

_DRIVERS_ERROR = getattr(vars(peewee)["mysql"], "Error", peewee.PeeweeException)
LOCK_TIMEOUT = 1205
"""ER_LOCK_WAIT_TIMEOUT: a metadata lock or a row lock was not had in time."""
UNKNOWN_COLUMN = 1054
DEADLOCK = 1213
NO_SUCH_TABLE = 1146
NULL_IN_NOT_NULL = frozenset({1048, 1138, 1265, 1364})
"""What the two servers say of a NULL in a column that is to be NOT NULL."""
NEEDED_BY_FOREIGN_KEY = 1553
HOLDS_NAME = {
    3108: "a generated column",
    3766: "a default",
    3837: "a functional index",
}
"""What MySQL says a column's name is used by; it neither drops nor renames such a one.
https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
"""
HELD = frozenset({NEEDED_BY_FOREIGN_KEY, 1828, 1829, 3959, *HOLDS_NAME})
"""What is asked for has to wait until something else is gone: a foreign key, a CHECK (3959)."""
NO_COPY = 1846
"""ALTER_OPERATION_NOT_SUPPORTED_REASON: of a foreign key's column, as a rule."""
IS_REFERENCED = frozenset({1217, 1451, 3730})
"""A table that another one's foreign key points at is not dropped; MySQL 8 has a number for it."""
ALGORITHM_REFUSED = frozenset({1221, 1800, 1845, 1846, 4080, 4092})
"""The server does not take this ALGORITHM or LOCK (or does not know it, or the table has had too
many instant changes): the next dearer one may do."""

_LOST = frozenset({2006, 2013, 1927})
"""CR_SERVER_GONE_ERROR and CR_SERVER_LOST; 1927 where MariaDB has cut it off."""


def error_number(error: BaseException | None) -> int | None:
    """The server's number for an error, wherever in the chain it stands.

    Only errors of Peewee and of the driver have one: a KeyError(2013) is somebody's own.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        of_server = isinstance(error, (peewee.PeeweeException, _DRIVERS_ERROR))
        for arg in error.args:
            if of_server and isinstance(arg, int) and not isinstance(arg, bool):
                return arg
            if isinstance(arg, BaseException) and (number := error_number(arg)) is not None:
                return number
        error = error.__cause__
    return None


def is_lost(error: BaseException, connection: Any) -> bool:
    """Whether the driver's connection is gone, by an error that it has just had."""
    return error_number(error) in _LOST or not getattr(connection, "open", True)


def server_message(error: BaseException) -> str:
    """What the server said, without the driver's wrapping."""
    texts = [arg for arg in error.args if isinstance(arg, str)]
    return texts[-1] if texts else str(error)
