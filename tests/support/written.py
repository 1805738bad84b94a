"""Changes written as a migration, and the migration run."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

import peewee

from wheatear.engines.operations import rebind
from wheatear.engines.waiting import Waiting
from wheatear.schema.changes import AddColumn, AlterColumn, Change, RenameColumn, RenameTable
from wheatear.schema.made import made
from wheatear.schema.model import Schema
from wheatear.schema.writer import Body, body, indented

WAITING = Waiting(20.0, lambda _: None)


def migration(
    changes: Sequence[Change],
    before: Schema,
    spelling: Any,
    fills: dict[tuple[str, str], str] | None = None,
) -> str:
    """The whole file, there and back: in the names that the database has then, as `create` does."""
    after = before
    for change in changes:
        after = made(after, change)
    there = body(changes, before, after, spelling, fills=fills)
    inverses = [change.inverse for change in reversed(changes)]
    back = body(inverses, after, before, spelling, known=there.definitions)
    return file_of(there, back)


def file_of(there: Body, back: Body) -> str:
    imports = dict.fromkeys((*there.imports, *back.imports))
    text = "".join(f"{line}\n" for line in imports)
    text += "from playhouse.migrate import *\n\nfrom migrations_config import db, migrator\n"
    for block in (*there.definitions, *back.definitions):
        text += f"\n\n{block}\n"
    for name, one in (("migrate_forward", there), ("migrate_backward", back)):
        lines = "\n".join(indented(one.lines or ("pass",)))
        text += f"\n\ndef {name}():\n{lines}\n"
    return text


def run(engine: Any, text: str, function: str) -> None:
    """Run one function of a migration as a runner does, on the engine's open connection."""
    module = types.ModuleType("a_migration")
    config = types.ModuleType("migrations_config")
    config.__dict__.update(db=engine.db, migrator=engine.migrator())
    before = sys.modules.get("migrations_config")
    sys.modules["migrations_config"] = config
    try:
        exec(compile(text, "a_migration.py", "exec"), module.__dict__)
        rebind(module)
        with engine.exclusively(WAITING):
            getattr(module, function)()
    finally:
        del sys.modules["migrations_config"]
        if before is not None:
            sys.modules["migrations_config"] = before


@contextlib.contextmanager
def opened(engine: Any) -> Iterator[Any]:
    with engine.opened(WAITING):
        yield engine


ROWS = {
    "team": [{"name": "Bats", "city": "Ulm"}, {"name": "Owls", "city": "Bonn"}],
    "coach": [{"name": "Ada"}, {"name": "Eve"}],
    "player": [
        {"name": "Ann", "age": 30, "place": 1, "wage": 10.25, "born": "2001-02-03", "code": "a"},
        {"name": "Bob", "age": None, "place": 2, "wage": 7, "born": "2002-03-04", "code": "b"},
    ],
    "pair": [{"one": 1, "two": 2}, {"one": 3, "two": 4}],
}


def filled(db: Any) -> None:
    """Two rows for each table of `seeds.before`."""
    for table, rows in ROWS.items():
        for number, row in enumerate(rows, 1):
            values = row | ({"team_id": number} if table == "player" else {})
            names = ", ".join(_quoted(db, name) for name in values)
            marks = ", ".join([db.param] * len(values))
            sql = f"INSERT INTO {_quoted(db, table)} ({names}) VALUES ({marks})"
            db.execute_sql(sql, tuple(values.values()))


def _quoted(db: Any, name: str) -> str:
    return name.join(db.quote)


def shared_values(
    db: Any, here: Schema, there: Schema, changes: Sequence[Change], *, forward: bool = False
) -> dict[str, list[Any]]:
    """What stands in the columns that a migration leaves alone, by the tables' first names."""
    found = {}
    tables = {one.old: one.new for one in changes if isinstance(one, RenameTable)}
    columns = {(o.table, o.new): o.old for o in changes if isinstance(o, RenameColumn)}
    touched = {(o.table, o.after.name) for o in changes if isinstance(o, AlterColumn)}
    computed = [o for o in changes if isinstance(o, AddColumn) and o.column.generated]
    touched |= {(one.table, one.column.name) for one in computed}
    for table in here.tables:
        other = there.table(tables.get(table.name, table.name))
        if other is None:
            continue
        names = {
            columns.get((other.name, column.name), column.name): column.name
            for column in other.columns
            if (other.name, column.name) not in touched
        }
        common = [one.name for one in table.columns if one.name in names]
        spelled = [names[name] if forward else name for name in common]
        name = other.name if forward else table.name
        listed = ", ".join(_quoted(db, one) for one in spelled)
        rows = (
            db.execute_sql(f"SELECT {listed} FROM {_quoted(db, name)}").fetchall() if common else []
        )
        found[table.name] = sorted(repr(tuple(row)) for row in rows)
    return found


def emptied(engine: Any) -> None:
    """Drop all that there is."""
    db = engine.db
    with db.atomic():
        for statement in _drops(engine):
            db.execute_sql(statement)


def _drops(engine: Any) -> Iterator[str]:
    if isinstance(engine.db, peewee.PostgresqlDatabase):
        return _drops_on_postgresql(engine.db)
    if isinstance(engine.db, peewee.MySQLDatabase):
        return _drops_on_mariadb(engine.db)
    return _drops_on_sqlite(engine.db, engine.read_schema())


# Not the schema itself while nothing else is in it: a server that drops one forgets all plans of
# prepared statements, and reading a catalogue is planned for longer than it takes.
_RELATIONS = """
SELECT string_agg('DROP ' || kind || ' IF EXISTS ' || c.oid::regclass || ' CASCADE', ';' ORDER BY k)
FROM pg_class c
JOIN (VALUES ('r', 'TABLE', 1), ('p', 'TABLE', 1), ('v', 'VIEW', 2), ('m', 'MATERIALIZED VIEW', 2),
  ('S', 'SEQUENCE', 3)) AS kinds (letter, kind, k) ON letter = c.relkind
WHERE c.relnamespace = 'public'::regnamespace"""
_OTHERS = """
SELECT EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'public'::regnamespace)
    OR EXISTS (SELECT FROM pg_type
               WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r'))"""


def _drops_on_postgresql(db: Any) -> Iterator[str]:
    (others,) = db.execute_sql(_OTHERS).fetchone()
    if others:
        yield "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        return
    (statements,) = db.execute_sql(_RELATIONS).fetchone()
    yield (statements or "").replace("%", "%%")


def _drops_on_mariadb(db: Any) -> Iterator[str]:
    found = db.execute_sql("SHOW FULL TABLES").fetchall()
    yield "SET foreign_key_checks = 0"
    for kind in ("VIEW", "TABLE", "SEQUENCE"):
        names = [name for name, its in found if its.removeprefix("BASE ") == kind]
        if names:
            yield f"DROP {kind} " + ", ".join(_quoted(db, name) for name in names)
    yield "SET foreign_key_checks = 1"


def _drops_on_sqlite(db: Any, schema: Schema) -> Iterator[str]:
    for thing in schema.objects:
        if thing.kind in {"view", "virtual table"}:
            kind = "TABLE" if thing.kind == "virtual table" else thing.kind.upper()
            yield f"DROP {kind} {_quoted(db, thing.name)}"
    for table in schema.tables:
        yield f"DROP TABLE {_quoted(db, table.name)}"
