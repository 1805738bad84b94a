"""Makes what a draft says, and compares what SQLite reports with what was to be expected."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from . import edits, stored_statement
from .breaking import broken_by, compiling
from .draft import Draft, RefusedError
from .filling import fill
from .grammar import parse
from .photograph import IndexFacts, Photograph, differences, photograph, rows
from .rebuild import check_that_it_is_safe, rebuild
from .rows_of import row_key
from .tokens import fold, quote

_SHOWN = 3


def make(draft: Draft) -> None:
    """Make the draft, inside the transaction that is open.

    Raises:
        RefusedError: It cannot be made, or SQLite reports another difference than the named one:
            the transaction has to be rolled back.
    """
    if draft.reasons_to_rebuild:
        check_that_it_is_safe(draft, ", ".join(draft.reasons_to_rebuild))
    compiled = compiling(draft.db, draft.before) if draft.dropped else set()
    for schema, kind, name in draft.objects_to_drop:
        draft.db.execute_sql(f"DROP {kind.upper()} {schema}.{quote(name)}")
    for column in draft.new_columns:
        draft.db.execute_sql(f"ALTER TABLE {draft.from_table} ADD COLUMN {column.sql}")
        if column.fill is not None:
            fill(draft, column.name, column.fill)
    _scan(draft)
    _change_definition(draft)
    for index in draft.indexes_to_make:
        draft.db.execute_sql(index.sql)
    _check_foreign_keys(draft)
    _drop_what_broke(draft, compiled)
    compare(draft.expected, photograph(draft.db, draft.table), draft)


def _change_definition(draft: Draft) -> None:
    query = "SELECT sql FROM main.sqlite_master WHERE type='table' AND name=?"
    stored = rows(draft.db, query, draft.table)[0][0]
    if stored == draft.definition.sql:
        return
    editable = stored_statement.can_edit(draft.db)
    why = ", ".join(draft.reasons_to_rebuild)
    if not why and not editable:
        why = "this SQLite or connection does not let the stored statement be edited"
    if not why and draft.new_defaults and (draft.without_rowid or _stored_short(draft, stored)):
        why = "stored rows rely on the default"
    if not why:
        stored_statement.edit(draft.db, draft.table, draft.definition.sql)
        return
    check_that_it_is_safe(draft, why)
    rebuild(draft, editable=editable)
    if not editable:
        _accept_spelling_of_name(draft)


def _accept_spelling_of_name(draft: Draft) -> None:
    """RENAME writes the table's name in quotes, and there is no way to put its letters back."""
    quoted = edits.rename_table(draft.definition, draft.table)
    found = photograph(draft.db, draft.table).sql
    if found == quoted.sql:
        draft.definition = quoted


def _stored_short(draft: Draft, stored: str) -> bool:
    """Whether a row shows a column's default because it was stored before the column was added.

    The exact test: a default that no row can hold is written, and looked for.
    """
    marked, old = parse(stored), parse(stored)
    mark = f"x'{secrets.token_hex(16)}'"
    names = [name for name in draft.new_defaults if old.column(name)]
    for name in names:
        column = marked.column(name)
        if column:
            marked = edits.set_default(marked, column, mark)
    stored_statement.edit(draft.db, draft.table, marked.sql)
    shows = " OR ".join(f"{quote(name)} COLLATE BINARY = {mark}" for name in names)
    found = rows(draft.db, f"SELECT 1 FROM {draft.from_table} NOT INDEXED WHERE {shows} LIMIT 1")
    stored_statement.edit(draft.db, draft.table, stored)
    return bool(found)


def _scan(draft: Draft) -> None:
    """Look for rows that break what is to be said, and name the first few."""
    query = "SELECT sql FROM main.sqlite_master WHERE type='table' AND name=?"
    for scan in draft.scans:
        definition = parse(rows(draft.db, query, draft.table)[0][0])
        key = row_key(definition) or ("'?'",)
        found = rows(
            draft.db,
            f"SELECT {', '.join(key)} FROM {draft.from_table} WHERE {scan.condition} "
            f"LIMIT {_SHOWN + 1}",
        )
        if found:
            raise RefusedError(f"{scan.what}: {_name_rows(key, found)}", scan.next_step)


def _name_rows(key: tuple[str, ...], found: Sequence[tuple[object, ...]]) -> str:
    names = [
        ", ".join(f"{part} {value!r}" for part, value in zip(key, row, strict=True))
        for row in found[:_SHOWN]
    ]
    return "; ".join(names) + ("; and more" if len(found) > _SHOWN else "")


def _check_foreign_keys(draft: Draft) -> None:
    if not draft.foreign_keys_to_check:
        return
    new = {fold(name) for name in draft.foreign_keys_to_check}
    listed = rows(
        draft.db,
        'SELECT id, "from", "table" FROM pragma_foreign_key_list(?, \'main\')',
        draft.table,
    )
    ids = {number: (name, parent) for number, name, parent in listed if fold(name) in new}
    for number, (name, parent) in ids.items():
        found = rows(
            draft.db,
            "SELECT rowid FROM pragma_foreign_key_check(?, 'main') WHERE fkid = ? "
            f"LIMIT {_SHOWN + 1}",
            draft.table,
            number,
        )
        if found:
            raise RefusedError(
                f"rows point with column {name} at rows that table {parent} does not have: "
                + _name_rows(("rowid",), found),
                "correct or delete these rows first",
            )


def _drop_what_broke(draft: Draft, compiled: set[tuple[str, str, str]]) -> None:
    """Views and triggers that no longer compile without the column: dropped if that was said."""
    while broken := broken_by(draft.db, draft.expected, compiled, draft.dropped):
        names = "\n".join(f"- {kind} {name}" for _, kind, name in broken)
        if not draft.cascade:
            columns = ", ".join(draft.dropped)
            raise RefusedError(
                f"column {columns} of table {draft.table} is used by\n{names}",
                f"drop_column({draft.table!r}, {columns!r}, cascade=True) "
                "drops these with the column",
            )
        for schema, kind, name in broken:
            draft.db.execute_sql(f"DROP {kind.upper()} IF EXISTS {schema}.{quote(name)}")
        actual = photograph(draft.db, draft.table).others
        lost = [key for key in draft.expected.others if key not in actual and key in compiled]
        draft.expected = draft.expected.without_objects(*lost)
        compiled = {key for key in compiled if key in actual}


def compare(expected: Photograph, actual: Photograph, draft: Draft) -> None:
    """Refuse what is not as expected; an index that was asked for is checked by its columns."""
    expected = replace(expected, sql=draft.definition.sql)
    for index in draft.indexes_to_make:
        facts = next((facts for facts in actual.indexes if facts.name == index.name), None)
        columns = tuple(fold(column) for column in index.columns)
        if facts is None or facts.columns != columns or facts.unique != index.unique:
            raise RefusedError(f"index {index.name} was not made as asked for: {facts}")
        actual = _without_index(actual, facts)
    found = differences(expected, actual)
    if found:
        raise RefusedError(
            "the change would have had other effects, and was undone: " + "; ".join(found),
            "please report this with the table's definition",
        )


def _without_index(photo: Photograph, facts: IndexFacts) -> Photograph:
    indexes = photo.indexes.copy()
    del indexes[facts]
    return replace(photo, indexes=indexes).without_objects(("main", "index", facts.name or ""))
