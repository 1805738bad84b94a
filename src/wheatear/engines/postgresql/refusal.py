"""What the server refused, as an error that names the user's call and says what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wheatear.engines.postgresql.change import Planned
from wheatear.engines.postgresql.lock_waits import driver_error, sqlstate
from wheatear.engines.postgresql.send import ask
from wheatear.engines.refused import sense_of
from wheatear.errors import OperationError

_NOT_THE_STATEMENTS_FAULT = ("08", "57", "53", "40")
"""Connection lost, cancelled, out of resources, serialisation: whoever called must see these."""

_DEPENDENTS = "2BP01"
_NOT_SUPPORTED = "0A000"
_DATATYPE = "42804"
_NEXT = {
    "23502": "give the rows that hold NULL a value first: UPDATE … SET … WHERE … IS NULL",
    "23503": "delete or repair the rows that point nowhere first",
    "23505": "remove the duplicates first",
    "23514": "repair the rows that break the condition first",
    "55006": "close what still uses the table in this transaction (an open cursor, pending "
    "trigger events), then run it again",
}

_DEPEND_ON_COLUMN = """
SELECT DISTINCT CASE WHEN r.oid IS NULL THEN pg_describe_object(d.classid, d.objid, d.objsubid)
                     ELSE pg_describe_object('pg_class'::regclass, r.ev_class, 0) END
FROM pg_depend d
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = %s AND a.attname = %s
  AND (d.deptype = 'n' OR d.classid IN ('pg_trigger'::regclass, 'pg_policy'::regclass))
ORDER BY 1
"""


def is_refusal(error: BaseException) -> bool:
    """Whether the server refused the statement itself."""
    state = sqlstate(error)
    return state is not None and state[:2] not in _NOT_THE_STATEMENTS_FAULT


def refused(
    db: Any, error: BaseException, planned: Sequence[Planned], oid: Callable[[], int]
) -> OperationError:
    """The error to raise, once what was done is rolled back."""
    diagnosis = getattr(driver_error(error), "diag", None)
    primary = getattr(diagnosis, "message_primary", None) or str(error)
    detail = getattr(diagnosis, "message_detail", None)
    hint = getattr(diagnosis, "message_hint", None)
    item = culprit(planned, diagnosis, primary)
    state = sqlstate(error) or ""
    what = f"{item.operation}: {primary}."
    following = _NEXT.get(state, hint)
    if state == _DEPENDENTS:
        column = next(iter(item.operation.args[1:2]), None)
        following = "drop these first, or say what should go with it: " + _cascading(item, column)
    elif state == _NOT_SUPPORTED and "type" in item.operation.name:
        names = [name for (name,) in ask(db, _DEPEND_ON_COLUMN, oid(), str(item.operation.args[1]))]
        detail = "It is used by: " + ", ".join(names) if names else detail
        following = "drop these, change the type, and create them again, in one migration"
    elif state == _DATATYPE and "type" in item.operation.name:
        following = _casting(item, primary, hint)
    if detail:
        what += "\n  " + detail.replace("\n", "\n  ")
    told = OperationError(what, where=item.operation.where, state=kept(db, planned), next=following)
    told.sense, told.operation = sense_of(error), item.operation
    return told


def kept(db: Any, planned: Sequence[Planned]) -> str:
    """What the database is like after the go was rolled back."""
    none = (
        "nothing of this operation was kept"
        if len(planned) == 1
        else f"none of the {len(planned)} changes that were made together was kept"
    )
    return none + ("; the transaction around it is still open" if db.in_transaction() else "")


def culprit(planned: Sequence[Planned], diagnosis: Any, message: str) -> Planned:
    """Which of the changes made together it was: the one whose names the server mentions."""
    said = {getattr(diagnosis, name, None) for name in ("column_name", "constraint_name")}
    for item in planned:
        if item.change.touches & said:
            return item
    for item in planned:
        if any(f'"{name}"' in message or f" {name} " in message for name in item.change.touches):
            return item
    return planned[0]


def _cascading(item: Planned, column: str | None) -> str:
    words = [repr(item.operation.table)] + ([repr(column)] if column else [])
    return f"migrator.{item.operation.name}({', '.join(words)}, cascade=True)"


def _casting(item: Planned, message: str, hint: str | None) -> str:
    table, column = item.operation.table, item.operation.args[1]
    if "default" not in message:
        return f"say how to convert it: cast='…' ({hint})" if hint else "say how: cast='…'"
    return (
        f"migrator.drop_column_default({table!r}, {column!r}),\n"
        f"migrator.alter_column_type({table!r}, {column!r}, …),\n"
        f"migrator.add_column_default({table!r}, {column!r}, …)"
    )
