"""Which views, triggers and full-text tables a change breaks: SQLite is asked to compile them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeAlias

import peewee

from . import stored_statement
from .photograph import ObjectKey, Photograph, rows
from .tokens import Token, as_temporary, fold, in_main, quote, tokens_of

_NUMBERS = count()


Compiled: TypeAlias = dict[ObjectKey, str]
"""Views, triggers and virtual tables with the text that was compiled."""


def compiling(
    db: Any, photo: Photograph, among: Iterable[ObjectKey], names: list[str] | None = None
) -> Compiled:
    """Return those that SQLite can compile before a change; `names` are the columns that go.

    SQLite takes `"a"` for a string where there is no column a: nothing would break, and the view
    would say something else. It is compiled as `[a]`, unless it has been a string before.
    """
    found: Compiled = {}
    for key in among:
        table, sql = photo.others[key]
        texts = [sql or ""]
        if names and key[1] != "table":
            texts.insert(0, _without_strings(sql or "", names))
        for text in dict.fromkeys(texts):
            if compiles(db, key, table, text, stored=sql or ""):
                found[key] = text
                break
    return found


def broken_by(
    db: Any, photo: Photograph, compiled: Compiled, names: list[str] | None = None
) -> list[ObjectKey]:
    """Return those of `compiled` that no longer are, since a change or since these columns went."""
    gone = {fold(name) for name in names or ()}
    broken = []
    for key in sorted(compiled):
        table, sql = photo.others[key]
        listed = fold(table) == fold(photo.table) and gone & set(_update_of(sql or ""))
        if listed or not compiles(db, key, table, compiled[key], stored=sql or ""):
            broken.append(key)
    return broken


def _without_strings(sql: str, names: list[str]) -> str:
    """Write `"a"` as a name that cannot be a string."""
    gone = {fold(name) for name in names}
    for token in reversed(tokens_of(sql)):
        if token.text[0] == '"' and fold(token.name) in gone:
            plain = "`" + token.name.replace("`", "``") + "`"
            sql = sql[: token.start] + plain + sql[token.end :]
    return sql


def compiles(db: Any, key: ObjectKey, table: str, sql: str, *, stored: str) -> bool:
    """Whether SQLite compiles it, by its stored text or by another one.

    A full-text table compiles what it asks of the table with its content when it is read:
    https://www.sqlite.org/fts5.html#external_content_tables
    """
    schema, kind, name = key
    if kind == "table":
        return _succeeds(db, f"SELECT * FROM {schema}.{quote(name)} LIMIT 1", explain="")
    if sql != stored:
        with trial(db):
            try:
                db.execute_sql(f"DROP {kind.upper()} {schema}.{quote(name)}")
                db.execute_sql(in_main(sql) if schema == "main" else as_temporary(sql))
            except peewee.DatabaseError:
                return False
            return compiles(db, key, table, sql, stored=sql)
    if kind == "view":
        return _succeeds(db, f"SELECT * FROM {schema}.{quote(name)}")
    if _fires(db, schema, table, sql):
        return True
    with trial(db):  # perhaps it was another trigger that this one fires, or that fires with it
        for other, its_name in _triggers(db):
            if (other, its_name) != (schema, name):
                db.execute_sql(f"DROP TRIGGER {other}.{quote(its_name)}")
        return _fires(db, schema, table, sql)


def _triggers(db: Any) -> list[tuple[str, str]]:
    return [
        (schema, name)
        for schema, name in rows(
            db,
            "SELECT 'main', name FROM main.sqlite_master WHERE type='trigger' "
            "UNION ALL SELECT 'temp', name FROM temp.sqlite_master WHERE type='trigger'",
        )
    ]


@contextmanager
def trial(db: Any) -> Iterator[None]:
    """What is done within is undone."""
    db.execute_sql("SAVEPOINT wheatear_trial")
    try:
        yield
    finally:
        db.execute_sql("ROLLBACK TO wheatear_trial")
        db.execute_sql("RELEASE wheatear_trial")
        stored_statement.forget(db)


def _fires(db: Any, schema: str, table: str, sql: str) -> bool:
    try:
        statements = list(_firing(db, schema, table, sql))
    except peewee.DatabaseError:
        return False
    return all(_succeeds(db, statement) for statement in statements)


def _succeeds(db: Any, statement: str, explain: str = "EXPLAIN ") -> bool:
    try:
        # No text twice: SQLite 3.40 crashes when it compiles a driver's cached EXPLAIN anew.
        db.execute_sql(f"{explain}{statement} -- {next(_NUMBERS)}").fetchall()
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
