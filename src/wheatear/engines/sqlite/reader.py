"""Reads a schema as values, with a fixed number of queries however many tables there are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from wheatear.schema.model import Column, Constraint, Index, Object, ObjectKind, Schema, Table

from .definition import Clause, ColumnDefinition, Definition
from .grammar import parse
from .photograph import rows
from .tokens import after_parenthesis, fold, quote, tokens_of

_REAL = (
    "main.sqlite_master m WHERE m.type='table' AND m.rootpage > 0 "
    "AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)


def read_schema(db: Any, tables: Collection[str] | None = None) -> Schema:
    """Read the main database: all of it, or these tables with their triggers and these views.

    SQLite's own tables are left out, and what a virtual table keeps its data in: the virtual table
    itself is an object.
    """
    stored = [
        row
        for row in rows(
            db, "SELECT type, name, tbl_name, sql, rootpage FROM main.sqlite_master ORDER BY name"
        )
        if not row[1].startswith("sqlite_")
    ]
    wanted = None if tables is None else {fold(name) for name in tables}
    hidden = _shadows(db, stored)
    facts = _Facts.read(db)
    indexes = {name: sql for kind, name, _, sql, _ in stored if kind == "index" and sql is not None}
    found = [
        facts.table(name, parse(sql), indexes)
        for kind, name, _, sql, root in stored
        if kind == "table" and root and name not in hidden and _is_wanted(wanted, name)
    ]
    objects = [
        Object(_kind(kind), name, sql, table if kind == "trigger" else None)
        for kind, name, table, sql, root in stored
        if kind != "index" and not (kind == "table" and root) and _is_wanted(wanted, table)
    ]
    return Schema(tuple(found), tuple(objects))


def _is_wanted(wanted: set[str] | None, name: str) -> bool:
    return wanted is None or fold(name) in wanted


def _kind(kind: str) -> ObjectKind:
    kinds: dict[str, ObjectKind] = {"view": "view", "trigger": "trigger"}
    return kinds.get(kind, "virtual table")


# The shadows of fts3, fts4, fts5 and rtree, for an SQLite before 3.37, which does not tell.
SHADOWS = (
    *("content", "segments", "segdir", "docsize", "stat", "data", "idx", "config"),
    *("node", "parent", "rowid"),
)


def _shadows(db: Any, stored: list[tuple[Any, ...]]) -> set[str]:
    virtual = [name for kind, name, _, _, root in stored if kind == "table" and not root]
    if not virtual:
        return set()
    if tuple(db.server_version) >= (3, 37, 0):
        found = rows(db, "SELECT name FROM pragma_table_list WHERE schema='main' AND type='shadow'")
        return {name for (name,) in found}
    return {f"{name}_{suffix}" for name in virtual for suffix in SHADOWS}


@dataclass(frozen=True)
class _Facts:
    """What the pragmas say, by table."""

    columns: dict[str, list[tuple[Any, ...]]]
    indexes: dict[str, list[tuple[Any, ...]]]

    @classmethod
    def read(cls, db: Any) -> _Facts:
        return cls(
            _by_table(
                db,
                'SELECT m.name, x.name, x.type, x."notnull", x.dflt_value, x.hidden '
                "FROM main.sqlite_master m, pragma_table_xinfo(m.name, 'main') x "
                f"WHERE m.rowid IN (SELECT m.rowid FROM {_REAL}) ORDER BY m.name, x.cid",
            ),
            _by_table(
                db,
                'SELECT m.name, l.name, l."unique", l.partial, i.name, i."desc", i.coll '
                "FROM main.sqlite_master m, pragma_index_list(m.name, 'main') l, "
                "pragma_index_xinfo(l.name, 'main') i "
                f"WHERE m.rowid IN (SELECT m.rowid FROM {_REAL}) AND l.origin = 'c' AND i.key "
                "ORDER BY m.name, l.name, i.seqno",
            ),
        )

    def table(self, name: str, definition: Definition, indexes: dict[str, str]) -> Table:
        columns = tuple(
            _column(row, definition.column(row[0])) for row in self.columns.get(name, [])
        )
        collations = {fold(column.name): fold(column.collation or "binary") for column in columns}
        constraints = sorted(_constraints(definition), key=_content)
        own = _indexes(self.indexes.get(name, []), indexes, collations)
        return Table(
            name,
            columns,
            tuple(constraints),
            tuple(sorted(own, key=_content)),
            ", ".join(sorted(definition.options)),
        )


def _by_table(db: Any, sql: str) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for name, *row in rows(db, sql):
        found.setdefault(name, []).append(tuple(row))
    return found


def _content(value: Constraint | Index) -> str:
    """What to sort by: the name comes last, since it is the least of it."""
    if isinstance(value, Constraint):
        parts = (value.kind, value.columns, value.sql, value.table, value.targets, value.options)
        return repr((*parts, value.name))
    return repr((value.parts, value.unique, value.where, value.name))


def _column(row: tuple[Any, ...], written: ColumnDefinition | None) -> Column:
    name, type_, not_null, default, _ = row
    generated = collation = None
    if written is not None:
        clause, how = written.last("generated"), written.last("collate")
        said = written.last("default")
        collation = how.sql if how else None
        default = said.sql if said else None
        if clause:
            kept = "STORED" if clause.stored else "VIRTUAL"
            generated = f"GENERATED ALWAYS AS ({clause.sql}) {kept}"
    return Column(name, type_, not not_null, default, generated, collation)


def _constraints(definition: Definition) -> Iterator[Constraint]:
    for column in definition.columns:
        later = " ".join(
            definition.sql[clause.start : clause.end] for clause in column.all("deferrable")
        ).upper()
        for clause in column.clauses:
            yield from _constraint(clause, (column.name,), definition, later)
    for clause in definition.constraints:
        yield from _constraint(clause, clause.columns, definition, "")


def _constraint(
    clause: Clause, columns: tuple[str, ...], definition: Definition, deferrable: str
) -> Iterator[Constraint]:
    if clause.kind == "check":
        yield Constraint("check", sql=clause.sql, name=clause.name)
        return
    columns = tuple(_spelled(definition, name) for name in columns)
    if clause.kind == "foreign key" and clause.reference:
        reference = clause.reference
        actions = {event: reference.action(event) for event in ("DELETE", "UPDATE")}
        options = [f"ON {event} {does}" for event, does in actions.items() if does != "NO ACTION"]
        options.append(reference.deferrable or deferrable)
        yield Constraint(
            "foreign key",
            columns,
            table=reference.table,
            targets=reference.targets,
            options=" ".join(options).strip(),
            name=clause.name,
        )
    elif clause.kind in {"primary key", "unique"}:
        kind = "primary key" if clause.kind == "primary key" else "unique"
        yield Constraint(
            kind,  # type: ignore[arg-type]
            columns,
            options=_key_options(clause, definition),
            name=clause.name,
        )


def _spelled(definition: Definition, name: str) -> str:
    """The column's name as its own definition spells it."""
    column = definition.column(name)
    return column.name if column else name


def _key_options(clause: Clause, definition: Definition) -> str:
    """What a key says beside its columns: order, collation, ON CONFLICT, AUTOINCREMENT."""
    options = []
    if clause.inside:
        words = [token for token in tokens_of(clause.inside) if token.text != ","]
        if len(words) > len(clause.columns) + int(clause.autoincrement):
            options.append(f"({clause.inside})")
    elif not clause.columns:
        text = definition.sql[clause.start : clause.end]
        if "DESC" in text.upper() and any(token.is_word("DESC") for token in tokens_of(text)):
            options.append("DESC")
    if clause.conflict:
        options.append(f"ON CONFLICT {clause.conflict}")
    if clause.autoincrement:
        options.append("AUTOINCREMENT")
    return " ".join(options)


def _indexes(
    found: list[tuple[Any, ...]], sql: dict[str, str], collations: dict[str, str]
) -> Iterator[Index]:
    by_name: dict[str, list[tuple[Any, ...]]] = {}
    for row in found:
        by_name.setdefault(row[0], []).append(row)
    for name, parts in by_name.items():
        texts, where = _written(sql.get(name, ""))
        yield Index(
            name,
            tuple(_part(row, text, collations) for row, text in zip(parts, texts, strict=True)),
            unique=bool(parts[0][1]),
            where=where,
        )


_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _part(row: tuple[Any, ...], text: str, collations: dict[str, str]) -> str:
    """A column with its collation, if it is not the column's own, and its direction."""
    column, descends, collation = row[3:6]
    if column is None:
        return text
    part = column if _BARE.fullmatch(column) else quote(column)
    if fold(collation) != collations.get(fold(column), "binary"):
        part += f" COLLATE {collation}"
    return f"{part} DESC" if descends else part


def _written(sql: str) -> tuple[list[str], str | None]:
    """The parts of a CREATE INDEX as they are spelled, and its WHERE."""
    tokens = tokens_of(sql)
    on = next(at for at, token in enumerate(tokens) if at > 2 and token.is_word("ON"))
    opening = on + 2
    end = after_parenthesis(tokens, opening)
    parts, depth, start = [], 0, tokens[opening].end
    for token in tokens[opening + 1 : end]:
        if token.text == "(":
            depth += 1
        elif (token.text == "," and not depth) or token is tokens[end - 1]:
            parts.append(sql[start : token.start].strip())
            start = token.end
        elif token.text == ")":
            depth -= 1
    where = sql[tokens[end].end :].strip() if end < len(tokens) else None
    return parts, where
