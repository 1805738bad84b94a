"""The module that a migration is: what it imports and defines, each name once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

_CLASS = re.compile(r"^class (\w+)\(", re.MULTILINE)
_WORDS = re.compile(r"[^0-9A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])")


class Known(NamedTuple):
    """A model class that stands in the module.

    Attributes:
        name: Its name.
        attributes: By column, its attribute.
        key: The columns of its `primary_key`.
    """

    name: str = ""
    attributes: dict[str, str] = {}  # noqa: RUF012 - never written to
    key: tuple[str, ...] = ()


class Module:
    """Collects imports and definitions.

    Args:
        reserved: Names that the module has already: what its star import brings, `db`, ….
        known: Definitions that stand in it already; one of the same text is not defined again.
    """

    def __init__(self, reserved: Collection[str], known: Sequence[str] = ()) -> None:
        self.imports: dict[str, None] = {}
        self.definitions: list[str] = []
        self.models: dict[str, Known] = {}
        """By table, the model class that stands for it."""
        self.done: set[Any] = set()
        self._texts = {match[1]: text for text in known if (match := _CLASS.search(text))}
        self.reserved = frozenset(reserved)

    def is_free(self, name: str) -> bool:
        """Whether a class of this name can be defined."""
        return name not in self.reserved and name not in self._texts

    def define(self, wanted: str, make: Callable[[str], str]) -> str:
        """Define a class and return its name: the wanted one, or the next that is free.

        Args:
            wanted: The name it should have.
            make: Called with a name, returns the definition.
        """
        name, number = wanted, 1
        while True:
            if name not in self.reserved:
                text = make(name)
                if name not in self._texts:
                    self._texts[name] = text
                    self.definitions.append(text)
                if self._texts[name] == text:
                    return name
            number += 1
            name = f"{wanted}{number}"


def class_name(words: str) -> str:
    """`order line` and `OrderLine` as `OrderLine`."""
    parts = (word.lower() if word.isupper() else word for word in _WORDS.split(words) if word)
    name = "".join(word[:1].upper() + word[1:] for word in parts)
    return name if name[:1].isalpha() else f"Table{name}"
