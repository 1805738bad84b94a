"""A schema kept as the server itself writes it: SHOW CREATE TABLE, which need not be understood to
be compared, and views, triggers and sequences as they are read.

Only where they are no longer the same are tables made, in a scratch database, to say what differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wheatear.engines.engine import put_back
from wheatear.engines.mysql.reader import read_objects, sequence
from wheatear.engines.mysql.tokens import quoted
from wheatear.schema.model import Object, Schema
from wheatear.schema.ours import is_ours
from wheatear.schema.stored import as_json, from_json

if TYPE_CHECKING:
    from wheatear.engines.mysql.engine import MysqlEngine

Tables = Mapping[str, str]
"""The statement of each."""
Things = dict[tuple[str, str], Object]
"""Views, triggers and sequences, by kind and name."""


def statements(engine: MysqlEngine, names: Iterable[str]) -> dict[str, str]:
    """SHOW CREATE TABLE of those tables that are there, without the counter that rows move.

    https://mariadb.com/kb/en/show-create-table/
    """
    found = {name: engine.definitions.ask("TABLE", quoted(name)) for name in names}
    return {name: text for name, text in found.items() if text is not None}


def names(db: Any) -> tuple[list[str], Things]:
    """The tables' names, and the sequences."""
    found = db.execute_sql("SHOW FULL TABLES").fetchall()
    sequences = {("sequence", name): sequence(name) for name, kind in found if kind == "SEQUENCE"}
    return [name for name, kind in found if kind == "BASE TABLE" and not is_ours(name)], sequences


def views_and_triggers(db: Any) -> Things:
    """By kind and name."""
    return {(one.kind, one.name): one for one in read_objects(db)}


def schema(engine: MysqlEngine) -> Any:
    """All of the current database, as what JSON knows."""
    tables, sequences = names(engine.db)
    things = {**views_and_triggers(engine.db), **sequences}
    return value(statements(engine, tables), things)


def value(
    tables: Tables,
    things: Things,
    named: Iterable[str] | None = None,
    keys: Iterable[tuple[str, str]] | None = None,
) -> dict[str, Any]:
    """These tables and things, or some of them, as what JSON knows; equal ones give the same.

    Args:
        tables: The tables.
        things: The things.
        named: The tables that are wanted, also such as are not there; None for all.
        keys: The same of things.
    """
    kept = sorted(tables if named is None else {*named} & {*tables})
    objects = tuple(
        things[key] for key in sorted(things if keys is None else keys) if key in things
    )
    return {
        "tables": [[name, tables[name]] for name in kept],
        "objects": as_json(Schema((), objects))["objects"],
    }


def schema_of(engine: MysqlEngine, kept: Any) -> Schema:
    """What the tables' statements make; the rest as it was read.

    A table that is there and says the same is read; others are made in a scratch database.

    Raises:
        ValueError: It is nothing that `value` returns.
        OperationError: There is no right to make the scratch database.
    """
    try:
        tables = {str(name): str(sql) for name, sql in kept["tables"]}
        things = from_json({"tables": [], "objects": kept["objects"]})
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this is no schema: {error!r}") from error
    there = statements(engine, tables.keys() & {*names(engine.db)[0]})
    same = [name for name in tables if there.get(name) == tables[name]]
    others = [sql for name, sql in tables.items() if name not in same]
    read = engine.read_schema(same).tables if same else ()
    made = _made(engine, others).tables if others else ()
    return Schema(tuple(sorted((*read, *made), key=lambda it: it.name)), things.objects)


def _made(engine: MysqlEngine, tables: list[str]) -> Schema:
    """A foreign key may point at a table that is not among these."""
    db = engine.db
    (before,) = db.execute_sql("SELECT @@SESSION.foreign_key_checks").fetchone()
    db.execute_sql("SET SESSION foreign_key_checks = 0")
    try:
        with engine.definitions.settings.kept():  # under which they were said
            return engine.created([(sql.replace("%", "%%"), ()) for sql in tables])
    finally:
        put_back(lambda: db.execute_sql(f"SET SESSION foreign_key_checks = {int(before)}"))
