"""Whether a transaction is open, by the status that the server sends with each answer.

An error comes without it: what PyMySQL keeps is then older than what the error may have ended.
https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wheatear.errors import ConfigError

# https://dev.mysql.com/doc/dev/mysql-server/latest/mysql__com_8h.html
_SERVER_STATUS_IN_TRANS = 1


def last_told(connection: Any) -> bool:
    """As the last answer said, which costs nothing.

    Raises:
        ConfigError: The connection is not PyMySQL's, and does not keep what it was told.
    """
    try:
        status = connection.server_status
    except AttributeError as error:
        raise ConfigError(
            "MySQL and MariaDB are reached through PyMySQL alone: a connection of "
            f"{type(connection).__module__} does not tell whether a transaction is open.",
            state="nothing was changed.",
            next='uv add "wheatear[mysql]", and use Peewee\'s MySQLDatabase or connect().',
        ) from error
    return bool(status & _SERVER_STATUS_IN_TRANS)


def asked(connection: Any, send: Callable[[str], Any]) -> bool:
    """As the server says now: DO begins none, and both servers answer it without rows.

    Args:
        connection: The driver's.
        send: Sends a statement on it; returns the cursor.
    """
    send("DO 0").close()
    return last_told(connection)
