"""What the database answered a statement: rows and counts, or an error, as they can be kept."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from wheatear.journal.values import NotStorableError, decode, encode

_DRIVERS = frozenset({"sqlite3", "psycopg", "psycopg2", "pymysql", "MySQLdb", "mysql", "apsw"})
_OTHERS = frozenset({"builtins", "peewee", "wheatear"})  # what backfill() raises


class Answer(NamedTuple):
    """What a cursor holds after a statement.

    Attributes:
        rows: All rows; None where the statement has none to give.
        description: DB-API's, a tuple a column.
        rowcount: DB-API's.
        lastrowid: DB-API's, where the driver has one.
    """

    rows: list[Any] | None = None
    description: tuple[tuple[Any, ...], ...] | None = None
    rowcount: int = -1
    lastrowid: Any = None


def store_answer(answer: Answer) -> dict[str, Any]:
    """Return an answer as what JSON knows.

    Raises:
        NotStorableError: It holds what cannot be kept.
    """
    kept: dict[str, Any] = {}
    if answer.rows is not None:
        kept["rows"] = [encode(row) for row in answer.rows]
        kept["columns"] = [_column(one) for one in answer.description or ()]
    if answer.rowcount != -1:
        kept["count"] = answer.rowcount
    if answer.lastrowid is not None:
        kept["last"] = encode(answer.lastrowid)
    return kept


def _column(column: Any) -> list[Any]:
    """DB-API's seven parts of a column; drivers have classes of their own for them."""
    return [one if isinstance(one, (int, str)) else None for one in tuple(column)[:7]]


def load_answer(kept: dict[str, Any]) -> Answer:
    """Return the answer that was stored."""
    rows = kept.get("rows")
    return Answer(
        None if rows is None else [decode(row) for row in rows],
        None if rows is None else tuple(tuple(column) for column in kept["columns"]),
        kept.get("count", -1),
        decode(kept.get("last")),
    )


def store_error(error: BaseException) -> dict[str, Any]:
    """Return a driver's error as what JSON knows."""
    kind = type(error)
    args: list[Any] = []
    for one in error.args:
        try:
            args.append(encode(one))
        except NotStorableError:
            args.append(str(one))
    code = getattr(error, "pgcode", None) or getattr(error, "sqlstate", None)
    return {"class": f"{kind.__module__}:{kind.__qualname__}", "args": args, "code": code}


def load_error(kept: dict[str, Any]) -> Exception:
    """Return an error like the one that was stored: of the driver's own class."""
    module, _, name = kept["class"].partition(":")
    kind: Any = RuntimeError
    if module.split(".", 1)[0] in _DRIVERS | _OTHERS:  # no other is imported on a database's word
        kind = getattr(import_module(module), name, RuntimeError)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = RuntimeError
    if kept["code"] and getattr(kind, "sqlstate", None) != kept["code"]:
        # psycopg2's pgcode can only be read; psycopg's sqlstate is its class's.
        kind = type(name, (kind,), {"pgcode": kept["code"], "sqlstate": kept["code"]})
    error: Exception = kind(*(decode(one) for one in kept["args"]))
    return error
