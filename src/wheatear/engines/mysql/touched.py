"""What a step touched, by the names in its statements and what the server says of those tables.

A statement that changes a table says its name, but for one that hides it in a routine or in a text
to be executed. So of the tables that a step names SHOW CREATE TABLE is asked, and of all their
names alone, where the statements' grammar does not say all of them; the catalogue's own tables
would take longer than the step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from wheatear.engines.alterations import Drops, Word, alterations
from wheatear.engines.mysql import kept
from wheatear.engines.mysql.kept import Things
from wheatear.engines.mysql.kinds import inner, words_of
from wheatear.engines.mysql.named import named
from wheatear.engines.mysql.tokens import quoted, tokens
from wheatear.engines.recording import Dropped, Identities, Recorder, Renamed, Touched
from wheatear.schema.ours import is_ours

if TYPE_CHECKING:
    from wheatear.engines.mysql.engine import MysqlEngine
    from wheatear.schema.model import Schema

# What may change a table without saying its name.
_HIDES = re.compile(
    r"^\W*(?:CALL|EXECUTE|PREPARE|BEGIN\s+NOT|IF|DROP\s+DATABASE|ALTER\s+DATABASE)\b|/\*M?!",
    re.IGNORECASE,
)
_OBJECTS = re.compile(r"\b(?:VIEW|TRIGGER|SEQUENCE)\b", re.IGNORECASE)
_MAY_RENAME = re.compile(r"\b(?:RENAME|CHANGE|DROP)\b", re.IGNORECASE)
# What changes no table's definition, and can call nothing that does.
_NO_DEFINITION = frozenset(
    "INSERT UPDATE DELETE REPLACE LOAD SAVEPOINT RELEASE BEGIN START COMMIT ROLLBACK SET".split()
)
_UNSURE = re.compile(r"/\*M?!|;.*\S|\bTEMPORARY\b", re.IGNORECASE | re.DOTALL)

_Known = dict[str, str]


class _Looked(NamedTuple):
    """The tables that a step may have touched, or more, as they were and as they are."""

    before: _Known
    after: _Known


class MysqlRecorder(Recorder):
    """Knows each table's SHOW CREATE TABLE, and asks again for those that a step names."""

    def __init__(self, engine: MysqlEngine) -> None:
        self._engine = engine
        self._tables: _Known | None = None
        self._may_point: set[str] = set()
        """Tables with foreign keys, or that had some."""
        self._things: Things = {}
        """Views and triggers."""
        self._sequences: Things = {}
        self._exact = False
        """Tables are called as they are written."""

    def begin(self) -> None:
        """Ask for all of it, once."""
        if self._tables is None:
            names = self._names()
            found = self._engine.db.execute_sql("SELECT @@lower_case_table_names").fetchone()
            self._exact = not int(found[0])
            self._things = kept.views_and_triggers(self._engine.db)
            self._tables = {}
            self._know(kept.statements(self._engine, names))

    def _know(self, tables: _Known) -> None:
        assert self._tables is not None  # noqa: S101 - for the type checker
        self._tables.update(tables)
        self._may_point.update(name for name, text in tables.items() if "REFERENCES" in text)

    def touched(self, sent: Sequence[str], *, only_creates: bool) -> Touched | None:
        """The tables whose statement is another one."""
        del only_creates
        assert self._tables is not None  # noqa: S101 - for the type checker
        renames, dropped = _followed(sent, self._tables)
        things = {**self._things, **self._sequences}
        said = self._said(sent)
        tables = self._look_around(sent) if said is None else self._look_at(said)
        _follow_all(tables, sent, renames)
        now = {**self._things, **self._sequences}
        found = _touched((tables.before, things), (tables.after, now), renames)
        return found and found._replace(dropped=dropped)

    def _said(self, sent: Sequence[str]) -> set[str] | None:
        """All tables whose definition the statements change, if their grammar says them.

        Raises:
            LookupError: A table is altered that was not known: nobody knows what it was before.
        """
        said: set[str] = set()
        assert self._tables is not None  # noqa: S101 - for the type checker
        for sql in map(inner, sent):
            if words_of(sql)[0] in _NO_DEFINITION:
                continue
            about = named(sql)
            if not self._exact or not about.known or _UNSURE.search(sql):
                return None
            for kind, name in about.things:
                plain = name[1:-1].replace("``", "`")
                if kind != "TABLE" or quoted(plain) != name or is_ours(plain):
                    return None
                if name in about.altered and plain not in said | self._tables.keys():
                    raise LookupError(plain)
                said.add(plain)
        # RENAME TABLE takes views and sequences too.
        others = {name for _, name in (*self._things, *self._sequences)}
        return None if said & others else said

    def _look_at(self, said: set[str]) -> _Looked:
        """Ask for these tables, and those that point at one of them."""
        assert self._tables is not None  # noqa: S101 - for the type checker
        asked = said | self._pointing_at(said)
        before = {name: self._tables.pop(name) for name in asked if name in self._tables}
        after = kept.statements(self._engine, asked)
        self._know(after)
        if self._things:
            self._things = kept.views_and_triggers(self._engine.db)
        return _Looked(before, after)

    def _look_around(self, sent: Sequence[str]) -> _Looked:
        """Ask for the names of all tables, and for those that the statements may have changed."""
        assert self._tables is not None  # noqa: S101 - for the type checker
        before, names = self._tables, self._names()
        hidden = any(_HIDES.search(sql) for sql in sent)
        asked = names if hidden else self._named(names, sent)
        self._tables = {name: text for name, text in before.items() if name in names}
        self._know(kept.statements(self._engine, asked))
        if hidden or self._things or any(_OBJECTS.search(sql) for sql in sent):
            self._things = kept.views_and_triggers(self._engine.db)
        return _Looked(before, dict(self._tables))

    def forget(self) -> None:
        """Ask for all of it again."""
        self._tables = None

    def schema(self) -> Any:
        """All that is known, if nobody else has made or dropped a table."""
        if self._tables is None or set(self._names()) != set(self._tables):
            return None
        things = kept.views_and_triggers(self._engine.db)
        return kept.value(self._tables, {**things, **self._sequences})

    def schema_of(self, kept_: Any) -> Schema:
        """What the tables' statements make; the rest as it was read."""
        return kept.schema_of(self._engine, kept_)

    def _names(self) -> list[str]:
        """Of the tables; the sequences are noted beside."""
        names, self._sequences = kept.names(self._engine.db)
        return names

    def _named(self, names: list[str], sent: Sequence[str]) -> list[str]:
        """The tables that the statements say, the new ones, and those that point at one of them."""
        assert self._tables is not None  # noqa: S101 - for the type checker
        said = "\n".join(sent).lower()
        hits = {name for name in {*names, *self._tables} if _is_said(name, said)}
        asked = hits | self._pointing_at(hits)
        return [name for name in names if name in asked or name not in self._tables]

    def _pointing_at(self, others: Iterable[str]) -> set[str]:
        """The tables that were there and have a foreign key to one of these."""
        tables, words = self._tables or {}, [f"REFERENCES {quoted(it)}" for it in others]
        return {
            name
            for name in self._may_point & tables.keys()
            if any(word in tables[name] for word in words)
        }


def _follow_all(tables: _Looked, sent: Sequence[str], renames: Iterable[Renamed]) -> None:
    """See that no table may be another under a new name that nobody has understood.

    Raises:
        LookupError: One is gone and one has come, and the statements do not say how.
    """
    gone = {name.lower() for name in tables.before.keys() - tables.after.keys()}
    came = {name.lower() for name in tables.after.keys() - tables.before.keys()}
    if not gone or not came:
        return
    for sql in map(inner, sent):
        gone -= {one.table.lower() for one in alterations(words_in(sql)) if isinstance(one, Drops)}
        if words_of(sql) == ("CREATE", "TABLE"):
            came -= {name[1:-1].replace("``", "`").lower() for _, name in named(sql).things}
    gone -= {one.old.lower() for one in renames if not one.is_column}
    came -= {one.new.lower() for one in renames if not one.is_column}
    if gone and came:
        raise LookupError(", ".join(sorted(came)))


def _is_said(name: str, said: str) -> bool:
    """Whether a name stands in the statements, as it is or with its backticks doubled."""
    return name.lower() in said or name.lower().replace("`", "``") in said


def _touched(
    before: tuple[_Known, Things], after: tuple[_Known, Things], renames: tuple[Renamed, ...]
) -> Touched | None:
    tables = {
        name for name in {**before[0], **after[0]} if before[0].get(name) != after[0].get(name)
    }
    things = {
        key
        for key in {**before[1], **after[1]}
        if before[1].get(key) != after[1].get(key) or _table_of(key, before, after) in tables
    }
    if not tables and not things:
        return None
    return Touched(kept.value(*before, tables, things), kept.value(*after, tables, things), renames)


def _table_of(
    key: tuple[str, str], before: tuple[_Known, Things], after: tuple[_Known, Things]
) -> str | None:
    one = before[1].get(key) or after[1].get(key)
    return one.table if one else None


def _followed(
    sent: Sequence[str], tables: Iterable[str]
) -> tuple[tuple[Renamed, ...], tuple[Dropped, ...]]:
    """What the statements renamed and dropped: none of these can be rolled back."""
    renaming = [sql for sql in sent if _MAY_RENAME.search(sql)]
    if not renaming:
        return (), ()
    identities = Identities(tables, str.lower)
    for sql in renaming:
        identities.follow(alterations(words_in(sql)))
    return identities.renames(), identities.dropped(sent)


def words_in(sql: str) -> list[Word]:
    """A statement's words; none where a comment holds SQL of some versions only."""
    if "/*!" in sql or "/*M!" in sql:
        return []
    words: list[Word] = []
    for token in tokens(sql):
        if token.kind == "name":
            words.append(Word("", token.name))
        elif token.kind == "word":
            for at, part in enumerate(token.text.split(".")):
                words += [Word(".", None)] if at else []
                words += [Word(part.upper(), part)] if part else []
        elif token.kind == "mark":
            words.append(Word(token.text, None))
        elif token.kind == "string":
            words.append(Word("", None))
    return words
