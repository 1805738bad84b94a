"""What a statement that the server wants alone names, so that it can be looked at before and after.

https://www.postgresql.org/docs/current/sql-commands.html; the server refuses those that call
PreventInTransactionBlock in a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from wheatear.engines.alterations import Word
from wheatear.engines.postgresql.spelling import clipped, quoted
from wheatear.engines.postgresql.words import Token

Form = Literal[
    "create index",
    "drop index",
    "reindex",
    "detach",
    "add value",
    "create",
    "drop",
    "again",
    "unknown",
]


class Named(NamedTuple):
    """A statement and what it names.

    Attributes:
        form: What it does: `again` may be done twice, `create` and `drop` are of a `what`.
        name: The index, type, database or the like, quoted; None if it gives no name.
        table: Its table, quoted.
        what: The kind of thing: DATABASE, TABLESPACE, SUBSCRIPTION; of REINDEX: INDEX, TABLE, ….
        bare: The name alone, without its schema and quotes.
        rest: Where the text goes on behind the table.
        unique: Of an index.
        label: Where the new value of an enumerated type stands: its start and end.
    """

    form: Form
    name: str | None = None
    table: str | None = None
    what: str = ""
    bare: str = ""
    rest: int = 0
    unique: bool = False
    label: tuple[int, int] = (0, 0)


UNKNOWN = Named("unknown")
_AGAIN = Named("again")
_CLUSTER_WIDE = {"DATABASE", "TABLESPACE", "SUBSCRIPTION"}


def named(tokens: Sequence[Token]) -> Named:
    """What a statement names; UNKNOWN where it is none of these forms."""
    reader = _Reader(tokens)
    try:
        parse = _FORMS.get(reader.text)
        reader.at += 1
        return parse(reader) if parse is not None else UNKNOWN
    except _OtherwiseError:
        return UNKNOWN


def must_be_alone(words: Sequence[Word]) -> bool:
    """Whether the server will refuse the statement in a transaction, as far as its text tells."""
    texts = [word.text for word in words[:4]] + [""] * 4
    first, second, third, _ = texts[:4]
    if first in {"VACUUM", "CLUSTER"}:
        return first == "VACUUM" or len(words) <= 2
    if first == "REINDEX":
        wide = {"DATABASE", "SYSTEM", "SCHEMA", "CONCURRENTLY"}
        return any(word.text in wide for word in words[1:])
    if first in {"CREATE", "DROP"}:
        concurrent = "CONCURRENTLY" in (second, third, texts[3]) and "INDEX" in (second, third)
        return concurrent or second in _CLUSTER_WIDE
    if first != "ALTER":
        return False
    texts = [word.text for word in words]
    if second == "TABLE":
        return "DETACH" in texts and texts[-1] == "CONCURRENTLY"
    return second in {"SYSTEM", "SUBSCRIPTION"} or (second == "DATABASE" and "TABLESPACE" in texts)


class _OtherwiseError(Exception):
    """It is not one of the forms."""


class _Reader:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def text(self) -> str:
        return self.tokens[self.at].word.text if self.at < len(self.tokens) else ""

    @property
    def ended(self) -> bool:
        return self.at >= len(self.tokens)

    def takes(self, *texts: str) -> bool:
        """Step over these words if they stand here."""
        ahead = self.tokens[self.at : self.at + len(texts)]
        if tuple(token.word.text for token in ahead) != texts:
            return False
        self.at += len(texts)
        return True

    def must_take(self, *texts: str) -> None:
        if not self.takes(*texts):
            raise _OtherwiseError

    def parenthesis(self) -> None:
        """Step over options in parentheses, if they stand here."""
        depth = 0
        while not self.ended and (depth or self.text == "("):
            depth += (self.text == "(") - (self.text == ")")
            self.at += 1

    def name(self) -> tuple[str, str]:
        """A name, quoted as the server keeps it, and its last part."""
        parts = [self._part()]
        while self.takes("."):
            parts.append(self._part())
        return quoted(*parts), parts[-1]

    def _part(self) -> str:
        if self.ended or not self.tokens[self.at].word.name:
            raise _OtherwiseError
        self.at += 1
        return clipped(str(self.tokens[self.at - 1].word.name))


def _create(reader: _Reader) -> Named:
    unique = reader.takes("UNIQUE")
    if not reader.takes("INDEX"):
        return _thing(reader, "create")
    reader.must_take("CONCURRENTLY")
    reader.takes("IF", "NOT", "EXISTS")
    bare = "" if reader.text == "ON" else reader.name()[1]
    reader.must_take("ON")
    reader.takes("ONLY")
    table, _ = reader.name()
    end = reader.tokens[reader.at - 1].end
    name = quoted(bare) if bare else None
    return Named("create index", name, table, bare=bare, rest=end, unique=unique)


def _drop(reader: _Reader) -> Named:
    if not reader.takes("INDEX"):
        return _thing(reader, "drop")
    reader.must_take("CONCURRENTLY")
    reader.takes("IF", "EXISTS")
    name, _ = reader.name()
    return Named("drop index", name)


def _thing(reader: _Reader, form: Literal["create", "drop"]) -> Named:
    what = reader.text
    if what not in _CLUSTER_WIDE:
        raise _OtherwiseError
    reader.at += 1
    reader.takes("IF", "EXISTS")
    _, bare = reader.name()
    return Named(form, what=what, bare=bare)


def _reindex(reader: _Reader) -> Named:
    reader.parenthesis()
    what = reader.text
    reader.at += 1
    concurrently = any(token.word.text == "CONCURRENTLY" for token in reader.tokens)
    if not concurrently:
        return _AGAIN
    reader.takes("CONCURRENTLY")
    if what in {"INDEX", "TABLE", "SCHEMA"}:
        name, bare = reader.name()
        return Named("reindex", name, what=what, bare=bare)
    return Named("reindex", what=what)


def _alter(reader: _Reader) -> Named:
    if reader.takes("SYSTEM") or reader.takes("DATABASE"):  # SET TABLESPACE
        return _AGAIN
    if reader.takes("SUBSCRIPTION"):
        reader.name()
        return _AGAIN if reader.text in {"REFRESH", "SET"} else UNKNOWN
    if reader.takes("TYPE"):
        name, _ = reader.name()
        reader.must_take("ADD", "VALUE")
        reader.takes("IF", "NOT", "EXISTS")
        if reader.ended:
            raise _OtherwiseError
        value = reader.tokens[reader.at]
        return Named("add value", name, label=(value.start, value.end))
    reader.must_take("TABLE")
    reader.takes("IF", "EXISTS")
    table, _ = reader.name()
    reader.must_take("DETACH", "PARTITION")
    name, _ = reader.name()
    reader.must_take("CONCURRENTLY")
    return Named("detach", name, table)


def _again(reader: _Reader) -> Named:
    del reader
    return _AGAIN


_FORMS: dict[str, Callable[[_Reader], Named]] = {
    "CREATE": _create,
    "DROP": _drop,
    "REINDEX": _reindex,
    "ALTER": _alter,
    **dict.fromkeys(("VACUUM", "ANALYZE", "ANALYSE", "CLUSTER", "CHECKPOINT", "REFRESH"), _again),
}
