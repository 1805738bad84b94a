"""Types and sequences as a migration writes them: changed where they stand, as columns use them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheatear.engines.postgresql.spelling import quoted
from wheatear.schema.model import Object, Schema

_ENUM = re.compile(r"CREATE TYPE .* AS ENUM \((?P<labels>.*)\)", re.DOTALL)
_LABEL = re.compile(r"E?'(?:[^']|'')*'")
_OLD = "_before"


def changed(before: Object, after: Object, now: Schema, then: Schema) -> Iterator[str]:
    """The statements that change a type or a sequence that keeps its name.

    Args:
        before: What there is.
        after: What there is to be.
        now: The schema as it is: whose columns use a type.
        then: The schema as it is to be.
    """
    if after.kind == "sequence":
        yield _sequence(after)
        return
    new = list(_new_labels(before, after))
    if new and not _is_used(new, then):
        yield from (f"ALTER TYPE {quoted(after.name)} ADD VALUE {phrase}" for _, phrase in new)
        return
    yield from _replaced(after, now)


def _new_labels(before: Object, after: Object) -> list[tuple[str, str]]:
    """Each label that is added and where; none where there is more to change."""
    was, is_ = labels(before), labels(after)
    if [label for label in is_ if label in was] != was or not was:
        return []
    found, last = [], None
    for label in is_:
        if label not in was:
            place = f" AFTER {last}" if last else f" BEFORE {was[0]}"
            found.append((label, label + place))
        last = label
    return found


def labels(thing: Object) -> list[str]:
    """An enum's labels as literals; none of another type."""
    match = _ENUM.fullmatch(thing.sql)
    return _LABEL.findall(match["labels"]) if match else []


def _is_used(new: list[tuple[str, str]], schema: Schema) -> bool:
    """Whether a new label stands anywhere already: until it is committed, nobody may use it.

    https://www.postgresql.org/docs/current/sql-altertype.html, Notes
    """
    words = [
        text or ""
        for table in schema.tables
        for text in (
            *(column.default for column in table.columns),
            *(one.sql for one in table.constraints),
            *(index.where for index in table.indexes),
        )
    ]
    return any(label in text for label, _ in new for text in words)


def _replaced(after: Object, now: Schema) -> Iterator[str]:
    """The type made anew, and each column that has it moved over by way of text."""
    known = labels(after) or [""]  # a default that is no label any more is about to be another
    name, old = quoted(after.name), quoted(after.name + _OLD)
    yield f"ALTER TYPE {name} RENAME TO {old}"
    yield after.sql
    for table in now.tables:
        for column in table.columns:
            base = column.type.removesuffix("[]")
            if base not in {after.name, name}:
                continue
            action = f"ALTER TABLE {quoted(table.name)} ALTER COLUMN {quoted(column.name)}"
            if column.default is not None:
                yield f"{action} DROP DEFAULT"
            over = "::text" + column.type.removeprefix(base)
            yield f"{action} TYPE {column.type} USING {quoted(column.name)}{over}::{column.type}"
            if column.default is not None and any(label in column.default for label in known):
                yield f"{action} SET DEFAULT {column.default}"
    yield f"DROP TYPE {old}"


# What CREATE SEQUENCE says, and how ALTER SEQUENCE says that it is not said.
_OPTIONS = {
    r"AS \w+": "AS bigint",
    r"INCREMENT BY -?\d+": "INCREMENT BY 1",
    r"MINVALUE -?\d+": "NO MINVALUE",
    r"MAXVALUE -?\d+": "NO MAXVALUE",
    r"START WITH -?\d+": "START WITH 1",
    r"CACHE \d+": "CACHE 1",
    r"CYCLE": "NO CYCLE",
}


def _sequence(after: Object) -> str:
    said = after.sql.removeprefix(f"CREATE SEQUENCE {quoted(after.name)}")
    options = [
        match[0] if (match := re.search(rf"\b{pattern}\b", said)) else default
        for pattern, default in _OPTIONS.items()
    ]
    return f"ALTER SEQUENCE {quoted(after.name)} {' '.join(options)}"
