"""Times and generators are pickled as ever while stand-ins are where their classes were.

pickle looks whether what it finds under the name of a class is the class. So an instance says that
it is of whatever has the name now: a stand-in, which is written by the same name. What is written
is the same to the byte, and is read anywhere. https://docs.python.org/3/library/copyreg.html

A class itself has no such way: who holds the real one cannot pickle it meanwhile.
"""

from __future__ import annotations

import copyreg
import datetime as dt
import random
from collections.abc import Callable
from types import ModuleType
from typing import Any

_KEEPS_FOLD = 4
"""The protocol from which on a time says which of two it is when clocks go back."""


def _by_name(module: ModuleType, name: str) -> Callable[[Any], tuple[Any, ...]]:
    def reduced(instance: Any) -> tuple[Any, ...]:
        return (getattr(module, name), *instance.__reduce_ex__(_KEEPS_FOLD)[1:])

    return reduced


_REDUCERS = {
    dt.datetime: _by_name(dt, "datetime"),
    dt.date: _by_name(dt, "date"),
    random.Random: _by_name(random, "Random"),
}


def pickle_by_name() -> None:
    """From here on; what an application has registered itself stays."""
    for real, reduced in _REDUCERS.items():
        copyreg.dispatch_table.setdefault(real, reduced)


def pickle_as_ever() -> None:
    """From here on."""
    for real, reduced in _REDUCERS.items():
        if copyreg.dispatch_table.get(real) is reduced:
            del copyreg.dispatch_table[real]
