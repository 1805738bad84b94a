"""A dropped column's dependents, and how it is dropped without a copy where SQLite can."""

from __future__ import annotations

import peewee

from . import stored_statement
from .breaking import Compiled, broken_by, compiling, trial
from .draft import Draft, RefusedError
from .naming import is_virtual, naming
from .photograph import ObjectKey, own_indexes, photograph
from .tokens import quote


def drop_objects(draft: Draft) -> None:
    """Drop the indexes that go."""
    for schema, kind, name in draft.objects_to_drop:
        draft.db.execute_sql(f"DROP {kind.upper()} {schema}.{quote(name)}")


def check_dependents(draft: Draft, *, editable: bool) -> Compiled:
    """Refuse if anything uses a dropped column and the call does not say that it goes too.

    Returns:
        What compiles now, to be compared with afterwards.
    """
    others = draft.before.others
    among = [key for key, (_, sql) in others.items() if sql and key[1] in {"view", "trigger"}]
    among += [key for key in naming(draft.before) if is_virtual(key, others[key][1])]
    compiled = compiling(draft.db, draft.before, among, draft.dropped)
    broken = _foreseen(draft, compiled) if editable and not draft.cascade else []
    if draft.dependents or broken:
        raise _used(draft, draft.dependents, broken)
    return compiled


def _foreseen(draft: Draft, compiled: Compiled) -> list[ObjectKey]:
    """What would no longer compile: only the statement is changed for it, and changed back.

    Where a UNIQUE goes with the column SQLite would miss it: then it is seen afterwards.
    """
    if own_indexes(draft.before) != own_indexes(draft.expected):
        return []
    with trial(draft.db):
        drop_objects(draft)
        stored_statement.edit(draft.db, draft.table, draft.definition.sql)
        return broken_by(draft.db, draft.before, compiled, draft.dropped)


def _used(draft: Draft, dependents: list[str], broken: list[ObjectKey]) -> RefusedError:
    columns = ", ".join(draft.named)
    full_text = [f"table {name}" for _, kind, name in broken if kind == "table"]
    others = [*dependents, *(f"{kind} {name}" for _, kind, name in broken if kind != "table")]
    lines = "\n".join(f"- {name}" for name in dict.fromkeys([*others, *full_text]))
    calls = "; ".join(
        f"drop_column({draft.table!r}, {name!r}, cascade=True)" for name in draft.named
    )
    steps = [f"{calls} drops {'the others' if full_text else 'these'} with it"] if others else []
    if full_text:
        steps.insert(0, f"drop {' and '.join(full_text)} before, and make it again afterwards")
    return RefusedError(
        f"column {columns} of table {draft.table} is used by\n{lines}", "; ".join(steps)
    )


def drop_what_broke(draft: Draft, compiled: Compiled) -> None:
    """Drop the views and triggers that no longer compile, if the call says so.

    A full-text table is never dropped with a column: other columns can be searched in it.
    """
    while broken := broken_by(draft.db, draft.expected, compiled, draft.dropped):
        full_text = [key for key in broken if key[1] == "table"]
        if full_text or not draft.cascade:
            raise _used(draft, [], full_text if draft.cascade else broken)
        for schema, kind, name in broken:
            draft.db.execute_sql(f"DROP {kind.upper()} IF EXISTS {schema}.{quote(name)}")
        actual = photograph(draft.db, draft.table).others
        lost = [key for key in draft.expected.others if key not in actual and key in compiled]
        draft.expected = draft.expected.without_objects(*lost)
        compiled = {key: text for key, text in compiled.items() if key in actual}


def can_drop_in_place(draft: Draft) -> bool:
    """Whether SQLite's own DROP COLUMN can do it: one column, and nothing else in its rows."""
    return (
        tuple(draft.db.server_version) >= (3, 35, 5)
        and len(draft.dropped) == len(draft.reasons_to_rebuild) == 1
        and draft.with_column is not None
        and not (draft.new_columns or draft.new_defaults or draft.casts or draft.scans)
        and own_indexes(draft.before) == own_indexes(draft.expected)
    )


def dropped_in_place(draft: Draft) -> bool:
    """Drop the column by SQLite's own DROP COLUMN; False if SQLite would not, nothing is changed.

    It refuses foreign keys and cuts comments: the stored statement is edited before and after. And
    it rewrites names in triggers where a temporary table has the name of this one: then not.
    """
    db = draft.db
    if draft.with_column is None:
        return False
    db.execute_sql("SAVEPOINT wheatear_drop")
    try:
        if draft.stored() != draft.with_column.sql:
            stored_statement.edit(db, draft.table, draft.with_column.sql)
        db.execute_sql(f"ALTER TABLE {draft.from_table} DROP COLUMN {quote(draft.dropped[0])}")
        if draft.stored() != draft.definition.sql:
            stored_statement.edit(db, draft.table, draft.definition.sql)
        done = photograph(db, draft.table).others == draft.expected.others
    except peewee.DatabaseError:
        done = False
    if not done:
        db.execute_sql("ROLLBACK TO wheatear_drop")
        stored_statement.forget(db)
    db.execute_sql("RELEASE wheatear_drop")
    return done
