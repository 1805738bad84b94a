"""A schema as the statements that make it: the inverse of `reader.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheatear.engines.postgresql.spelling import quoted, string
from wheatear.schema.content import constraint_content, index_content, sequence_of
from wheatear.schema.model import Column, Constraint, Index, Schema, Table

_PARTITION = re.compile(r"\bPARTITION OF (?P<parent>.+?) (FOR VALUES|DEFAULT\b)")
_PARENTS = re.compile(r"\bINHERITS \((?P<parents>.*?)\)")
_AFTERWARDS = re.compile(
    r"(?P<security> ?\bROW LEVEL SECURITY)?(?P<forced> ?\bFORCE ROW LEVEL SECURITY)?"
    r"(?P<identity> ?\bREPLICA IDENTITY \w+)?$"
)
_COMMENT = re.compile(r" ?\bCOMMENT (?P<text>E?'(?:[^']|'')*')$")


def tables_of(schema: Schema) -> Iterator[str]:
    """What makes types, sequences and tables, each after what it needs; foreign keys at the end."""
    yield from (one.sql for one in schema.objects if one.kind in {"type", "sequence"})
    tables = {table.name: table for table in schema.tables}
    for table in _parents_first(schema.tables):
        yield from _table(table, schema)
    for table in schema.tables:
        inherited = _inherited(table, tables)
        yield from _indexes(table, inherited)
        for one in table.constraints:
            if one.kind == "foreign key" and constraint_content(one) not in inherited:
                yield _alter(table, f"ADD {_constraint(one, tables)}")
        yield from _afterwards(table)


def objects_of(schema: Schema) -> Iterator[str]:
    """What makes views and triggers; a view may need another."""
    for one in schema.objects:
        if one.kind in {"view", "materialized view", "trigger"}:
            yield one.sql


def _parents_first(tables: tuple[Table, ...]) -> Iterator[Table]:
    waiting = {table.name: table for table in tables}
    while waiting:
        ready = [one for one in waiting.values() if not _parents(one) & set(waiting)]
        for table in ready or list(waiting.values()):
            del waiting[table.name]
            yield table


def _parents(table: Table) -> set[str]:
    if match := _PARTITION.search(table.options):
        return {_name(match["parent"])}
    if match := _PARENTS.search(table.options):
        return {_name(parent) for parent in match["parents"].split(", ")}
    return set()


def _name(printed: str) -> str:
    return printed[1:-1].replace('""', '"') if printed.startswith('"') else printed


def _inherited(table: Table, tables: dict[str, Table]) -> set[object]:
    """The constraints and indexes that come with a parent, by content."""
    if not _PARTITION.search(table.options):
        return set()
    parents = [tables[name] for name in _parents(table) if name in tables]
    return {
        content
        for parent in parents
        for content in (
            *map(constraint_content, parent.constraints),
            *map(index_content, parent.indexes),
            *_inherited(parent, tables),
        )
    }


def _table(table: Table, schema: Schema) -> Iterator[str]:
    tables = {one.name: one for one in schema.tables}
    standing = {one.name for one in schema.objects if one.kind == "sequence"}
    owned = [
        (column.name, sequence)
        for column in table.columns
        if (sequence := sequence_of(column.default)) and _name(sequence) not in standing
    ]
    for _, sequence in owned:
        yield f"CREATE SEQUENCE IF NOT EXISTS {sequence}"
    options = _AFTERWARDS.sub("", table.options).strip()
    unlogged = "UNLOGGED " if options.startswith("UNLOGGED") else ""
    options = options.removeprefix("UNLOGGED").strip()
    inherited = _inherited(table, tables)
    parts = [] if _PARTITION.search(options) else [_column(one) for one in table.columns]
    parts += [
        _constraint(one, tables)
        for one in table.constraints
        if one.kind != "foreign key" and constraint_content(one) not in inherited
    ]
    body = f"({', '.join(parts)})"
    if match := re.match(r"(PARTITION OF .+?) (?=FOR VALUES|DEFAULT\b)", options):
        body = f"{match[1]} {body if parts else ''}"
        options = options[match.end() :]
    yield f"CREATE {unlogged}TABLE {quoted(table.name)} {body} {options}".rstrip()
    for name, sequence in owned:
        yield f"ALTER SEQUENCE {sequence} OWNED BY {quoted(table.name, name)}"


def _column(column: Column) -> str:
    words = [quoted(column.name), column.type]
    words += [f"COLLATE {column.collation}"] if column.collation else []
    words += [] if column.default is None else [f"DEFAULT {column.default}"]
    words += [column.generated] if column.generated else []
    words += [] if column.null else ["NOT NULL"]
    return " ".join(words)


def _constraint(one: Constraint, tables: dict[str, Table]) -> str:
    columns = f"({', '.join(map(quoted, one.columns))})"
    words = [f"CONSTRAINT {quoted(one.name)}"] if one.name else []
    if one.kind == "foreign key":
        assert one.table is not None  # noqa: S101 - for the type checker
        table = quoted(one.table) if one.table in tables else one.table
        targets = f" ({', '.join(map(quoted, one.targets))})" if one.targets else ""
        words += [f"FOREIGN KEY {columns} REFERENCES {table}{targets}", one.options]
    elif one.kind == "check":
        words += [f"CHECK ({one.sql})", one.options]
    elif one.kind == "exclude":
        words += [f"EXCLUDE {one.sql}", one.options]
    else:
        nulls = "NULLS NOT DISTINCT"
        before = f"{nulls} " if one.options.startswith(nulls) else ""
        words += [f"{one.kind.upper()} {before}{columns}", one.options.removeprefix(nulls)]
    return " ".join(word for word in words if word)


def _indexes(table: Table, inherited: set[object]) -> Iterator[str]:
    for index in table.indexes:
        if index_content(index) in inherited:
            continue
        extra = index.extra
        comment = _COMMENT.search(extra)
        extra = extra[: comment.start()] if comment else extra
        clustered = extra.endswith("CLUSTER")
        extra = extra.removesuffix("CLUSTER").strip().removesuffix("INVALID").strip()
        yield _index(table, index, extra)
        if comment:
            yield f"COMMENT ON INDEX {quoted(index.name)} IS {comment['text']}"
        if clustered:
            yield _alter(table, f"CLUSTER ON {quoted(index.name)}")


def _index(table: Table, index: Index, extra: str) -> str:
    words = ["CREATE UNIQUE INDEX" if index.unique else "CREATE INDEX", quoted(index.name)]
    words += ["ON", quoted(table.name)]
    words += [f"USING {index.using}"] if index.using else []
    words += [f"({', '.join(index.parts)})"]
    words += [extra] if extra else []
    words += [f"WHERE {index.where}"] if index.where else []
    return " ".join(words)


def _afterwards(table: Table) -> Iterator[str]:
    match = _AFTERWARDS.search(table.options)
    assert match is not None  # noqa: S101 - every part of it may be missing
    if match["security"]:
        yield _alter(table, "ENABLE ROW LEVEL SECURITY")
    if match["forced"]:
        yield _alter(table, "FORCE ROW LEVEL SECURITY")
    if match["identity"] and not match["identity"].endswith("INDEX"):
        yield _alter(table, match["identity"].strip())
    if table.comment is not None:
        yield f"COMMENT ON TABLE {quoted(table.name)} IS {string(table.comment)}"
    for column in table.columns:
        if column.comment is not None:
            place = quoted(table.name, column.name)
            yield f"COMMENT ON COLUMN {place} IS {string(column.comment)}"


def _alter(table: Table, what: str) -> str:
    return f"ALTER TABLE {quoted(table.name)} {what}"
