"""The options of a table, as the reader has them, set on a table that is there.

https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheatear.errors import OperationError

_PHRASES = re.compile(
    r"(?P<name>UNLOGGED|PARTITION OF|INHERITS|PARTITION BY|USING|WITH|TABLESPACE"
    r"|FORCE ROW LEVEL SECURITY|ROW LEVEL SECURITY|REPLICA IDENTITY)\b ?"
)


def phrases(options: str) -> dict[str, str]:
    """Each option's name and what follows it."""
    found = list(_PHRASES.finditer(options))
    found = [match for match in found if _is_outside(options, match.start())]
    ends = [match.start() for match in found[1:]] + [len(options)]
    return {
        match["name"]: options[match.end() : end].strip()
        for match, end in zip(found, ends, strict=False)
    }


def _is_outside(options: str, place: int) -> bool:
    """Whether a place is outside parentheses and quotes."""
    before = re.sub(r"'[^']*'|\"[^\"]*\"", "", options[:place])
    return before.count("(") == before.count(")") and before.count("'") % 2 == 0


def actions(before: str, after: str, table: str) -> Iterator[str]:
    """The statements that make one table's options another's.

    Args:
        before: The options that the table has.
        after: Those that it is to have.
        table: Its name, quoted.

    Raises:
        OperationError: How a table is partitioned cannot be changed.
    """
    was, is_ = phrases(before), phrases(after)
    for name in dict.fromkeys((*was, *is_)):
        old, new = was.get(name), is_.get(name)
        if old != new:
            for action in _action(name, old, new, table):
                yield action if action.startswith("ALTER") else f"ALTER TABLE {table} {action}"


def _action(name: str, old: str | None, new: str | None, table: str) -> Iterator[str]:
    if name == "UNLOGGED":
        yield "SET LOGGED" if new is None else "SET UNLOGGED"
    elif name == "WITH":
        yield from _storage(old, new)
    elif name == "TABLESPACE":
        yield f"SET TABLESPACE {new or 'pg_default'}"
    elif name == "USING":
        yield f"SET ACCESS METHOD {new or 'heap'}"
    elif name == "ROW LEVEL SECURITY":
        yield ("DISABLE " if new is None else "ENABLE ") + name
    elif name == "FORCE ROW LEVEL SECURITY":
        yield "NO " * (new is None) + name
    elif name == "REPLICA IDENTITY":
        yield f"REPLICA IDENTITY {new or 'DEFAULT'}"
    elif name == "INHERITS":
        yield from _parents(old, new)
    elif name == "PARTITION OF":
        yield from _partition(old, new, table)
    else:
        raise OperationError(
            f"How table {table} is partitioned cannot be changed by an ALTER TABLE.",
            state="nothing was written",
            next="write a migration that makes a new table and moves the rows",
        )


def _storage(old: str | None, new: str | None) -> Iterator[str]:
    was, is_ = _pairs(old), _pairs(new)
    if gone := [name for name in was if name not in is_]:
        yield f"RESET ({', '.join(gone)})"
    if said := [f"{name}={value}" for name, value in is_.items() if was.get(name) != value]:
        yield f"SET ({', '.join(said)})"


def _pairs(storage: str | None) -> dict[str, str]:
    parts = [part.partition("=") for part in (storage or "").strip("()").split(", ") if part]
    return {name: value for name, _, value in parts}


def _parents(old: str | None, new: str | None) -> Iterator[str]:
    was, is_ = ((side or "").strip("()").split(", ") for side in (old, new))
    yield from (f"NO INHERIT {parent}" for parent in was if parent and parent not in is_)
    yield from (f"INHERIT {parent}" for parent in is_ if parent and parent not in was)


def _partition(old: str | None, new: str | None, table: str) -> Iterator[str]:
    if old is not None:
        parent, _, _ = old.partition(" ")
        yield f"ALTER TABLE {parent} DETACH PARTITION {table}"
    if new is not None:
        parent, _, bound = new.partition(" ")
        yield f"ALTER TABLE {parent} ATTACH PARTITION {table} {bound}"
