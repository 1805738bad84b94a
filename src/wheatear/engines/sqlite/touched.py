"""What a step touched, by SQLite's own list of statements, of which it counts each change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from wheatear.engines.alterations import Word, alterations
from wheatear.engines.recording import Identities, Recorder, Renamed, Touched
from wheatear.engines.sqlite.tokens import fold, tokens_of
from wheatear.schema.ours import is_ours

if TYPE_CHECKING:
    from wheatear.engines.sqlite.engine import SqliteEngine
    from wheatear.schema.model import Schema

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
        renames = _renames(sent, (row[1] for row in before.values() if row[0] == "table"))
        return _touched(_of_tables(before, tables), _of_tables(after, tables), renames)

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


def _renames(sent: Sequence[str], tables: Iterable[str]) -> tuple[Renamed, ...]:
    """What the step's statements renamed; https://www.sqlite.org/lang_altertable.html"""
    if not any(_says(sql, "rename") for sql in sent):
        return ()
    identities = Identities(tables, fold)
    for sql in _kept(sent):
        if not (_says(sql, "rename") or _says(sql, "drop")):
            continue
        identities.follow(alterations(words_of(sql)))
    return identities.renames()


def _says(sql: str, word: str) -> bool:
    return word in sql.lower()


def _kept(sent: Sequence[str]) -> list[str]:
    """Without what the step itself rolled back; https://www.sqlite.org/lang_savepoint.html"""
    kept: list[str] = []
    marks: list[tuple[str, int]] = []
    for sql in sent:
        words = [word for word in words_of(sql) if word.text != ";"]
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
