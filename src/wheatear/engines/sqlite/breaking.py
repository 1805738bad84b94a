"""Which views and triggers a dropped column breaks: SQLite is asked, by compiling them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import peewee

from .photograph import ObjectKey, Photograph, rows
from .tokens import Token, fold, quote, tokens_of

_NUMBERS = count()


def compiling(db: Any, photo: Photograph) -> set[ObjectKey]:
    """Return the views and triggers that SQLite can compile."""
    return {
        key
        for key, (table, sql) in photo.others.items()
        if key[1] in {"view", "trigger"} and _compiles(db, key, table, sql or "")
    }


def broken_by(db: Any, photo: Photograph, compiled: set[ObjectKey], names: list[str]) -> list[Any]:
    """Return those of `compiled` that no longer are, since these columns are gone."""
    gone = [fold(name) for name in names]
    broken = []
    for key in sorted(compiled):
        table, sql = photo.others[key]
        listed = fold(table) == fold(photo.table) and set(gone) & set(_update_of(sql or ""))
        if listed or not _compiles(db, key, table, sql or ""):
            broken.append(key)
    return broken


def _compiles(db: Any, key: ObjectKey, table: str, sql: str) -> bool:
    schema, kind, name = key
    if kind == "view":
        statements: Iterator[str] = iter([f"SELECT * FROM {schema}.{quote(name)}"])
    else:
        statements = _firing(db, schema, table, sql)
    try:
        for statement in statements:
            # No text twice: SQLite 3.40 crashes when it compiles a driver's cached EXPLAIN anew.
            db.execute_sql(f"EXPLAIN {statement} -- {next(_NUMBERS)}").fetchall()
    except peewee.DatabaseError:
        return False
    return True


def _firing(db: Any, schema: str, table: str, sql: str) -> Iterator[str]:
    """A statement that fires the trigger; a temporary one may belong to a table of main."""
    event, _ = _event(sql)
    target = f"main.{quote(table)}" if schema == "main" else quote(table)
    if event == "DELETE":
        yield f"DELETE FROM {target}"
        return
    columns = [
        name
        for name, hidden in rows(db, "SELECT name, hidden FROM pragma_table_xinfo(?)", table)
        if not hidden
    ]
    if event == "INSERT":
        # DEFAULT VALUES would crash SQLite 3.40 where the target is a view.
        yield f"INSERT INTO {target} ({quote(columns[0])}) VALUES (NULL)"
        return
    wanted = _update_of(sql)
    for name in columns:
        if not wanted or fold(name) in wanted:
            yield f"UPDATE {target} SET {quote(name)} = {quote(name)}"
            return


def _event(sql: str) -> tuple[str, list[Token]]:
    """The trigger's event, and the tokens after it."""
    tokens = tokens_of(sql)
    for at, token in enumerate(tokens[2:], 2):
        if token.is_word("DELETE", "INSERT", "UPDATE") and tokens[at + 1].is_word("ON", "OF"):
            return token.text.upper(), tokens[at + 1 :]
    return "", []


def _update_of(sql: str) -> list[str]:
    """The columns after UPDATE OF, folded."""
    event, tokens = _event(sql)
    if event != "UPDATE" or not tokens[0].is_word("OF"):
        return []
    names = []
    for token in tokens[1:]:
        if token.is_word("ON"):
            break
        if token.text != ",":
            names.append(fold(token.name))
    return names
