"""Makes what a draft says, and compares what SQLite reports with what was to be expected."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from . import edits, stored_statement
from .draft import Draft, RefusedError, RowsError, Scan
from .dropping import (
    can_drop_in_place,
    check_dependents,
    drop_objects,
    drop_what_broke,
    dropped_in_place,
)
from .filling import fill
from .grammar import parse
from .photograph import IndexFacts, Photograph, differences, photograph, rows
from .rebuild import check_that_it_is_safe, rebuild
from .rows_of import row_key
from .tokens import fold, quote
from .widened import check_widened, unwidened

_SHOWN = 3


def make(draft: Draft) -> None:
    """Make the draft, inside the transaction that is open.

    Raises:
        RefusedError: It cannot be made, or SQLite reports another difference than the named one:
            the transaction has to be rolled back.
    """
    db = draft.db
    editable = bool(draft.reasons_to_rebuild) and stored_statement.can_edit(db)
    in_place = editable and can_drop_in_place(draft)
    if draft.reasons_to_rebuild and not in_place:
        check_that_it_is_safe(draft, ", ".join(draft.reasons_to_rebuild))
    compiled = check_dependents(draft, editable=editable) if draft.dropped else unwidened(draft)
    drop_objects(draft)
    for column in draft.new_columns:
        db.execute_sql(f"ALTER TABLE {draft.from_table} ADD COLUMN {column.sql}")
        if column.fill is not None:
            fill(draft, column.name, column.fill)
    _scan(draft)
    if not (in_place and dropped_in_place(draft)):
        _change_definition(draft)
    for index in draft.indexes_to_make:
        db.execute_sql(index.sql)
    _check_foreign_keys(draft)
    if draft.dropped:
        drop_what_broke(draft, compiled)
    else:
        check_widened(draft, compiled)
    compare(draft.expected, photograph(db, draft.table), draft)


def _change_definition(draft: Draft) -> None:
    stored = draft.stored()
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

    The exact test: a default that no row can hold is written, and looked for. A row that is short
    of one column is short of all behind it: the last of them tells for all. (Not the rowid, which
    no row is short of.)
    """
    old = parse(stored)
    changed = {fold(name) for name in draft.new_defaults}
    columns = [
        column
        for column in old.columns
        if fold(column.name) in changed and not draft.is_rowid(column)
    ]
    if not columns:
        return False
    mark = f"x'{secrets.token_hex(16)}'"
    stored_statement.edit(draft.db, draft.table, edits.set_default(old, columns[-1], mark).sql)
    found = rows(
        draft.db,
        f"SELECT 1 FROM {draft.from_table} NOT INDEXED "
        f"WHERE {quote(columns[-1].name)} COLLATE BINARY = {mark} LIMIT 1",
    )
    stored_statement.edit(draft.db, draft.table, stored)
    return bool(found)


def _scan(draft: Draft) -> None:
    """Look for rows that break what is to be said, and name the first few."""
    for scan in _scans_to_make(draft):
        definition = parse(draft.stored())
        key = row_key(definition) or ("'?'",)
        found = rows(
            draft.db,
            f"SELECT {', '.join(key)} FROM {draft.from_table} WHERE {scan.condition} "
            f"LIMIT {_SHOWN + 1}",
        )
        if found:
            raise RowsError(f"{scan.what}: {_name_rows(key, found)}", scan.next_step)


def _scans_to_make(draft: Draft) -> list[Scan]:
    """All; or those alone that an index answers, if reading the rows once clears the others."""
    indexed = {
        facts.columns[0] for facts in draft.before.indexes if facts.columns and not facts.partial
    }
    others = [scan for scan in draft.scans if fold(scan.null_in or "") not in indexed]
    if len(others) > 1:
        any_of = " OR ".join(f"({scan.condition})" for scan in others)
        if not rows(draft.db, f"SELECT 1 FROM {draft.from_table} WHERE {any_of} LIMIT 1"):
            return [scan for scan in draft.scans if scan not in others]
    return draft.scans


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
        'SELECT id, "from", "table", "to" FROM pragma_foreign_key_list(?, \'main\') '
        "ORDER BY id, seq",
        draft.table,
    )
    held = _keys_held(draft)
    for number in dict.fromkeys(row[0] for row in listed if fold(row[1]) in new):
        names, parents, targets = zip(*(row[1:] for row in listed if row[0] == number), strict=True)
        if _meaning(draft, parents[0], names, targets) in held:
            continue
        found = rows(
            draft.db,
            "SELECT rowid FROM pragma_foreign_key_check(?, 'main') WHERE fkid = ? "
            f"LIMIT {_SHOWN + 1}",
            draft.table,
            number,
        )
        if found:
            raise RowsError(
                f"rows point with column {names[0]} at rows that table {parents[0]} does not have: "
                + _name_rows(("rowid",), found),
                "correct or delete these rows first",
            )


_Meaning = tuple[str, tuple[str, ...], tuple[str, ...]]
"""A foreign key's table, columns and targets, folded: what its rows have to meet."""


def _keys_held(draft: Draft) -> set[_Meaning]:
    """Keys that the same values had to meet before: whoever breaks one broke it already."""
    return {
        _meaning(draft, key.table, key.columns, key.targets)
        for key in draft.before.foreign_keys
        if not any(_has_other_values(draft, name) for name in key.columns)
    }


def _has_other_values(draft: Draft, name: str) -> bool:
    was, is_ = draft.before.column(name), draft.expected.column(name)
    return was is None or is_ is None or was.type != is_.type or fold(name) in draft.casts


def _meaning(
    draft: Draft, parent: str, columns: Sequence[str], targets: Sequence[str | None]
) -> _Meaning:
    said = [name for name in targets if name is not None]
    if not said:  # the primary key is meant; https://www.sqlite.org/foreignkeys.html#fk_basics
        query = "SELECT name FROM pragma_table_info(?, 'main') WHERE pk > 0 ORDER BY pk"
        said = [name for (name,) in rows(draft.db, query, parent)]
    return fold(parent), tuple(map(fold, columns)), tuple(map(fold, said))


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
