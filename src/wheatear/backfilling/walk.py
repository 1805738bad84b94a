"""Rows in the order of their primary key, a batch at a time."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import and_, or_
from typing import Any

import peewee

from wheatear.errors import MigrationFailedError

Key = tuple[Any, ...]
"""The values of a row's primary key, as the driver reads them.

Not as the model does: a field may read several texts as one value (a UUID with hyphens and
without), and what it then writes is not what the database holds.
"""

_LOOKED_FOR = 500
"""Keys in one question; SQLite bounds a statement's parameters."""
_UNORDERED = ("_order_by", "_limit", "_offset", "_group_by", "_having", "_distinct", "_windows")


class Walk:
    """The rows of a query.

    Args:
        model: The model whose rows they are.
        query: The query.
        batch: Rows in one batch.
    """

    def __init__(self, model: Any, query: Any, batch: int) -> None:
        self.model = model
        self.db = model._meta.database
        self.batch = batch
        self.table = str(model._meta.table_name)
        self.keys = list(model._meta.get_primary_keys())
        self.joins = any(isinstance(one, peewee.Join) for one in query._from_list or ())
        self._query = query
        self._read = [key.alias(key.column_name).coerce(False) for key in self.keys]
        sql, self.values = self._ordered(query).sql()
        names = ", ".join(key.column_name for key in self.keys)
        self.description = f"{self.table} ({names}): {sql}"

    def rows(self, after: Key | None) -> tuple[list[Any], list[Key]]:
        """The next rows, and their keys; locked against others' changes until the transaction ends.

        Peewee makes models of what the driver has read, of which the keys are taken.
        """
        places = self._places()
        query = self._ordered(self._after(self._query, after)).limit(self.batch)
        if self.model._meta.database.for_update and not self.joins:
            query = query.for_update()
        models = query.execute()
        first = models.cursor.fetchone()
        if first is None:
            models.cursor.close()
            return [], []
        models.initialize()  # now: drivers forget the columns with the last row, or at the end
        read = [first, *models.cursor.fetchall()]
        models.cursor.close()
        return [*map(models.process_row, read)], [tuple([row[at] for at in places]) for row in read]

    def _places(self) -> list[int]:
        """Which of the columns that are read are the key."""
        selected = [one.unwrap() for one in self._query._returning]
        places = []
        for key in self.keys:
            found = next((at for at, one in enumerate(selected) if one is key), None)
            if found is None:
                raise _refused(
                    f"the query does not select the key {key.name}", "let it select that as well"
                )
            places.append(found)
        return places

    def end(self, after: Key | None) -> Key | None:
        """The key of the last row of the next batch; None if there are fewer rows than that."""
        query = self._after(self._query, after).select(*self._read)
        row = self._ordered(query).limit(1).offset(self.batch - 1).tuples().first()
        return tuple(row) if row else None

    def where(self, query: Any, after: Key | None, until: Key | None) -> Any:
        """Narrow an UPDATE to the rows between two keys."""
        if self._query._where is not None:
            query = query.where(self._query._where)
        if until is not None:
            query = query.where(self.keys[0] <= as_read(until[0]), ~self._beyond(until))
        return self._after(query, after)

    def count(self, after: Key | None) -> int:
        """How many rows are left."""
        return int(self._after(self._query, after).count())

    def found(self, keys: Collection[Key]) -> int:
        """How many rows of the table have one of these keys; each is to be named once."""
        named, found = list(keys), 0
        for start in range(0, len(named), _LOOKED_FOR):
            any_ = [self.has(key) for key in named[start : start + _LOOKED_FOR]]
            while len(any_) > 1:  # a tree: one after the other would nest too deep
                any_ = [reduce(or_, any_[at : at + 2]) for at in range(0, len(any_), 2)]
            found += int(self.model.select().where(any_[0]).count())
        return found

    def has(self, key: Key) -> Any:
        """Whether a row has this key."""
        return reduce(
            and_, (field == as_read(value) for field, value in zip(self.keys, key, strict=True))
        )

    def refuse_null_keys(self) -> None:
        """SQLite lets a primary key that is no integer be NULL, which nothing comes after.

        https://www.sqlite.org/lang_createtable.html#the_primary_key
        """
        null = reduce(or_, (key.is_null() for key in self.keys))
        if self._query.where(null).exists():
            raise MigrationFailedError(
                f"backfill() cannot walk {self.table}: there are rows whose primary key is NULL.",
                next="give them a key first.",
            )

    def refuse_inexact_keys(self, types: Collection[str]) -> None:
        """Rows that are not found again by the value that was read would be passed over."""
        if not types:
            return
        keys = {key.column_name for key in self.keys}
        for column in self.db.get_columns(self.table, self.model._meta.schema):
            if column.name in keys and column.data_type in types:
                raise _refused(
                    f"the key {column.name} is of type {column.data_type}, where the value that is "
                    "read does not lead to the row",
                    "do this with one UPDATE",
                )

    def refuse_repeated_keys(self) -> None:
        """Of rows that have one key, each would get the values of the last."""
        names = {key.column_name for key in self.keys}
        primary = self.db.get_primary_keys(self.table, self.model._meta.schema)
        if primary and names.issuperset(primary):
            return
        keys = self.model.select(*self._read).group_by(*self.keys)
        if keys.having(peewee.fn.COUNT(1) > 1).limit(1).tuples().first() is not None:
            raise _refused(
                f"{self.table} has several rows with the same {', '.join(sorted(names))}, which "
                f"{self.model.__name__} calls its key",
                "name fields that tell its rows apart (`primary_key = CompositeKey(…)` in the "
                "model's Meta), or give a dictionary of expressions instead of a function",
            )

    def _after(self, query: Any, after: Key | None) -> Any:
        return query if after is None else query.where(self._beyond(after))

    def _beyond(self, key: Key) -> Any:
        """Greater than a key: `a >= 1 AND (a > 1 OR (a = 1 AND b > 2))`.

        Not `(a, b) > (1, 2)`: MariaDB does not use an index for that.
        https://mariadb.com/kb/en/pagination-optimization/
        """
        first, value = self.keys[0], key[0]
        if len(key) == 1:
            return first > as_read(value)
        ors = []
        for index in range(len(key)):
            same = [self.keys[i] == as_read(key[i]) for i in range(index)]
            ors.append(reduce(and_, [*same, self.keys[index] > as_read(key[index])]))
        return (first >= as_read(value)) & reduce(or_, ors)

    def _ordered(self, query: Any) -> Any:
        return query.order_by(*self.keys)


def as_read(value: Any) -> Any:
    """A value that Peewee hands to the driver as it came from there."""
    return peewee.Value(value, converter=False, unpack=False)


def walk_of(rows: Any, db: Any, batch: int) -> Walk:
    """Return the walk over what a user has named.

    Raises:
        MigrationFailedError: It cannot be walked.
    """
    if isinstance(rows, peewee.ModelSelect):
        model, query = rows.model, rows
    elif isinstance(rows, type) and issubclass(rows, peewee.Model):
        model, query = rows, rows.select()
    else:
        raise _refused(f"{rows!r} is neither a model nor a query of one", "name a Peewee model")
    ours = model._meta.database
    ours = ours.obj if isinstance(ours, peewee.Proxy) else ours
    if ours is not db:
        raise _refused(
            f"{model.__name__} belongs to another database",
            "write `database = db` in its Meta, with the `db` of migrations_config",
        )
    if not model._meta.primary_key:
        raise _refused(f"{model.__name__} has no primary key", "do this with one UPDATE")
    wrong = next((name for name in _UNORDERED if getattr(query, name, None)), None)
    if wrong:
        raise _refused(
            f"the query has {wrong.strip('_').replace('_', ' ')}",
            "leave that out: rows are taken in the order of their key, all of them",
        )
    return Walk(model, query, batch)


def _refused(what: str, next_: str) -> MigrationFailedError:
    return MigrationFailedError(f"backfill() cannot walk this: {what}.", next=f"{next_}.")
