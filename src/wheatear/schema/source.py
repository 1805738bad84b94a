"""Python source, laid out as `ruff format` leaves it: calls, lists and texts, 88 columns wide.

Only what the writer writes. The rules are the formatter's own: what fits stays on one line; else
what stands between the brackets is tried on a line of its own (a call's alone); else each item has
its line and a comma behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Union

WIDTH = 88
_INDENT = "    "
_LONG = '"""'


@dataclass(frozen=True)
class Call:
    """A call, or the like: `name(items)`. `open` keeps each item on a line of its own."""

    name: str
    items: tuple[Source, ...] = ()
    open: bool = False


@dataclass(frozen=True)
class Items:
    """A list or a tuple."""

    items: tuple[Source, ...]
    brackets: str = "()"


@dataclass(frozen=True)
class Named:
    """An argument with its name."""

    name: str
    value: Source


@dataclass(frozen=True)
class Lines:
    """A text that is written line by line where it is too long for one; a call's only argument."""

    value: str

    @property
    def parts(self) -> list[str]:
        """Each line of it, with its end."""
        return [text(line) for line in re.findall("[^\n]*\n|[^\n]+", self.value)]


Source = Union[str, Call, Items, Named, Lines]  # noqa: UP007 - a dataclass above names it while it is a text


def call(name: str, *items: Source, **named: Source) -> Call:
    """A call with its arguments, those with names last."""
    return Call(name, (*items, *(Named(key, value) for key, value in named.items())))


def text(value: str) -> str:
    """A text in the quotes that the formatter prefers: double ones, unless those need escapes."""
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + "".join(_inside(part, quote) for part in re.split("(['\"])", value)) + quote


def _inside(part: str, quote: str) -> str:
    if part in {"'", '"'}:
        return f"\\{part}" if part == quote else part
    return repr(part)[1:-1]


def long_text(value: str) -> str | Lines:
    """A text of several lines between three quotes; line by line where an editor may change it."""
    lines = value.split("\n")
    if len(lines) == 1:
        return text(value)
    if any(line != line.rstrip() or not line.isprintable() for line in lines):
        return Lines(value)
    ends = value.endswith('"')  # which would be taken for the first of the three
    inside = (value[:-1] if ends else value).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    last = '\\"' if ends else ""
    return f'"""{inside}{last}"""'


def flat(source: Source) -> str:
    """All of it on one line."""
    if isinstance(source, str):
        return source
    if isinstance(source, Named):
        return f"{source.name}={flat(source.value)}"
    if isinstance(source, Lines):
        return text(source.value)
    inside = ", ".join(flat(item) for item in source.items)
    if isinstance(source, Call):
        return f"{source.name}({inside})"
    comma = "," if source.brackets == "()" and len(source.items) == 1 else ""
    return f"{source.brackets[0]}{inside}{comma}{source.brackets[1]}"


def laid_out(source: Source, *, indent: int, before: str = "", after: str = "") -> list[str]:
    """The lines of it, without the indentation of the first.

    Args:
        source: The source.
        indent: The columns that the first line is indented by.
        before: What stands before it on its first line, such as `name = `.
        after: What stands behind it on its last, such as a comma.
    """
    line = f"{before}{flat(source)}{after}"
    if isinstance(source, str) or (_fits(line, indent) and not _is_open(source)):
        return [line]
    if isinstance(source, Lines):
        return [*source.parts[:-1], source.parts[-1] + after]
    if isinstance(source, Named):
        before = f"{before}{source.name}="
        return laid_out(source.value, indent=indent, before=before, after=after)
    if not source.items or (len(source.items) == 1 and str(source.items[0])[:3] == _LONG):
        return [line]
    opening, closing = _brackets(source)
    return [before + opening, *_between(source, indent + 4), closing + after]


def _fits(line: str, indent: int) -> bool:
    return "\n" not in line and indent + len(line) <= WIDTH


def _is_open(source: Source) -> bool:
    if isinstance(source, Named):
        return _is_open(source.value)
    if isinstance(source, (str, Lines)):
        return False
    return (isinstance(source, Call) and source.open) or any(map(_is_open, source.items))


def _brackets(source: Call | Items) -> tuple[str, str]:
    if isinstance(source, Call):
        return f"{source.name}(", ")"
    return source.brackets[0], source.brackets[1]


def _between(source: Call | Items, indent: int) -> Iterator[str]:
    if isinstance(source, Call) and not _is_open(source):
        line = ", ".join(flat(item) for item in source.items)
        if _fits(line, indent):
            yield _INDENT + line
            return
    single = len(source.items) == 1 and not _is_tuple(source) and not _opened(source)
    for item in source.items:
        yield from indented(laid_out(item, indent=indent, after="" if single else ","))


def _is_tuple(source: Call | Items) -> bool:
    return isinstance(source, Items) and source.brackets == "()"


def _opened(source: Call | Items) -> bool:
    return isinstance(source, Call) and source.open


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Each line one step to the right; the inside of a text over several lines stays."""
    return (_INDENT + line if line else line for line in lines)
