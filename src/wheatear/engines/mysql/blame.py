"""Whose fault an error is, where several operations went in one statement."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wheatear.engines.operations import TableOperation

from .server_errors import error_number

_QUOTED = re.compile(r"['`]([^'`]+)['`]")


def blamed(operations: Sequence[TableOperation], message: str) -> Sequence[TableOperation]:
    """The operation that mentions what the server's message names; all of them if it is unclear."""
    names = {part.lower() for quoted in _QUOTED.findall(message) for part in quoted.split("/")}
    guilty = [
        operation
        for operation in operations
        if any(isinstance(arg, str) and arg.lower() in names for arg in operation.args[1:])
    ]
    return guilty if len(guilty) == 1 else operations


def is_about_connection(error: BaseException) -> bool:
    """Whether the client says that the connection is gone: then nobody knows what was made."""
    number = error_number(error)
    return number is None or 2000 <= number < 3000
