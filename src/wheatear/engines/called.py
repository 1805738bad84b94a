"""A default that is a function, called for the migration that says it.

What our operations ask the clock for is our own; but what such a function asks for is the
migration's, and a run that takes it up again has to get the same. So it is known by this module's
name who calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def called(default: Callable[[], Any]) -> Any:
    """The value that the function returns."""
    return default()
