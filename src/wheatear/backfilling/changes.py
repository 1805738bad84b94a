"""What becomes of a batch: by an expression for all of it, or by a function for each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, NamedTuple

import peewee

from wheatear.backfilling.walk import Key, Walk
from wheatear.errors import MigrationFailedError


class Changes(NamedTuple):
    """What becomes of the rows.

    Attributes:
        batch: Changes the batch after a key; returns how many rows it had, and the key of the last
            one: None when there are no more.
        text: Of an expression, as SQL; empty for a function.
        values: The expression's parameters.
        by_key: Each row is found again by its key.
    """

    batch: Callable[[Key | None], tuple[int, Key | None]]
    text: str = ""
    values: Sequence[Any] = ()
    by_key: bool = False


def by_expressions(walk: Walk, values: Mapping[Any, Any], *, counts_found: bool) -> Changes:
    """One UPDATE for each batch.

    Args:
        walk: The rows.
        values: Fields and expressions.
        counts_found: See `Engine.counts_found_rows`.

    Raises:
        MigrationFailedError: The query has joins.
    """
    if walk.joins:
        raise MigrationFailedError(
            "backfill() with expressions needs a query of one table; this one has joins.",
            next="put the condition into a subquery, or give a function instead.",
        )
    update = walk.model.update(_named(walk, values))

    def change(after: Key | None) -> tuple[int, Key | None]:
        until = walk.end(after)
        rows = walk.batch
        if not counts_found and until is None:
            rows = walk.count(after)
        found = int(walk.where(update, after, until).execute())
        return found if counts_found else max(rows, found), until

    return Changes(change, *update.sql())


def by_function(
    walk: Walk,
    function: Callable[[Any], Any],
    each: Literal["row", "batch"],
    *,
    counts_found: bool,
) -> Changes:
    """Call a function with the rows, and write what it has changed.

    Args:
        walk: The rows.
        function: What it is.
        each: What it is called with.
        counts_found: See `Engine.counts_found_rows`.
    """
    meta = walk.model._meta
    names = {name: field.name for name, field in meta.combined.items()}
    names.update({field.object_id_name: field.name for field in meta.refs})

    def change(after: Key | None) -> tuple[int, Key | None]:
        rows, keys = walk.rows(after)
        if each == "batch":
            handed = [*rows]  # the function's own, to sort or to empty as it likes
            returned = function(handed)
            if returned is not None and returned is not handed:
                raise _wrong(returned, "assign to the rows.")
            if not {*map(id, rows)}.issuperset(map(id, handed)):
                raise MigrationFailedError(
                    "The function of backfill() put other things than its rows into their list.",
                    next="assign to the rows: what is in the list is not written.",
                )
        else:
            for row in rows:
                returned = function(row)
                if returned is not None and returned is not row:
                    for name, value in _values(walk, names, returned):
                        setattr(row, name, value)
        _write(walk, rows, keys, counts_found=counts_found)
        return len(rows), keys[-1] if len(rows) == walk.batch else None

    return Changes(change, by_key=True)


def _values(walk: Walk, names: Mapping[str, str], returned: Any) -> Iterable[tuple[str, Any]]:
    """The fields' names, and what they become."""
    if type(returned) is not dict and not isinstance(returned, Mapping):  # the second is slow
        raise _wrong(returned, "assign to the row, or return a dictionary of fields and values.")
    try:
        return [
            (names[one if type(one) is str else one.name], value) for one, value in returned.items()
        ]
    except (KeyError, AttributeError):
        of = [one if isinstance(one, str) else getattr(one, "name", one) for one in returned]
        raise _unknown(walk, next(one for one in of if one not in names)) from None


def _wrong(returned: Any, next_: str) -> MigrationFailedError:
    return MigrationFailedError(
        f"The function of backfill() returned {type(returned).__name__}.", next=next_
    )


def _unknown(walk: Walk, name: Any) -> MigrationFailedError:
    return MigrationFailedError(f"{walk.model.__name__} has no field {name!r}.")


def _named(walk: Walk, values: Mapping[Any, Any]) -> dict[Any, Any]:
    fields = walk.model._meta.combined
    named = {fields.get(one, one) if isinstance(one, str) else one: values[one] for one in values}
    unknown = [field for field in named if not isinstance(field, peewee.Field)]
    if unknown:
        raise _unknown(walk, unknown[0])
    _refuse_keys(walk, [field.name for field in named])
    return named


def _refuse_keys(walk: Walk, names: list[str]) -> None:
    key = next((key.name for key in walk.keys if key.name in names), None)
    if key:
        raise MigrationFailedError(
            f"backfill() cannot change {key}: it is walked by it.",
            next="change keys with statements of your own.",
        )


def _write(walk: Walk, rows: list[Any], keys: list[Key], *, counts_found: bool) -> None:
    """One statement for all rows in which the same fields were changed."""
    for names, changed, of_changed in _alike(rows, keys):
        if names:
            _refuse_keys(walk, list(names))
            fields = sorted((walk.model._meta.fields[one] for one in names), key=_place)
            found = _update(walk, fields, changed, of_changed)
            _refuse_misses(walk, of_changed, found, counts_found=counts_found)


def _alike(
    rows: list[Any], keys: list[Key]
) -> Iterable[tuple[Collection[str], list[Any], list[Key]]]:
    """Changed fields, and the rows and keys of those in which these were changed."""
    if not rows:
        return
    first = rows[0]._dirty
    if all([row._dirty == first for row in rows]):  # noqa: C419 - as nearly always: a list is faster
        yield first, rows, keys
        return
    alike: dict[frozenset[str], tuple[list[Any], list[Key]]] = defaultdict(lambda: ([], []))
    for row, key in zip(rows, keys, strict=True):
        changed, of_changed = alike[frozenset(row._dirty)]
        changed.append(row)
        of_changed.append(key)
    for names, (changed, of_changed) in alike.items():
        yield names, changed, of_changed


def _place(field: Any) -> Any:
    return field._sort_key


def _refuse_misses(walk: Walk, keys: list[Key], found: int, *, counts_found: bool) -> None:
    """Each row has to be found again, once.

    Args:
        walk: The rows.
        keys: Of those that were changed.
        found: What the driver says of the statements; negative if it says nothing.
        counts_found: It counts what was found, not only what is another now.
    """
    expected = len(keys)
    if found == expected:
        return
    if found < expected and not (counts_found and found >= 0):
        once = set(keys)  # a query with joins may have a row twice
        found, expected = walk.found(once), len(once)
    if found < expected:
        joined = ", or whether others delete rows: a query with joins does not lock them"
        raise MigrationFailedError(
            f"backfill() has {expected} rows of {walk.table} to write, and found {found} of them "
            "again.",
            next="see whether a trigger, a rule or a policy keeps rows of the table from being "
            f"changed{joined if walk.joins else ''}.",
        )
    if found > expected:
        raise MigrationFailedError(
            f"backfill() has {expected} rows of {walk.table} to write, and found {found} with "
            "their keys.",
            next="let the model name a primary key that tells the table's rows apart.",
        )


def _update(walk: Walk, fields: list[Any], rows: list[Any], keys: list[Key]) -> int:
    """What Peewee would send for each row; return how many rows it found, as the driver says.

    Peewee takes longer over one UPDATE than SQLite does: where it only converts the values, as for
    most fields, it is asked once.
    """
    sql, values = _by_peewee(walk, fields, rows[0], keys[0])
    converted = _converted(fields, rows, keys)
    if converted is not None and converted[0] == values:
        return _send(walk, sql, converted)
    compiled = [_by_peewee(walk, fields, row, key) for row, key in zip(rows, keys, strict=True)]
    counts = [
        _send(walk, text, [values for _, values in group])
        for text, group in groupby(compiled, key=itemgetter(0))
    ]
    return -1 if -1 in counts else sum(counts)


def _by_peewee(walk: Walk, fields: list[Any], row: Any, key: Key) -> tuple[str, tuple[Any, ...]]:
    query = walk.model.update({field: row.__data__[field.name] for field in fields})
    sql, values = query.where(walk.has(key)).sql()
    return sql, tuple(values)


def _converted(fields: list[Any], rows: list[Any], keys: list[Key]) -> list[tuple[Any, ...]] | None:
    """The values of all rows as Peewee converts them; None if one is an expression."""
    given = [[row.__data__[name] for row in rows] for name in (field.name for field in fields)]
    if any(issubclass(kind, peewee.Node) for values in given for kind in set(map(type, values))):
        return None
    converted = [map(field.db_value, values) for field, values in zip(fields, given, strict=True)]
    return list(zip(*converted, *zip(*keys, strict=True), strict=True))


def _send(walk: Walk, sql: str, values: list[tuple[Any, ...]]) -> int:
    cursor = walk.db.cursor()
    with vars(peewee)["__exception_wrapper__"]:
        cursor.executemany(sql, values)
    found = getattr(cursor, "rowcount", -1)  # APSW's has none
    cursor.close()
    return int(found)
