"""What SQLite reports of a table and of everything beside it, to compare before with after.

It asks SQLite's pragmas and reads `sqlite_master`; our own reading of a CREATE TABLE has no part
in it, so that the one checks the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wheatear.schema.ours import is_ours

from .tokens import fold, plain_type, quote, tokens_of


@dataclass(frozen=True)
class ColumnFacts:
    """A row of `table_xinfo`, without the number of the column; the type in small letters."""

    name: str
    type: str
    not_null: bool
    default: str | None
    key: int = 0
    hidden: int = 0


@dataclass(frozen=True)
class IndexFacts:
    """A row of `index_list` with its `index_xinfo`; SQLite's own names of indexes are left out."""

    name: str | None
    unique: bool
    origin: str
    partial: bool
    parts: tuple[tuple[str | None, bool, str], ...]
    """Each part's column (None for an expression), whether it descends, its collation (folded)."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns, folded; empty for an expression."""
        return tuple(fold(name or "") for name, _, _ in self.parts)


@dataclass(frozen=True)
class ForeignKeyFacts:
    """A foreign key in `foreign_key_list`."""

    table: str
    columns: tuple[str, ...]
    targets: tuple[str | None, ...]
    on_update: str = "NO ACTION"
    on_delete: str = "NO ACTION"
    match: str = "NONE"


ObjectKey = tuple[str, str, str]
"""Schema (main or temp), type and name in `sqlite_master`."""


@dataclass(frozen=True)
class Photograph:
    """What SQLite reports at one moment."""

    table: str
    sql: str
    columns: tuple[ColumnFacts, ...]
    indexes: Counter[IndexFacts]
    foreign_keys: Counter[ForeignKeyFacts]
    others: Mapping[ObjectKey, tuple[str, str | None]]
    """Every other object, with its table and its SQL; this table's own indexes and triggers too."""
    sequence: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    """The rows of `sqlite_sequence`: the high-water marks of AUTOINCREMENT."""

    def column(self, name: str) -> ColumnFacts | None:
        """Return the column of this name, in any letter case."""
        return next((column for column in self.columns if fold(column.name) == fold(name)), None)

    def with_column(self, name: str, **facts: Any) -> Photograph:
        """Return the photograph with other facts for one column."""
        columns = tuple(
            replace(column, **facts) if fold(column.name) == fold(name) else column
            for column in self.columns
        )
        return replace(self, columns=columns)

    def without_objects(self, *keys: ObjectKey) -> Photograph:
        """Return the photograph without these objects."""
        others = {key: value for key, value in self.others.items() if key not in keys}
        return replace(self, others=others)


def rows(db: Any, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Return all rows: no cursor stays open, which would lock the table."""
    return [tuple(row) for row in db.execute_sql(sql, parameters).fetchall()]


def photograph(db: Any, table: str) -> Photograph:
    """Photograph the table of this name (as it is stored) in the main database."""
    objects = _objects(db)
    _, sql = objects.pop(("main", "table", table))
    return Photograph(
        table=table,
        sql=sql or "",
        columns=tuple(_columns(db, table)),
        indexes=Counter(_indexes(db, table)),
        foreign_keys=Counter(foreign_keys_of(db, table)),
        others=objects,
        sequence=_sequence(db, objects),
    )


def _objects(db: Any) -> dict[ObjectKey, tuple[str, str | None]]:
    """Indexes that SQLite makes for constraints have no SQL and names that count: left out.

    So is what Wheatear itself may make meanwhile, to keep rows aside.
    """
    found = rows(
        db,
        "SELECT 'main', type, name, tbl_name, sql FROM main.sqlite_master "
        "UNION ALL SELECT 'temp', type, name, tbl_name, sql FROM temp.sqlite_master",
    )
    return {
        (schema, kind, name): (table, sql)
        for schema, kind, name, table, sql in found
        if not (name.startswith("sqlite_autoindex_") or is_ours(table))
    }


def _columns(db: Any, table: str) -> Iterator[ColumnFacts]:
    for row in rows(
        db,
        'SELECT name, type, "notnull", dflt_value, pk, hidden '
        "FROM pragma_table_xinfo(?, 'main') ORDER BY cid",
        table,
    ):
        yield ColumnFacts(row[0], type_as_compared(row[1]), bool(row[2]), row[3], row[4], row[5])


def type_as_compared(declared: str) -> str:
    """A type in small letters, without a comment that SQLite takes for a part of it."""
    return fold(" ".join(token.text for token in tokens_of(plain_type(declared))))


def _indexes(db: Any, table: str) -> Iterator[IndexFacts]:
    parts: dict[tuple[Any, ...], list[tuple[str | None, bool, str]]] = {}
    for row in rows(
        db,
        'SELECT l.name, l."unique", l.origin, l.partial, i.name, i."desc", i.coll '
        "FROM pragma_index_list(?, 'main') l, pragma_index_xinfo(l.name, 'main') i "
        "WHERE i.key ORDER BY l.seq, i.seqno",
        table,
    ):
        parts.setdefault(row[:4], []).append((row[4], bool(row[5]), fold(row[6])))
    for (name, unique, origin, partial), columns in parts.items():
        own = None if name.startswith("sqlite_autoindex_") else name
        yield IndexFacts(own, bool(unique), origin, bool(partial), tuple(columns))


def foreign_keys_of(db: Any, table: str) -> Iterator[ForeignKeyFacts]:
    """Return the foreign keys that the table has."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows(
        db,
        'SELECT id, "table", "from", "to", on_update, on_delete, "match" '
        "FROM pragma_foreign_key_list(?, 'main') ORDER BY id, seq",
        table,
    ):
        found.setdefault(row[0], []).append(row)
    for key in found.values():
        first = key[0]
        yield ForeignKeyFacts(
            first[1],
            tuple(row[2] for row in key),
            tuple(row[3] for row in key),
            *first[4:7],
        )


def _sequence(db: Any, objects: Mapping[ObjectKey, Any]) -> Counter[tuple[Any, ...]]:
    if ("main", "table", "sqlite_sequence") not in objects:
        return Counter()
    return Counter(rows(db, "SELECT name, seq FROM main.sqlite_sequence"))


def differences(expected: Photograph, actual: Photograph) -> list[str]:
    """Say each thing that is not as expected."""
    found = [
        *_differing("column", _by_name(expected), _by_name(actual)),
        *_counted("index", expected.indexes, actual.indexes),
        *_counted("foreign key", expected.foreign_keys, actual.foreign_keys),
        *_differing("object", expected.others, actual.others),
        *_counted("mark of AUTOINCREMENT", expected.sequence, actual.sequence),
    ]
    if expected.sql != actual.sql:
        found.append(f"the definition is {actual.sql!r} instead of {expected.sql!r}")
    names = [column.name for column in expected.columns], [column.name for column in actual.columns]
    if not found and names[0] != names[1]:
        found.append(f"the columns are {names[1]} instead of {names[0]}")
    return found


def _by_name(photo: Photograph) -> dict[str, ColumnFacts]:
    return {column.name: column for column in photo.columns}


def _differing(what: str, expected: Mapping[Any, Any], actual: Mapping[Any, Any]) -> Iterator[str]:
    for key in expected.keys() | actual.keys():
        if expected.get(key) != actual.get(key):
            name = key if isinstance(key, str) else quote(key[-1])
            yield f"{what} {name}: {actual.get(key)} instead of {expected.get(key)}"


def _counted(what: str, expected: Counter[Any], actual: Counter[Any]) -> Iterator[str]:
    yield from (f"{what} missing: {lost}" for lost in (expected - actual))
    yield from (f"{what} too many: {extra}" for extra in (actual - expected))


def own_indexes(photo: Photograph) -> list[IndexFacts]:
    """Return the indexes that SQLite made for constraints."""
    return [facts for facts in photo.indexes if facts.name is None]
