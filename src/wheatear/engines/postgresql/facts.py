"""Makes the values of `schema/model.py` from the catalogue query's rows of facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wheatear.engines.postgresql import spelling
from wheatear.schema.model import Column, Constraint, ConstraintKind, Index, Object, Table

Row = list[Any]

_KINDS: dict[str, ConstraintKind] = {
    "p": "primary key",
    "u": "unique",
    "c": "check",
    "f": "foreign key",
    "x": "exclude",
}


Pieces = Mapping[str, list[Row]]
"""A table's rows of each kind."""


def table(pieces: Pieces) -> Table:
    """The table that these rows describe."""
    (row,) = pieces["table"]
    comments: dict[int, str] = dict(map(tuple, pieces["comment"]))
    columns = {column[0]: _column(column, pieces, comments) for column in pieces["column"]}
    names = {number: column.name for number, column in columns.items()}
    shadows = {constraint[3] for constraint in pieces["constraint"] if constraint[0] in "pux"}
    notes: dict[int, str] = dict(map(tuple, pieces["index comment"]))
    constraints = [_constraint(it, names, row[0]) for it in pieces["constraint"]]
    indexes = [_index(it, notes.get(it[0])) for it in pieces["index"] if it[0] not in shadows]
    return Table(
        name=row[0],
        columns=tuple(columns.values()),
        constraints=tuple(sorted(constraints, key=_constraint_order)),
        indexes=tuple(sorted(indexes, key=lambda it: (it.parts, it.where or "", it.name))),
        options=_table_options(row, pieces),
        comment=comments.get(0),
    )


def _constraint_order(it: Constraint) -> tuple[Any, ...]:
    content = (it.kind, it.columns, it.sql or "", it.table or "", it.targets, it.options)
    return (*content, it.name or "")


def _table_options(row: Row, pieces: Pieces) -> str:
    _, _, persistence, storage, key, bound, rls, forced, identity, _ = row
    parents = [parent for (parent,) in pieces["parent"]]
    ((method, space),) = pieces["place"] or [[None, None]]
    phrases = ["UNLOGGED"] if persistence == "u" else []
    if bound:
        phrases.append(f"PARTITION OF {parents[0]} {bound}")
    elif parents:
        phrases.append(f"INHERITS ({', '.join(parents)})")
    if key:
        phrases.append(f"PARTITION BY {key}")
    if method:
        phrases.append(f"USING {spelling.quoted(method)}")
    if storage:
        phrases.append(f"WITH ({', '.join(storage)})")
    if space:
        phrases.append(f"TABLESPACE {spelling.quoted(space)}")
    if rls:
        phrases.append("ROW LEVEL SECURITY")
    if forced:
        phrases.append("FORCE ROW LEVEL SECURITY")
    if identity != "d":
        phrases.append(f"REPLICA IDENTITY {_REPLICA_IDENTITY[identity]}")
    return " ".join(phrases)


_REPLICA_IDENTITY = {"n": "NOTHING", "f": "FULL", "i": "INDEX"}


def _column(row: Row, pieces: Pieces, comments: dict[int, str]) -> Column:
    number, name, type_, null, generated, identity, collation = row
    default = next((sql for at, sql in pieces["default"] if at == number), None)
    phrase = None
    if generated:
        stored = "STORED" if generated == "s" else "VIRTUAL"
        phrase, default = f"GENERATED ALWAYS AS ({default}) {stored}", None
    elif identity:
        always = "ALWAYS" if identity == "a" else "BY DEFAULT"
        sequences = [options for at, *options in pieces["identity"] if at == number]
        options = _sequence_options(type_, sequences[0]) if sequences else ""
        phrase = f"GENERATED {always} AS IDENTITY" + (f" ({options})" if options else "")
    return Column(name, type_, null, default, phrase, collation, comments.get(number))


_HIGHEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


def _sequence_options(type_: str, row: Row) -> str:
    """What differs from the defaults of CREATE SEQUENCE."""
    start, increment, lowest, highest, cache, cycle = row
    top = _HIGHEST.get(type_, 2**63 - 1)
    defaults = (1, top) if increment > 0 else (-top - 1, -1)
    phrases = []
    if start != (lowest if increment > 0 else highest):
        phrases.append(f"START WITH {start}")
    if increment != 1:
        phrases.append(f"INCREMENT BY {increment}")
    if lowest != defaults[0]:
        phrases.append(f"MINVALUE {lowest}")
    if highest != defaults[1]:
        phrases.append(f"MAXVALUE {highest}")
    if cache != 1:
        phrases.append(f"CACHE {cache}")
    if cycle:
        phrases.append("CYCLE")
    return " ".join(phrases)


def _constraint(row: Row, names: dict[int, str], own: str) -> Constraint:
    letter, name, numbers, _, definition, to_itself, no_inherit, not_valid = row
    kind = _KINDS[letter]
    columns = tuple(names[number] for number in numbers or () if number in names)
    if letter == "x":
        return Constraint(kind, columns, definition.removeprefix("EXCLUDE "), name=name)
    if letter == "c":
        words = ["NO INHERIT"] * no_inherit + ["NOT VALID"] * not_valid
        return Constraint(kind, columns, definition, options=" ".join(words), name=name)
    key = spelling.key(definition)
    table = own if to_itself else key.table
    return Constraint(kind, key.columns, None, table, key.targets, key.options, name)


def _index(row: Row, comment: str | None) -> Index:
    _, unique, definition, where, valid, clustered = row
    name, method, parts, extra = spelling.index_pieces(definition)
    if where:
        extra = extra.removesuffix(f"WHERE {where}").strip()
    extras = [extra] if extra else []
    extras += [] if valid else ["INVALID"]
    extras += ["CLUSTER"] if clustered else []
    extras += [] if comment is None else [f"COMMENT {spelling.string(comment)}"]
    using = None if method == "btree" else method
    return Index(name, parts, unique, using, where, " ".join(extras))


_ENABLED = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def trigger(row: Row, table_name: str) -> Object:
    name, sql, enabled = row
    if enabled in _ENABLED:
        on, called = spelling.quoted(table_name), spelling.quoted(name)
        sql += f"; ALTER TABLE {on} {_ENABLED[enabled]} TRIGGER {called}"
    return Object("trigger", name, sql, table_name)


def view(row: Row) -> Object:
    name, letter, query, options, comment, indexes = row
    kind = "MATERIALIZED VIEW" if letter == "m" else "VIEW"
    with_ = f" WITH ({', '.join(options)})" if options else ""
    called = spelling.quoted(name)
    sql = f"CREATE {kind} {called}{with_} AS{query.rstrip().removesuffix(';')}"
    statements = [sql, *(indexes or ())]
    if comment is not None:
        statements.append(f"COMMENT ON {kind} {called} IS {spelling.string(comment)}")
    sql = "; ".join(statements)
    return Object("materialized view" if letter == "m" else "view", name, sql)


def sequence(row: Row) -> Object:
    name, type_, *options = row
    words = [f"CREATE SEQUENCE {spelling.quoted(name)}"]
    if type_ != "bigint":
        words.append(f"AS {type_}")
    if said := _sequence_options(type_, options):
        words.append(said)
    return Object("sequence", name, " ".join(words))


def type_(row: Row) -> Object:
    name, letter, labels, base, collation, default, not_null, checks = row
    called = spelling.quoted(name)
    if letter == "e":
        return Object("type", name, f"CREATE TYPE {called} AS ENUM ({', '.join(labels)})")
    words = [f"CREATE DOMAIN {called} AS {base}"]
    words += [f"COLLATE {collation}"] if collation else []
    words += [f"DEFAULT {default}"] if default is not None else []
    words += ["NOT NULL"] if not_null else []
    return Object("type", name, " ".join(words + checks))


OBJECTS: dict[str, Callable[[Row], Object]] = {
    "view": view,
    "sequence": sequence,
    "type": type_,
}
