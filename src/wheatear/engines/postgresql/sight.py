"""What a table looks like now: read before and after a change, inside its transaction."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from wheatear.engines.postgresql import catalogue, facts
from wheatear.engines.postgresql.reader import rows_by_relation
from wheatear.engines.postgresql.send import ask, script, send_and_ask
from wheatear.engines.postgresql.spelling import quoted, string
from wheatear.engines.refused import NamesError
from wheatear.errors import OperationError
from wheatear.schema.model import Column, Constraint, Index, Object, Table

_LARGE_ROWS = 100_000
_LARGE_BYTES = 16 * 1024 * 1024  # what 100,000 rows take; reltuples says nothing before ANALYZE


@dataclass(frozen=True)
class Sight:
    """A table, its triggers, and how to name it whatever the search_path is."""

    oid: int
    home: str | None
    """Its schema; None for what was only glanced at, on the search_path."""
    partitioned: bool
    table: Table
    triggers: tuple[Object, ...] = ()

    @property
    def qualified(self) -> str:
        return quoted(self.home, self.table.name)

    def column(self, name: str) -> Column:
        """The column called `name`; raises OperationError with the near names."""
        names = [column.name for column in self.table.columns]
        if name not in names:
            raise missing("column", name, names, f'table "{self.table.name}"')
        return self.table.columns[names.index(name)]

    def has_column(self, name: str) -> bool:
        return any(column.name == name for column in self.table.columns)

    def constraint(self, name: str) -> Constraint:
        """The constraint called `name`; raises OperationError with the near names."""
        found = self.find_constraint(name)
        if found is None:
            names = [constraint.name or "" for constraint in self.table.constraints]
            raise missing("constraint", name, names, f'table "{self.table.name}"')
        return found

    def find_constraint(self, name: str) -> Constraint | None:
        return next((it for it in self.table.constraints if it.name == name), None)

    def index(self, name: str) -> Index:
        """The index called `name`; raises OperationError with the near names."""
        found = self.find_index(name)
        if found is None:
            names = [index.name for index in self.table.indexes]
            raise missing("index", name, names, f'table "{self.table.name}"')
        return found

    def find_index(self, name: str) -> Index | None:
        return next((it for it in self.table.indexes if it.name == name), None)


def find(db: Any, schema: str | None, table: str) -> Sight | None:
    """Read the table; without a schema it is found as the server would, on the search_path."""
    return _read(db, name=quoted(schema, table))


def _read(db: Any, *, name: str | None = None, oid: int | None = None) -> Sight | None:
    rows = db.execute_sql(catalogue.ONE_TABLE, {"name": name, "oid": oid}).fetchall()
    for found, pieces in rows_by_relation(rows).items():
        if pieces["table"] and pieces["table"][0][1] in {"r", "p", "f"}:
            row = pieces["table"][0]
            triggers = tuple(facts.trigger(it, row[0]) for it in pieces["trigger"])
            return Sight(int(found), row[-1], row[1] == "p", facts.table(pieces), triggers)
    return None


def look(db: Any, schema: str | None, table: str) -> Sight:
    """The same for a table that has to be there.

    Raises:
        OperationError: There is no such table; it lists the near names.
    """
    sight = find(db, schema, table)
    if sight is None:
        raise _no_table(db, schema, table)
    return sight


def look_again(db: Any, before: Sight) -> Sight:
    """Read a table that was seen before, by its oid, whatever it is called now."""
    sight = _read(db, oid=before.oid)
    if sight is None:
        raise NamesError(f'Table "{before.table.name}" is gone.')
    return sight


def glance(db: Any, schema: str | None, table: str, begin: str = "") -> Sight:
    """Look at the columns alone: enough where only a column is added.

    A full look costs more than such a change itself.

    Args:
        db: The database.
        schema: The table's schema; None finds it on the search_path.
        table: The table.
        begin: What begins the transaction to look in; empty in one that has begun.

    Raises:
        OperationError: There is no such table; it lists the near names.
    """
    rows = send_and_ask(db, begin, _columns_of(schema, table))
    if not rows:  # not there, or without any column
        return look(db, schema, table)
    return Sight(rows[0][0], schema, False, Table(table, tuple(map(_glanced, rows))))


def glance_after(db: Any, before: Sight, alter: str) -> Sight:
    """Send a statement that changes a table that was glanced at before, and glance again."""
    again = catalogue.COLUMNS_ALONE.format(table=int(before.oid))
    columns = tuple(map(_glanced, send_and_ask(db, alter, again)))
    return replace(before, table=replace(before.table, columns=columns))


def unseen(schema: str | None, table: str) -> Sight:
    """A table that was not looked at: its name, and no column."""
    return Sight(0, schema, False, Table(table, ()))


def glances(db: Any, table: Sight, begin: str, alter: str) -> tuple[Sight, Sight]:
    """Begin a transaction, glance, change the table, and glance again: in one round trip.

    A name that is wrong is refused by the server, which knows no near ones.

    Args:
        db: The database; `takes_a_script` has said yes.
        table: The table, unseen.
        begin: What begins the transaction.
        alter: What changes the table.
    """
    columns = _columns_of(table.home, table.table.name)
    before, after = (
        Sight(0, table.home, False, Table(table.table.name, tuple(map(_glanced, rows))))
        for rows in script(db, begin, columns, alter, columns)
    )
    return before, after


def _columns_of(schema: str | None, table: str) -> str:
    name = string(quoted(schema, table))
    return catalogue.COLUMNS_ALONE.format(table=f"to_regclass({name})")


def _glanced(row: tuple[Any, ...]) -> Column:
    """All that the catalogue says of a column stands for its type here: it is only compared."""
    _, name, everything = row
    return Column(name, type=everything)


def is_large(db: Any, sight: Sight) -> bool:
    """Whether reading all rows takes long enough that others would notice."""
    ((rows, size),) = ask(
        db,
        "SELECT reltuples, CASE WHEN relkind = 'r' THEN pg_relation_size(oid) ELSE 0 END "
        "FROM pg_class WHERE oid = %s",
        sight.oid,
    )
    return bool(rows > _LARGE_ROWS or size > _LARGE_BYTES)


_FEW = 20
"""So many names are listed where none of them looks like the wrong one."""


def missing(kind: str, name: str, names: Sequence[str], place: str) -> OperationError:
    """The error for a name that is not there: it shows the ones that are near."""
    near = difflib.get_close_matches(name.lower(), [other.lower() for other in names], 3, 0.6)
    close = [other for other in names if other.lower() in near]
    if close:
        hint = "; did you mean " + " or ".join(f'"{other}"' for other in close) + "?"
    else:
        shown = ", ".join(f'"{other}"' for other in names)
        hint = f"; it has {shown}." if 0 < len(names) <= _FEW else "."
    return NamesError(f'There is no {kind} "{name}" in {place}{hint}')


def _no_table(db: Any, schema: str | None, table: str) -> OperationError:
    if "." in table:
        return OperationError(
            f'The table name "{table}" is schema-qualified.',
            next="give the schema to the migrator: migrator_for(db, schema=…)",
        )
    rows = ask(
        db,
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND n.nspname = COALESCE(%s::text, current_schema()) "
        "ORDER BY 1",
        schema,
    )
    place = f'schema "{schema}"' if schema else "the search_path"
    return missing("table", table, [name for (name,) in rows], place)
