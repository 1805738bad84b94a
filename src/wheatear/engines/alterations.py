"""What a statement renames and drops: the few forms of SQL that say so, read word by word.

Whatever is not exactly one of these forms is not understood, and then nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Word(NamedTuple):
    """A token: a name (quoted or not), or a mark such as a comma.

    Attributes:
        text: In capitals if it is a bare word; empty for a text in quotes.
        name: What it says as a name; None if it cannot be one.
    """

    text: str
    name: str | None


class Renames(NamedTuple):
    """A table, or with `column` one of its columns, is called otherwise."""

    table: str
    new: str
    column: str | None = None


class Drops(NamedTuple):
    """A table, or with `column` one of its columns, goes."""

    table: str
    column: str | None = None
    schema: str | None = None


Alteration = Renames | Drops

_NO_COLUMN = {
    *("CONSTRAINT", "INDEX", "KEY", "PRIMARY", "FOREIGN", "CHECK", "PARTITION", "PERIOD"),
    *("SYSTEM", "EXPRESSION", "IDENTITY"),
}
_ENDS = {"CASCADE", "RESTRICT", "WAIT", "NOWAIT", ";"}


def alterations(words: Sequence[Word]) -> list[Alteration]:
    """Return what a statement renames and drops, in order; nothing where it is not understood.

    https://www.sqlite.org/lang_altertable.html
    https://www.postgresql.org/docs/current/sql-altertable.html
    https://mariadb.com/kb/en/alter-table/
    """
    reader = _Reader(words)
    try:
        if reader.takes("ALTER"):
            return list(_alter(reader))
        if reader.takes("RENAME"):
            return list(_rename(reader))
        if reader.takes("DROP"):
            return list(_drop(reader))
    except _UnknownError:
        pass
    return []


class _UnknownError(Exception):
    """It is not one of the forms."""


class _Reader:
    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._at = 0

    @property
    def text(self) -> str:
        return self._words[self._at].text if self._at < len(self._words) else ""

    @property
    def ended(self) -> bool:
        return self._at >= len(self._words)

    def takes(self, *texts: str) -> bool:
        """Step over these words if they stand here."""
        ahead = self._words[self._at : self._at + len(texts)]
        if tuple(word.text for word in ahead) != texts:
            return False
        self._at += len(texts)
        return True

    def any_of(self, *texts: str) -> None:
        while self.text in texts:
            self._at += 1

    def patience(self) -> None:
        """Step over MariaDB's WAIT n or NOWAIT.

        https://mariadb.com/kb/en/wait-and-nowait/
        """
        if self.takes("WAIT"):
            self._at += 1
        self.takes("NOWAIT")

    def name(self) -> str:
        """A name, after whatever qualifies it."""
        return self.qualified()[1]

    def qualified(self) -> tuple[str | None, str]:
        """What qualifies a name, and the name."""
        schema, name = None, self._one_name()
        while self.takes("."):
            schema, name = name, self._one_name()
        return schema, name

    def _one_name(self) -> str:
        if self.ended or self._words[self._at].name is None:
            raise _UnknownError
        self._at += 1
        return str(self._words[self._at - 1].name)

    def to_comma(self) -> bool:
        """Step over all up to the next comma outside parentheses, and over it."""
        depth = 0
        while not self.ended:
            text = self.text
            self._at += 1
            depth += (text == "(") - (text == ")")
            if text == "," and not depth:
                return True
        return False


def _alter(reader: _Reader) -> Iterator[Alteration]:
    reader.any_of("ONLINE", "OFFLINE", "IGNORE")
    if not reader.takes("TABLE"):
        raise _UnknownError
    reader.takes("IF", "EXISTS")
    reader.takes("ONLY")
    schema, table = reader.qualified()
    reader.takes("*")
    reader.patience()
    found: list[Alteration] = []
    while True:
        one = _action(reader, table)
        if isinstance(one, Drops):
            one = one._replace(schema=schema)
        if one is not None:
            found.append(one)
        if not reader.to_comma():
            # A rename of the table comes into force after the others, wherever it stands.
            yield from sorted(found, key=lambda it: isinstance(it, Renames) and it.column is None)
            return


def _action(reader: _Reader, table: str) -> Alteration | None:
    if reader.takes("RENAME"):
        return _renames(reader, table)
    if reader.takes("CHANGE"):
        reader.takes("COLUMN")
        reader.takes("IF", "EXISTS")
        old, new = reader.name(), reader.name()
        return Renames(table, new, old) if old != new else None
    if reader.takes("DROP"):
        is_column = reader.takes("COLUMN")
        if not is_column and reader.text in _NO_COLUMN:
            return None
        reader.takes("IF", "EXISTS")
        return Drops(table, reader.name())
    return None


def _renames(reader: _Reader, table: str) -> Alteration | None:
    if reader.text in {"INDEX", "KEY", "CONSTRAINT"}:
        return None
    if reader.takes("TO") or reader.takes("AS") or reader.takes("="):
        return Renames(table, reader.name())
    reader.takes("COLUMN")
    reader.takes("IF", "EXISTS")
    old = reader.name()
    if reader.takes("TO"):
        return Renames(table, reader.name(), old)
    return Renames(table, old)  # RENAME new_name


def _rename(reader: _Reader) -> Iterator[Alteration]:
    """RENAME TABLE a TO b, c TO d."""
    if not (reader.takes("TABLE") or reader.takes("TABLES")):
        raise _UnknownError
    reader.takes("IF", "EXISTS")
    while True:
        old = reader.name()
        reader.patience()
        if not reader.takes("TO"):
            raise _UnknownError
        yield Renames(old, reader.name())
        if not reader.takes(","):
            return


def _drop(reader: _Reader) -> Iterator[Alteration]:
    """DROP TABLE a, b."""
    if not (reader.takes("TABLE") or reader.takes("TABLES")):
        raise _UnknownError
    reader.takes("IF", "EXISTS")
    while True:
        schema, table = reader.qualified()
        yield Drops(table, schema=schema)
        if not reader.takes(","):
            break
    if not reader.ended and reader.text not in _ENDS:
        raise _UnknownError
