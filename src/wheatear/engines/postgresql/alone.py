"""Looking at what a statement that must be alone makes or takes away: before it, and again when
nobody knows whether it took effect. Only what the statement itself names counts: others may have
changed something meanwhile.
"""

from __future__ import annotations

import re
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

from wheatear.engines.journaling import Journaling, Seen, Settled
from wheatear.engines.postgresql.named import UNKNOWN, Named, named
from wheatear.engines.postgresql.spelling import index_pieces, quoted
from wheatear.engines.postgresql.words import statements_of

_COMMITS_INSIDE = frozenset({"CALL", "DO"})
_THINGS = {
    "DATABASE": "SELECT oid::bigint FROM pg_database WHERE datname = %s",
    "TABLESPACE": "SELECT oid::bigint FROM pg_tablespace WHERE spcname = %s",
    "SUBSCRIPTION": "SELECT oid::bigint FROM pg_subscription WHERE subname = %s AND subdbid = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())",
}
_INDEXES = (
    "SELECT i.indexrelid::bigint, i.indisvalid, c.relname::text, n.nspname::text, "
    "i.indrelid::bigint FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_class t ON t.oid = i.indrelid WHERE "
)
# What REINDEX CONCURRENTLY leaves: https://www.postgresql.org/docs/current/sql-reindex.html
_NEW, _OLD = re.compile(r".*_ccnew\d*", re.DOTALL), re.compile(r".*_ccold\d*", re.DOTALL)
_PLAIN_STRING = re.compile(r"'(?:[^'\\]|'')*'")
_PATIENCE, _PAUSE = 60.0, 0.2


class Alone:
    """Looks by one connection.

    Args:
        ways: The journal's, to send queries by.
    """

    def __init__(self, ways: Journaling) -> None:
        self._ways = ways

    # Before

    def look(self, sql: str) -> dict[str, Any]:
        """What is there of what the statement names."""
        about = _about(sql)
        if about.form == "unknown":
            return {"unsettled": _why_unknown(sql)}
        if about.form == "again":
            return {"again": True}
        if about.form == "reindex":
            return {"again": True, **self._scope(about)}
        return self._seen(about, sql)

    def _seen(self, about: Named, sql: str) -> dict[str, Any]:
        if about.form == "create index":
            table = self._relation(about.table)
            return {"table": table, "indexes": [row[0] for row in self._indexes_of(table)]}
        if about.form == "drop index":
            return {"oid": self._relation(about.name)}
        if about.form == "detach":
            child, parent = self._relation(about.name), self._relation(about.table)
            return {"child": child, "parent": parent, "state": self._attached(child, parent)}
        if about.form == "add value":
            return self._value(about, sql)
        return {"oid": self._thing(about)}

    # After

    def settle(self, sql: str, before: Seen) -> Settled:
        """Whether it took effect; an INVALID index of its own is dropped."""
        about = _about(sql)
        if about.form == "reindex" and "indexes" in before:
            self._drop(self._left_by_reindex(before))
        if before.get("again"):
            return Settled(done=False)
        if before.get("unsettled"):
            return Settled(None, str(before["unsettled"]))
        if about.form == "create index":
            return self._index_made(about, sql, before)
        return Settled(done=self._is_done(about, sql, before))

    def _is_done(self, about: Named, sql: str, before: Seen) -> bool:
        if about.form == "drop index":
            return bool(before["oid"]) and not self._indexes("i.indexrelid = %s", before["oid"])
        if about.form == "detach":
            state = self._attached(before["child"], before["parent"])
            return before["state"] == "attached" and state is None
        if about.form == "add value":
            return not before["has"] and self._has_value(before["type"], _label(about, sql))
        there = self._thing(about)
        if about.form == "create":
            return before["oid"] is None and there is not None
        return before["oid"] is not None and there != before["oid"]

    def _index_made(self, about: Named, sql: str, before: Seen) -> Settled:
        """There by its name, made since, valid, and as the statement asks for."""
        came = self._came(about, before)
        if not came:
            return Settled(done=False)
        asked = self._asked(about, sql, before["table"])
        if asked is None and not about.bare:
            names = ", ".join(name for _, _, name, _, _ in came)
            return Settled(None, f"{names} came since, and may be the index that it makes or not")
        same = [row for row in came if asked is None or self._definition(row[0]) == asked]
        left_over = [row for row in same if not row[1]]
        if left_over and not self._drop(left_over):
            return Settled(None, f"another session builds an index on {about.table}")
        if any(self._is_valid(oid) for oid, *_ in same):
            return Settled(done=True)
        if about.bare and not left_over:
            return Settled(None, f"there is an index {about.bare} now, but not as it makes it")
        return Settled(done=False)

    def _came(self, about: Named, before: Seen) -> list[Any]:
        """The indexes that came since, of the statement's name if it gives one."""
        return [
            row
            for row in self._indexes_of(before["table"])
            if row[0] not in before["indexes"] and about.bare in ("", row[2])
        ]

    # What is left half done

    def builders_beside(self, sql: str, before: Seen) -> list[int]:
        """Who builds an index on a table where it may have left an INVALID one."""
        about, rows = _about(sql), []
        if about.form == "create index" and "indexes" in before:
            rows = [row for row in self._came(about, before) if not row[1]]
        if about.form == "reindex" and "indexes" in before:
            rows = self._left_by_reindex(before)
        return [pid for table in {row[4] for row in rows} for pid in self.builders(table)]

    def _left_by_reindex(self, before: Seen) -> list[Any]:
        """The new index that was not done, and the old one that was to be dropped."""
        known = dict(before["indexes"])
        return [
            row
            for row in self._indexes("i.indrelid = ANY(%s::bigint[]::oid[])", before["tables"])
            if not row[1]
            and (
                (row[0] not in known and _NEW.fullmatch(row[2]))
                or (known.get(row[0]) and _OLD.fullmatch(row[2]))
            )
        ]

    def _drop(self, rows: list[Any]) -> bool:
        """Drop these; not while another session builds an index there, whose end the DROP would
        wait for, as it would for the end of the DROP.

        https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
        """
        for oid, _, name, schema, table in rows:
            deadline = monotonic() + _PATIENCE
            while self.builders(table):
                if monotonic() > deadline:
                    return False
                sleep(_PAUSE)
            if not self._is_valid(oid):  # it was the other session's, and is done
                self._ways.send(f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(schema, name)}").close()
        return True

    def builders(self, table: int) -> list[int]:
        """The server processes of others that build an index on the table.

        Each holds this lock all the while; so does VACUUM, which the progress tells apart.
        https://www.postgresql.org/docs/current/progress-reporting.html
        """
        has_progress = self._ways.connection.info.server_version >= 120000
        only = "JOIN pg_stat_progress_create_index p ON p.pid = l.pid " if has_progress else ""
        rows = self._ways.rows(
            f"SELECT l.pid FROM pg_locks l {only}WHERE l.locktype = 'relation' AND l.granted "
            "AND l.mode = 'ShareUpdateExclusiveLock' AND l.pid <> pg_backend_pid() "
            "AND l.relation = %s AND l.database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())",
            (table,),
        )
        return [pid for (pid,) in rows]

    def finish(self, before: Seen) -> None:
        """A partition that is half detached can only be detached to the end.

        https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION
        """
        if before.get("state") != "attached":
            return
        child, parent = before["child"], before["parent"]
        if self._attached(child, parent) == "half detached":
            ((names),) = self._ways.rows(
                "SELECT %s::bigint::regclass::text, %s::bigint::regclass::text", (parent, child)
            )
            with self._ways.writing():
                self._ways.send(
                    f"ALTER TABLE {names[0]} DETACH PARTITION {names[1]} FINALIZE"
                ).close()

    # The catalogue

    def _relation(self, name: str | None) -> int | None:
        """The number of a table or index, found as the server finds it."""
        found: int | None = self._ways.rows("SELECT to_regclass(%s::text)::oid::bigint", (name,))[
            0
        ][0]
        return found

    def _thing(self, about: Named) -> int | None:
        rows = self._ways.rows(_THINGS[about.what], (about.bare,))
        return rows[0][0] if rows else None

    def _indexes(self, condition: str, *values: Any) -> list[Any]:
        return self._ways.rows(f"{_INDEXES}{condition}", values)

    def _is_valid(self, index: int) -> bool:
        return bool(self._indexes("i.indexrelid = %s AND i.indisvalid", index))

    def _indexes_of(self, table: int | None) -> list[Any]:
        return self._indexes("i.indrelid = %s", table) if table else []

    def _in_scope(self, about: Named) -> list[Any]:
        """The indexes of all tables that a REINDEX works on."""
        parts = "(SELECT relid FROM pg_partition_tree(to_regclass(%s::text)))"
        name = about.name
        if about.what == "INDEX":
            one = f"(x.indexrelid = to_regclass(%s::text) OR x.indexrelid IN {parts})"
            tables = f"SELECT x.indrelid FROM pg_index x WHERE {one}"
            return self._indexes(f"i.indrelid IN ({tables})", name, name)
        if about.what == "TABLE":
            one = f"(x.oid = to_regclass(%s::text) OR x.oid IN {parts})"
            tables = f"SELECT unnest(ARRAY[x.oid, x.reltoastrelid]) FROM pg_class x WHERE {one}"
            return self._indexes(f"i.indrelid IN ({tables})", name, name)
        if about.what == "SCHEMA":
            tables = (
                "SELECT unnest(ARRAY[x.oid, x.reltoastrelid]) FROM pg_class x "
                "JOIN pg_namespace s ON s.oid = x.relnamespace WHERE s.nspname = %s"
            )
            return self._indexes(f"i.indrelid IN ({tables})", about.bare)
        return self._ways.rows(f"{_INDEXES}n.nspname <> 'pg_catalog'")

    def _scope(self, about: Named) -> dict[str, Any]:
        """Its indexes, and whether they are valid; its tables by number, for a run that takes this
        one up has another search path.
        """
        rows = self._in_scope(about)
        indexes = [[oid, valid] for oid, valid, *_ in rows]
        return {"indexes": indexes, "tables": sorted({row[4] for row in rows})}

    def _attached(self, child: int | None, parent: int | None) -> str | None:
        """`inhdetachpending` is PostgreSQL 14's, as the statement is."""
        rows = self._ways.rows(
            "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = %s AND inhparent = %s",
            (child, parent),
        )
        return ("half detached" if rows[0][0] else "attached") if rows else None

    def _value(self, about: Named, sql: str) -> dict[str, Any]:
        label = _label(about, sql)
        if label is None:
            return {"unsettled": "which value it adds is not understood"}
        ((type_,),) = self._ways.rows("SELECT to_regtype(%s::text)::oid::bigint", (about.name,))
        return {"type": type_, "has": self._has_value(type_, label)}

    def _has_value(self, type_: int | None, label: str | None) -> bool:
        sql = "SELECT 1 FROM pg_enum WHERE enumtypid = %s AND enumlabel = %s"
        return bool(self._ways.rows(sql, (type_, label)))

    # Definitions

    def _definition(self, index: int) -> tuple[Any, ...]:
        ((text,),) = self._ways.rows("SELECT pg_get_indexdef(%s::bigint::oid)", (index,))
        return _without_names(text)

    def _asked(self, about: Named, sql: str, table: int) -> tuple[Any, ...] | None:
        """What the statement asks for, as the server prints it: of an empty table like its own, in
        a transaction that is rolled back. None where that cannot be.
        """
        if "%" in sql:  # doubled, or the place of a parameter
            return None
        rows = self._ways.rows(
            "SELECT relname::text, oid::regclass::text FROM pg_class WHERE oid = %s", (table,)
        )
        if not rows:
            return None
        (name, qualified), unique = rows[0], "UNIQUE " if about.unique else ""
        scratch = quoted("pg_temp", name)
        try:
            self._ways.send("BEGIN").close()
            self._ways.send(f"CREATE TEMPORARY TABLE {quoted(name)} (LIKE {qualified})").close()
            self._ways.send(f"CREATE {unique}INDEX ON {scratch}{sql[about.rest :]}").close()
            ((text,),) = self._ways.rows(
                "SELECT pg_get_indexdef(indexrelid) FROM pg_index "
                f"WHERE indrelid = '{scratch.replace(chr(39), chr(39) * 2)}'::regclass"
            )
        except Exception:  # noqa: BLE001 - any driver's; the right to make it may be missing
            return None
        finally:
            with suppress(Exception):
                self._ways.rollback()
        return _without_names(text)


def _about(sql: str) -> Named:
    statements = statements_of(sql)
    return named(statements[0]) if len(statements) == 1 else UNKNOWN


def _label(about: Named, sql: str) -> str | None:
    """The value that is added to an enum."""
    text = sql[slice(*about.label)]
    return text[1:-1].replace("''", "'") if _PLAIN_STRING.fullmatch(text) else None


def _why_unknown(sql: str) -> str:
    statements = statements_of(sql)
    if len(statements) == 1 and statements[0][0].word.text in _COMMITS_INSIDE:
        return "it is a procedure that commits inside"
    return "what it changes cannot be seen"


def _without_names(definition: str) -> tuple[Any, ...]:
    _, *pieces = index_pieces(definition)
    return (definition.startswith("CREATE UNIQUE "), *pieces)
