"""What a step touched, by SQLite's own list of statements, of which it counts each change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wheatear.engines.alterations import Alteration, Renames, Word, alterations
from wheatear.engines.recording import Dropped, Identities, Recorder, Renamed, Touched
from wheatear.engines.sqlite.tokens import fold, tokens_of
from wheatear.schema.ours import is_ours

if TYPE_CHECKING:
    from wheatear.engines.sqlite.engine import SqliteEngine
    from wheatear.schema.model import Schema

_FOLLOWED = re.compile("rename|drop", re.IGNORECASE)
_MARKS = re.compile("savepoint|rollback", re.IGNORECASE)
_MAKES = re.compile(r"\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?", re.IGNORECASE)
_ADDS = re.compile(r"\s*CREATE\s+TABLE\b|\s*ALTER\b.*\bADD\b", re.IGNORECASE | re.DOTALL)
_LONGEST_NAME = 300

_Key = tuple[str, str]
_Row = tuple[str, str, str, str]
"""Type, name, table and statement."""


class SqliteRecorder(Recorder):
    """Compares the rows of `sqlite_master`, and only where `schema_version` has changed.

    https://www.sqlite.org/pragma.html#pragma_schema_version
    """

    def __init__(self, engine: SqliteEngine) -> None:
        self._engine = engine
        self._rows: dict[_Key, _Row] | None = None
        self._last = 0
        """The highest rowid: what is only made gets a higher one."""
        self._version = -1

    def begin(self) -> None:
        """Another connection may have come before; this one's own changes are known."""
        if self._rows is not None and self._engine.undisturbed and self._engine.in_transaction():
            return
        version = self._schema_version()
        if self._rows is None or version != self._version:
            self._rows, self._version = self._read(0), version

    def touched(self, sent: Sequence[str], *, only_creates: bool) -> Touched | None:
        """The rows that differ, with the others of their tables."""
        assert self._rows is not None  # noqa: S101 - for the type checker
        before = self._rows
        if only_creates:
            new = self._read(self._last)
            known = {row[1] for row in new.values() if row[0] == "table"}
            on_old = {row[2] for row in new.values()} - known
            old = _of_tables(before, on_old) if on_old else {}
            before.update(new)
            self._version = -1  # asked for only where another connection may have come
            return _touched(old, {**old, **new}, ())
        version = self._schema_version()
        if version == self._version:
            return None
        after = self._read(0)
        self._rows, self._version = after, version
        differing = before.items() ^ after.items()
        tables = {row[2] for _, row in differing}
        renames, dropped = _followed(sent, before)
        found = _touched(_of_tables(before, tables), _of_tables(after, tables), renames)
        return found and found._replace(dropped=dropped)

    def forget(self) -> None:
        """Read all of it again."""
        self._rows = None

    def schema_of(self, kept: Any) -> Schema:
        """What the statements make in memory."""
        from wheatear.engines.sqlite.kept import schema_of  # noqa: PLC0415 - for the way back

        return schema_of(self._engine.db, [(kind, name, sql) for kind, name, _, sql in kept])

    def _schema_version(self) -> int:
        return int(self._all("PRAGMA main.schema_version")[0][0])

    def _read(self, since: int) -> dict[_Key, _Row]:
        found = self._all(
            "SELECT rowid, type, name, tbl_name, sql FROM main.sqlite_master WHERE rowid > ?",
            since,
        )
        if found:
            self._last = max(row[0] for row in found)
        elif not since:
            self._last = 0
        return {
            (kind, name): (kind, name, table, sql)
            for _, kind, name, table, sql in found
            if sql is not None and not name.startswith("sqlite_") and not is_ours(table)
        }

    def _all(self, sql: str, *values: Any) -> list[Any]:
        """Past Peewee: it is asked after each of a thousand small steps."""
        cursor = self._engine.connection.cursor()
        try:
            return list(cursor.execute(sql, values))
        finally:
            cursor.close()


def _of_tables(rows: dict[_Key, _Row], tables: Iterable[str]) -> dict[_Key, _Row]:
    wanted = {*tables}
    return {key: row for key, row in rows.items() if row[2] in wanted}


def _touched(
    before: dict[_Key, _Row], after: dict[_Key, _Row], renames: tuple[Renamed, ...]
) -> Touched | None:
    if before == after:
        return None
    return Touched(sorted(before.values()), sorted(after.values()), renames)


def _followed(
    sent: Sequence[str], before: dict[_Key, _Row]
) -> tuple[tuple[Renamed, ...], tuple[Dropped, ...]]:
    """What the statements renamed and dropped; https://www.sqlite.org/lang_altertable.html"""
    if not any(map(_FOLLOWED.search, sent)):
        return (), ()
    kept = _kept(sent)
    identities = Identities((row[1] for row in before.values() if row[0] == "table"), fold)
    # What a copy of a table lacks counts only where a column of that name may have come later.
    copies = _Copies(before, identities) if sum(map(bool, map(_ADDS.match, kept))) > 1 else None
    for sql in kept:
        if copies is not None:
            copies.made(sql)
        if _FOLLOWED.search(sql):
            found = alterations(words_of(sql))
            if copies is None:
                identities.follow(found)
            else:
                copies.follow(found)
    return identities.renames(), identities.dropped(kept)


class _Copies:
    """Tables that are made to take another one's place, with its rows, but not all its columns."""

    def __init__(self, before: dict[_Key, _Row], identities: Identities) -> None:
        self._before = before
        self._identities = identities
        self._made: dict[str, str] = {}

    def made(self, sql: str) -> None:
        """Note a table that a statement makes."""
        match = _MAKES.match(sql)
        if match:
            self._made[_name_at(sql, match.end())] = sql

    def follow(self, found: Sequence[Alteration]) -> None:
        """Take what one statement renames and drops, and see which table is such a copy."""
        copies = [
            (one.new, self._made.pop(fold(one.table)))
            for one in found
            if isinstance(one, Renames) and one.column is None and fold(one.table) in self._made
            if self._identities.original(one.table) is None
        ]
        self._identities.follow(found)
        for table, sql in copies:
            self._compare(table, sql)

    def _compare(self, table: str, sql: str) -> None:
        """See which columns the copy lacks."""
        from wheatear.engines.sqlite.definition import (  # noqa: PLC0415 - few steps need it
            UnreadableDefinitionError,
        )
        from wheatear.engines.sqlite.grammar import parse  # noqa: PLC0415

        original = self._identities.original(table)
        if original is None:
            return
        with suppress(UnreadableDefinitionError):  # CREATE TABLE … AS SELECT …
            old, new = (
                [column.name for column in parse(text).columns]
                for text in (self._before["table", original][3], sql)
            )
            self._identities.table_rebuilt(table, old, new)


def _name_at(sql: str, start: int) -> str:
    """The name of the table that a statement makes."""
    words = words_of(sql[start : start + _LONGEST_NAME])
    qualified = len(words) > 2 and words[1].text == "."
    name = words[2 if qualified else 0].name if words else None
    return fold(name or "")


def _kept(sent: Sequence[str]) -> list[str]:
    """Without what the step itself rolled back; https://www.sqlite.org/lang_savepoint.html"""
    kept: list[str] = []
    marks: list[tuple[str, int]] = []
    for sql in sent:
        words = _words_of_mark(sql)
        if words and words[0].text == "SAVEPOINT":
            marks.append((fold(words[-1].name or ""), len(kept)))
        elif words and words[0].text == "ROLLBACK":
            if not any(word.text == "TO" for word in words):
                continue  # of a transaction of its own, which the log has left out
            name = fold(words[-1].name or "")
            while marks and marks[-1][0] != name:
                marks.pop()
            del kept[marks[-1][1] if marks else 0 :]
        else:
            kept.append(sql)
    return kept


def _words_of_mark(sql: str) -> list[Word]:
    """The words of a statement about savepoints; none of any other."""
    return [word for word in words_of(sql) if word.text != ";"] if _MARKS.search(sql) else []


def words_of(sql: str) -> list[Word]:
    """A statement's words; a text in single quotes may be a name here."""
    words = []
    for token in tokens_of(sql):
        if token.kind == "word":
            words.append(Word(token.text.upper(), token.name))
        elif token.kind == "other":
            words.append(Word(token.text, None))
        else:
            words.append(Word("", token.name))
    return words
