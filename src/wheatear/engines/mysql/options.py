"""A table's options, as the reader has them, in parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Options(NamedTuple):
    """A table's options: its engine, `utf8mb4 COLLATE …`, and what else."""

    engine: str
    charset: str
    others: dict[str, str]

    def changed_from(self, was: Options) -> Iterator[str]:
        """The engine and the others, where they differ."""
        if self.engine != was.engine:
            yield f"ENGINE={self.engine}"
        for name in dict.fromkeys((*was.others, *self.others)):
            if was.others.get(name) != self.others.get(name):
                yield f"{name}={self.others.get(name, 'DEFAULT')}"


_OPTIONS = re.compile(r"ENGINE=(\S+)(?: DEFAULT CHARSET=(\S+) COLLATE=(\S+))? ?(.*)", re.DOTALL)


def options_of(options: str) -> Options:
    """The reader's options in parts; that a table is partitioned cannot be said with them."""
    match = _OPTIONS.fullmatch(options)
    if match is None:
        return Options("", "", {})
    engine, charset, collation, rest = match.groups()
    pairs = [word.partition("=") for word in rest.split()]
    others = {name: value for name, equals, value in pairs if equals}
    return Options(engine, f"{charset} COLLATE {collation}" if charset else "", others)
