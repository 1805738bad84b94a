"""Columns as source: a field of Peewee's own where one gives exactly the type, else a new class."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from wheatear.schema.content import type_name
from wheatear.schema.module import Module, class_name
from wheatear.schema.source import Call, Named, Source, call, laid_out, text

Stock = Mapping[str, str]
"""By a type's name (small letters, no needless white space), Peewee's field that gives it. `{}` in
the name stands for a number; the field is then a call, such as `CharField(max_length={})`."""


class FieldClass(NamedTuple):
    """A field's class and its arguments."""

    name: str
    arguments: tuple[Source, ...] = ()
    is_stock: bool = True
    """It is Peewee's own. A foreign key to a column of a new class has not its type."""

    def field(self, *arguments: Source) -> Call:
        """The field's call."""
        return Call(self.name, (*self.arguments, *arguments))


def field_class(
    type_: str, stock: Stock, module: Module, escaped: Callable[[str], str]
) -> FieldClass:
    """The field of a type.

    Args:
        type_: The column's type.
        stock: The engine's fields.
        module: Where a new class is defined.
        escaped: How SQL is written in a `SQL(…)`.
    """
    name = type_name(type_)
    numbers = re.findall(r"\d+", name)
    for key in (name, re.sub(r"\d+", "{}", name)):
        if key in stock:
            return _parsed(stock[key], numbers if "{}" in key else [])
    # An enum's labels are no part of a name.
    words = type_.partition("(")[0] if "'" in type_ else type_.replace("[]", " array")
    wanted = class_name(words) + "Field"
    wanted = f"Sql{wanted}" if wanted in module.reserved else wanted
    written = laid_out(call("SQL", text(escaped(type_))), indent=8, before="return ")
    own = module.define(wanted, lambda name: _own_class(name, written))
    return FieldClass(own, is_stock=False)


def _own_class(name: str, written: list[str]) -> str:
    lines = [f"class {name}(Field):", "    def ddl_datatype(self, ctx):"]
    return "\n".join([*lines, *(f"        {line}" for line in written)])


def _parsed(template: str, numbers: list[str]) -> FieldClass:
    name, _, inside = template.rstrip(")").partition("(")
    given = iter(numbers)
    arguments = [part.partition("=") for part in inside.split(", ") if part]
    return FieldClass(name, tuple(Named(key, next(given)) for key, _, _ in arguments))


def sql(value: str) -> Call:
    """A piece of SQL."""
    return call("SQL", text(value))
