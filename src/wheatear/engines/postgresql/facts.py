"""Makes the values of `schema/model.py` from the catalogue query's rows of facts."""

from __future__ import annotations

from collections.abc import Callable
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


def table(row: Row, pieces: dict[str, list[Row]]) -> Table:
    constraints = [constraint(row) for row in pieces["constraint"]]
    indexes = [index(row) for row in pieces["index"]]
    return Table(
        name=row[0],
        columns=tuple(column(row) for row in pieces["column"]),
        constraints=tuple(sorted(constraints, key=_constraint_order)),
        indexes=tuple(sorted(indexes, key=lambda it: (it.parts, it.where or "", it.name))),
        options=_table_options(row),
        comment=row[-1],
    )


def _constraint_order(it: Constraint) -> tuple[Any, ...]:
    content = (it.kind, it.columns, it.sql or "", it.table or "", it.targets, it.options)
    return (*content, it.name or "")


def _table_options(row: Row) -> str:
    _, _, persistence, storage, key, bound, parents, method, space, rls, forced, ident, of, _ = row
    phrases = []
    if persistence == "u":
        phrases.append("UNLOGGED")
    if of:
        phrases.append(f"OF {of}")
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
    if ident != "d":
        phrases.append(f"REPLICA IDENTITY {({'n': 'NOTHING', 'f': 'FULL'}).get(ident, 'INDEX')}")
    return " ".join(phrases)


def column(row: Row) -> Column:
    name, type_, null, default, generated, identity, sequence, collation, comment = row
    phrase = None
    if generated:
        stored = "STORED" if generated == "s" else "VIRTUAL"
        phrase, default = f"GENERATED ALWAYS AS ({default}) {stored}", None
    elif identity:
        always = "ALWAYS" if identity == "a" else "BY DEFAULT"
        phrase = f"GENERATED {always} AS IDENTITY"
        options = _sequence_options(type_, sequence) if sequence else ""
        phrase += f" ({options})" if options else ""
    return Column(name, type_, null, default, phrase, collation, comment)


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


def constraint(row: Row) -> Constraint:
    letter, name, columns, sql, target, targets, definition, no_inherit, not_valid = row
    kind = _KINDS[letter]
    options = ""
    if letter in "pu":
        options = spelling.key_options(definition)
    elif letter == "f":
        options = spelling.foreign_key_options(definition)
    elif letter == "x":
        sql = definition.removeprefix("EXCLUDE ")
    else:
        options = " ".join(
            phrase
            for phrase, said in (("NO INHERIT", no_inherit), ("NOT VALID", not_valid))
            if said
        )
    return Constraint(kind, tuple(columns), sql, target, tuple(targets or ()), options, name)


def index(row: Row) -> Index:
    name, unique, definition, where, valid, clustered, comment = row
    method, parts, extra = spelling.index_pieces(definition)
    if where:
        extra = extra.removesuffix(f"WHERE {where}").strip()
    extras = [extra] if extra else []
    if not valid:
        extras.append("INVALID")
    if clustered:
        extras.append("CLUSTER")
    if comment is not None:
        extras.append(f"COMMENT {spelling.string(comment)}")
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
