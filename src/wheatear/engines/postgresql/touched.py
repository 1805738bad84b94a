"""What a step touched, by the locks that it holds until it commits.

Every statement that changes a relation holds a lock on it that a query or a write does not take,
until the transaction ends; a rollback to a savepoint gives it back. So the server itself tells what
was touched, without looking through its catalogue.
https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
https://www.postgresql.org/docs/current/view-pg-locks.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from wheatear.engines.postgresql import catalogue, facts, reader
from wheatear.engines.postgresql.spelling import quoted, string
from wheatear.engines.recording import Dropped, Recorder, Renamed, Touched, may_copy
from wheatear.schema.model import Object, Schema, Table
from wheatear.schema.ours import is_ours
from wheatear.schema.stored import as_json, from_json

if TYPE_CHECKING:
    from wheatear.engines.postgresql.engine import PostgresqlEngine

# Types have no such locks, but they are few: one text of the versions of their rows.
_TYPES = """(
SELECT string_agg(concat_ws(' ', t.oid, t.xmin,
  (SELECT string_agg(e.xmin::text || e.oid, ' ' ORDER BY e.oid)
   FROM pg_enum e WHERE e.enumtypid = t.oid),
  (SELECT string_agg(k.xmin::text || k.oid, ' ' ORDER BY k.oid)
   FROM pg_constraint k WHERE k.contypid = t.oid)), ',' ORDER BY t.oid)
FROM pg_type t
WHERE t.typtype IN ('e', 'd') AND t.typnamespace = {namespace}::regnamespace)"""

# The kind is NULL for what is gone, or elsewhere, and `-` for a sequence that belongs to a column.
_LOCKED = """(
SELECT json_agg(DISTINCT jsonb_build_array(COALESCE(i.indrelid, l.relation)::bigint,
  CASE WHEN r.relnamespace <> {namespace}::regnamespace THEN NULL
       WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                    AND d.objid = r.oid AND d.deptype IN ('a', 'i') AND r.relkind = 'S')
       THEN '-' ELSE r.relkind::text END))::text
FROM pg_locks l
LEFT JOIN pg_index i ON i.indexrelid = l.relation
LEFT JOIN pg_class r ON r.oid = COALESCE(i.indrelid, l.relation)
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation >= 16384
  AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock',
                 'ExclusiveLock', 'AccessExclusiveLock'))"""

_MARK = "wheatear_touched"


class _Relation(NamedTuple):
    """A table with its triggers, or another thing; of a table its columns by their numbers."""

    value: Table | Object
    triggers: tuple[Object, ...] = ()
    columns: Mapping[int, str] = {}


class PostgresqlRecorder(Recorder):
    """Reads all once a run, and after each step the tables that it locked."""

    def __init__(self, engine: PostgresqlEngine) -> None:
        self._engine = engine
        self._known: dict[int, _Relation] | None = None
        self._types: str | None = None

    @property
    def _db(self) -> Any:
        return self._engine.db

    def begin(self) -> None:
        """Read all of it, once."""
        if self._known is None:
            with self._db.atomic():
                ((self._types, _),) = self._ask(f"SELECT {_TYPES}, NULL")
                self._known = self._read()

    def touched(self, sent: Sequence[str], *, only_creates: bool) -> Touched | None:
        """The relations that are not what they were, by their numbers, which no rename changes."""
        del only_creates
        assert self._known is not None  # noqa: S101 - for the type checker
        before = self._known
        if self._engine.in_transaction():
            after = self._after(before)
        else:
            with self._db.atomic():
                after = self._read()
        self._known = after
        numbers = [
            number for number in {**before, **after} if before.get(number) != after.get(number)
        ]
        if not numbers:
            return None
        return Touched(
            as_json(_schema(before, numbers)),
            as_json(_schema(after, numbers)),
            tuple(_renames(before, after, numbers)),
            tuple(_dropped(before, after, sent)),
        )

    def forget(self) -> None:
        """Read all of it again."""
        self._known = None

    def schema_of(self, kept: Any) -> Schema:
        """It is kept as it was read."""
        return from_json(kept)

    def _after(self, before: dict[int, _Relation]) -> dict[int, _Relation]:
        """In as few round trips as can be: it is asked after every step."""
        home = string(f"{quoted(self._engine.home())}, pg_temp")
        ((path, types, locked, _),) = self._ask(
            f"SAVEPOINT {_MARK}; SELECT current_setting('search_path'), {_TYPES}, {_LOCKED}, "
            f"set_config('search_path', {home}, true)"
        )
        try:
            changed = self._changed(before, types, json.loads(locked or "[]"))
        except BaseException:
            self._ask(f"ROLLBACK TO {_MARK}")
            raise
        self._ask(f"SELECT set_config('search_path', {string(path)}, true); RELEASE {_MARK}")
        return changed

    def _changed(
        self, before: dict[int, _Relation], types: str | None, locked: list[tuple[int, str | None]]
    ) -> dict[int, _Relation]:
        if types != self._types:
            self._types = types
            return self._read()
        gone = {number for number, kind in locked if kind is None and number in before}
        tables = [number for number, kind in locked if kind in {"r", "p"}]
        others = [kind for _, kind in locked if kind in {"v", "m", "S"}]
        if others or any(not isinstance(before[number].value, Table) for number in gone):
            return self._read()
        changed = self._of(self._ask(catalogue.of_relations(tables))) if tables else {}
        # Who else is called by a name (a view, a foreign key) is printed with the new one.
        if any(True for _ in _renames(before, {**before, **changed}, list(changed))):
            return self._read()
        kept = {number: one for number, one in before.items() if number not in gone}
        return {**kept, **changed}

    def _read(self) -> dict[int, _Relation]:
        return self._of(reader.read_rows(self._db, self._engine.home()))

    def _of(self, rows: Iterable[tuple[str, int, str]]) -> dict[int, _Relation]:
        found = {}
        for number, pieces in reader.rows_by_relation(rows).items():
            for one in _relation(pieces):
                if not is_ours(one.value.name):
                    found[number] = one
        return found

    def _ask(self, sql: str) -> list[Any]:
        """Past Peewee; of several statements the last one's rows."""
        cursor = self._engine.connection.cursor()
        try:
            cursor.execute(sql.replace("{namespace}", string(quoted(self._engine.home()))))
            with suppress(Exception):  # psycopg2 stands at the last one already, and says so
                while cursor.nextset():
                    pass
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            cursor.close()


def _relation(pieces: facts.Pieces) -> Iterator[_Relation]:
    if pieces["table"]:
        table = facts.table(pieces)
        triggers = tuple(facts.trigger(row, table.name) for row in pieces["trigger"])
        columns = {int(row[0]): str(row[1]) for row in pieces["column"]}
        yield _Relation(table, triggers, columns)
    for kind, make in facts.OBJECTS.items():
        yield from (_Relation(make(row)) for row in pieces[kind])


def _schema(relations: Mapping[int, _Relation], numbers: Sequence[int]) -> Schema:
    these = [relations[number] for number in numbers if number in relations]
    tables = [one.value for one in these if isinstance(one.value, Table)]
    objects = [one.value for one in these if isinstance(one.value, Object)]
    objects += [trigger for one in these for trigger in one.triggers]
    return Schema(
        tuple(sorted(tables, key=lambda it: it.name)),
        tuple(sorted(objects, key=lambda it: (it.name, it.kind, it.table or ""))),
    )


def _renames(
    before: Mapping[int, _Relation], after: Mapping[int, _Relation], numbers: Sequence[int]
) -> Iterator[Renamed]:
    both = [(before[it], after[it]) for it in numbers if it in before and it in after]
    pairs = [(was, is_) for was, is_ in both if isinstance(was.value, Table)]
    for was, is_ in pairs:
        if was.value.name != is_.value.name:
            yield Renamed(was.value.name, was.value.name, is_.value.name)
    for was, is_ in pairs:
        for number, old in was.columns.items():
            new = is_.columns.get(number, old)
            if new != old:
                yield Renamed(was.value.name, old, new, is_column=True)


def _dropped(
    before: Mapping[int, _Relation], after: Mapping[int, _Relation], sent: Sequence[str]
) -> Iterator[Dropped]:
    """The tables and columns that are gone, and others have their names."""
    named = {
        one.value.name for number, one in after.items() if number not in before and one.columns
    }
    for number, was in before.items():
        is_ = after.get(number)
        if is_ is None:
            if was.columns and was.value.name in named:
                yield Dropped(was.value.name, None, may_copy(sent))
        elif was is not is_:
            new = {name for at, name in is_.columns.items() if at not in was.columns}
            for at, name in was.columns.items():
                if at not in is_.columns and name in new:
                    yield Dropped(was.value.name, name)
