"""The log of what is sent to the database, taken at the connection.

Every path of Peewee's passes the connection: the ORM, `atomic()`, begin and commit, `db.cursor()`
and `db.connection()`, pools. So the connection is wrapped, on this database alone and while a
migration runs; whoever wants to know what is sent (echo, the record, an error's last statement)
reads the log. What would end the migration's transaction unseen is refused before it is sent.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from wheatear.engines.operating import is_operating
from wheatear.errors import MigrationFailedError
from wheatear.own_threads import is_of_a_migration, migrating

_LEADING = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|;)*", re.DOTALL)
_EMPTY = re.compile(_LEADING.pattern, re.DOTALL)
_WORD = re.compile(r"[A-Za-z]+")
_HIDDEN_END = re.compile(
    r";\s*(COMMIT|END|ROLLBACK|ABORT)\b(?!(\s+(WORK|TRANSACTION))?\s+TO\b)", re.IGNORECASE
)
# Comments, texts, names and bodies: what in them looks like SQL is none.
_QUOTED = re.compile(
    r"""--[^\n]*|/\*.*?\*/|\b[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|"""
    r"(\$\w*\$).*?\1",
    re.DOTALL,
)
_ENDS = {"COMMIT", "END", "ABORT", "PREPARE"}
_BEGINS = {"BEGIN", "START"}
SETS = {"SET", "RESET", "DISCARD", "PRAGMA"}
"""What may set something of the connection."""
READS = {"SELECT", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "PRAGMA", "VALUES", "HELP"}


@dataclass
class Statement:
    """A statement that was sent, and how it ended."""

    sql: str
    seconds: float | None = None
    """None while it runs."""
    failed: bool = False
    undone: bool = False
    """The migration itself rolled it back."""
    replayed: bool = False
    """It was answered from the journal of a run that died, not sent."""
    by_operation: bool = False
    """A migrator's operation sent it."""
    answered: bool = True
    """False if nobody waited for its answer (Ctrl-C): it may still take effect."""

    @cached_property
    def word(self) -> str:
        """Its first word, in capitals."""
        return first_word(self.sql)

    @property
    def reads(self) -> bool:
        """Whether it only reads."""
        return self.word in READS


@dataclass
class Log:
    """What one migration sent, in order."""

    statements: list[Statement] = field(default_factory=list)
    ddl_commits: bool = True
    """A statement that changes the schema commits what was before it, and itself."""

    @property
    def last(self) -> Statement | None:
        """The statement that was sent last."""
        return self.statements[-1] if self.statements else None

    @property
    def last_but_for_rollbacks(self) -> Statement | None:
        """The statement that was sent last before it was rolled back."""
        sent = (one for one in reversed(self.statements) if one.word != "ROLLBACK")
        return next(sent, None)

    def lasting(self) -> list[Statement]:
        """What has taken effect where every statement commits by itself, oldest first."""
        return [
            one
            for one in self.statements
            if not (one.reads or one.failed or one.undone or one.word in CONTROL)
        ]

    def in_effect(self) -> list[Statement]:
        """What has taken effect and was not rolled back as a whole; savepoints' own words too."""
        return [one for one in self.statements if not (one.reads or one.failed or one.undone)]

    def only_creates(self) -> bool:
        """Whether nothing was done that could break a foreign key: it only read and made things."""
        return all(one.reads or one.word in _CREATES for one in self.statements)

    def forget_unsent(self) -> None:
        """The journal has ended the run: what came last was not sent, nor what came of that."""
        while self.statements and self.statements[-1].failed and not self.statements[-1].answered:
            del self.statements[-1]

    def rolled_back(self, since: int) -> None:
        """Note that what was sent from there on is undone, up to the last implicit commit."""
        implicit = [
            index
            for index, one in enumerate(self.statements)
            if self.ddl_commits
            and index > since
            and one.word in _COMMITS_BY_ITSELF
            and not one.failed
        ]
        for one in self.statements[(implicit[-1] + 1 if implicit else since) :]:
            one.undone = True

    def rolled_back_rest(self) -> None:
        """Note that the migration's own transaction that was still open at the end is undone."""
        began: int | None = None
        for at, one in enumerate(self.statements):
            if one.failed:
                continue
            if one.word in _BEGINS or (one.word == "SAVEPOINT" and began is None):
                began = at
            elif self._ends_transaction(one):
                began = None
        if began is not None:
            self.rolled_back(began)

    def _ends_transaction(self, one: Statement) -> bool:
        if one.word == "ROLLBACK":
            return not _is_partial(one.sql)
        return one.word in _ENDS or (self.ddl_commits and one.word in _COMMITS_BY_ITSELF)


CONTROL = {"BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "USE", "END"}
# https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
_COMMITS_BY_ITSELF = {"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE", "GRANT", "REVOKE", "LOCK"}

_CREATES = {"CREATE", "SAVEPOINT", "RELEASE"}

Observer = Callable[[Statement], None]


def _announced(
    before: Observer, statement: Statement, call: Callable[[], Any]
) -> Callable[[], Any]:
    """The call with what comes before it: once, also if it is tried again."""
    told: list[bool] = []

    def announced() -> Any:
        if not told:
            before(statement)
            told.append(True)
        return call()

    return announced


def in_turn(first: Observer, second: Observer | None) -> Observer:
    """Both observers, one after the other."""
    if second is None:
        return first

    def both(statement: Statement) -> None:
        first(statement)
        second(statement)

    return both


def first_word(sql: str) -> str:
    """Return a statement's first word in capitals, past white space and comments."""
    start = _LEADING.match(sql)
    word = _WORD.match(sql, start.end() if start else 0)
    return word.group().upper() if word else ""


@dataclass(frozen=True)
class Rules:
    """What a migration may send.

    Attributes:
        allowed: The attributes of the driver's connection that it may use.
        transactional: It runs inside one transaction that is not its own to end.
        before: Called with each statement before it is sent; not where the journal answers it.
        after: Called with each statement when it has ended.
        sets: Called with the text of each that may set something of the connection (`SETS`),
            before it is sent.
        through: Sends each statement, or answers it: told the statement, its parameters and the
            call that sends it.
        cursor: What wraps the driver's cursors; None for `WatchedCursor`.
        ddl_commits: Of the engine: see `Log`.
    """

    allowed: frozenset[str]
    transactional: bool
    before: Observer | None = None
    after: Observer | None = None
    sets: Callable[[str], None] | None = None
    through: Callable[[Statement, Any, Callable[[], Any]], Any] | None = None
    cursor: Callable[[WatchedConnection, Any], Any] | None = None
    ddl_commits: bool = True


@contextmanager
def watched(db: Any, rules: Rules) -> Iterator[Log]:
    """Log what is sent on this thread's connection for the block.

    Args:
        db: An open Peewee database, no proxy.
        rules: What is refused, and who is told.

    Yields:
        The log, growing.
    """
    log = Log(ddl_commits=rules.ddl_commits)
    raw = db._state.conn
    refused = {"_connect": _refuse_to_connect, "close": _refuse_to_close}
    before = {name: getattr(db, name) for name in refused}
    db._state.conn = WatchedConnection(raw, log, rules)
    for name, refuse in refused.items():
        setattr(db, name, _but_for_others(refuse, before[name]))
    try:
        with migrating():
            yield log
    finally:
        for name in refused:
            delattr(db, name)
        db._state.conn = raw


def _but_for_others(refuse: Callable[[], None], call: Callable[..., Any]) -> Callable[..., Any]:
    """The call as it was, refused to the migration: the application goes on meanwhile."""

    def called(*args: Any, **kwargs: Any) -> Any:
        if is_of_a_migration():
            refuse()
        return call(*args, **kwargs)

    return called


def _refuse_to_connect() -> None:
    raise MigrationFailedError(
        "The migration opens a second connection to the database (from another thread?).",
        next="a migration has one connection: do all its work in migrate_forward() itself.",
    )


def _refuse_to_close() -> None:
    raise MigrationFailedError(
        "The migration closes the connection.",
        next="remove db.close(): the connection belongs to the run, which closes what it opened.",
    )


class WatchedConnection:
    """A driver's connection of which every statement is logged."""

    one_by_one = True
    """Statements are not to be sent several in one text, which would be one entry of the log."""

    def __init__(self, raw: Any, log: Log, rules: Rules) -> None:
        self.__dict__.update(_raw=raw, _log=log, _rules=rules, _began=None)

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        """A cursor of the driver's, watched as well."""
        wrap = self._rules.cursor or WatchedCursor
        return wrap(self, self._raw.cursor(*args, **kwargs))

    def execute(self, sql: Any, *args: Any, **kwargs: Any) -> Any:
        """sqlite3's and psycopg's short cut."""
        return self.cursor().execute(sql, *args, **kwargs)

    def executemany(self, sql: Any, *args: Any, **kwargs: Any) -> Any:
        """sqlite3's short cut."""
        return self.cursor().executemany(sql, *args, **kwargs)

    def executescript(self, script: str) -> Any:
        """sqlite3's short cut."""
        return self.cursor().executescript(script)

    def commit(self) -> None:
        """What a migration must not do by itself."""
        self.send("COMMIT", self._raw.commit)

    def rollback(self) -> None:
        """What a migration must not do by itself."""
        self.send("ROLLBACK", self._raw.rollback)

    def close(self) -> None:
        """What a migration must not do."""
        _refuse_to_close()

    def send(self, sql: Any, call: Callable[[], Any], parameters: Any = None) -> Any:
        """Log a statement around the call that sends it.

        Args:
            sql: The statement.
            call: Sends it.
            parameters: Its parameters, for the journal.
        """
        text = _text(sql)
        statement = Statement(text, by_operation=is_operating())
        word = statement.word
        self._check(text, word)
        rules: Rules = self._rules
        self._log.statements.append(statement)
        if word in SETS and rules.sets:
            rules.sets(text)
        start = time.perf_counter()
        try:
            if rules.before:
                call = _announced(rules.before, statement, call)
            if rules.through:
                return rules.through(statement, parameters, call)
            return call()
        except BaseException as error:
            statement.failed = True
            statement.answered = isinstance(error, Exception)
            raise
        finally:
            statement.seconds = time.perf_counter() - start
            self._follow(word, statement)
            if rules.after and not statement.replayed:
                rules.after(statement)

    def _check(self, text: str, word: str) -> None:
        if not self._rules.transactional:
            return
        ends = word in _ENDS or word in _BEGINS or (word == "ROLLBACK" and not _is_partial(text))
        if word == "PREPARE":
            ends = bool(re.match(r"\s*PREPARE\s+TRANSACTION\b", text, re.IGNORECASE))
        hidden = None if ends else _hidden_end(text)
        if not ends and not hidden:
            self._check_transaction()
            return
        raise MigrationFailedError(
            f"The migration sends {hidden or word} itself."
            if word not in _BEGINS
            else "The migration begins a transaction itself.",
            next="leave it out: a migration runs in one transaction that commits with its record. "
            "For a part of it that may fail alone, `with db.atomic():` nests in it.",
        )

    def _check_transaction(self) -> None:
        """SQLite's OR ROLLBACK and RAISE(ROLLBACK) end it in the middle of a migration."""
        if not getattr(self._raw, "in_transaction", True):
            raise MigrationFailedError(
                "The transaction has ended, rolled back by the statement before (OR ROLLBACK).",
                next="use OR ABORT, or let the error end the migration.",
            )

    def _follow(self, word: str, statement: Statement) -> None:
        """Know what a ROLLBACK undoes where a migration has transactions of its own."""
        if self._rules.transactional:
            return
        if word in _BEGINS:
            self.__dict__["_began"] = len(self._log.statements) - 1
        elif word == "COMMIT" and not statement.failed:
            self.__dict__["_began"] = None
        elif word == "ROLLBACK" and self._began is not None and not _is_partial(statement.sql):
            self._log.rolled_back(self._began)
            self.__dict__["_began"] = None

    def remember(self, told: dict[str, Any]) -> None:
        """What these methods of the driver's connection tell of the last statement.

        The journal's own come between it and the question.
        """
        self.__dict__["_told"] = told

    def __getattr__(self, name: str) -> Any:
        self._allow(name)
        told = self.__dict__.get("_told", {})
        if name in told:
            return lambda: told[name]
        if (
            name in {"in_transaction", "getautocommit"}
            and self._log.last
            and self._log.last.replayed
        ):
            # As it was then: what is answered from the journal begins no transaction.
            open_ = self._began is not None
            return open_ if name == "in_transaction" else lambda: not open_
        return getattr(self._raw, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._allow(name)
        setattr(self._raw, name, value)

    def _allow(self, name: str) -> None:
        # hasattr() and copy ask for dunder names; the raw connection answers for itself.
        if name not in self._rules.allowed and not name.startswith("__"):
            raise MigrationFailedError(
                f"The migration uses the driver's connection.{name}, past what Wheatear can see.",
                next="use db.execute_sql(), db.cursor() or Peewee's queries instead.",
            )


class WatchedCursor:
    """A driver's cursor of which every statement is logged."""

    def __init__(self, connection: WatchedConnection, raw: Any) -> None:
        # Peewee asks for each row by itself: that one method is not looked for each time.
        self.__dict__.update(connection=connection, _raw=raw, fetchone=raw.fetchone)

    def execute(self, sql: Any, *args: Any, **kwargs: Any) -> WatchedCursor:
        """As the driver's."""
        self.connection.send(sql, lambda: self._raw.execute(sql, *args, **kwargs))
        return self

    def executemany(self, sql: Any, *args: Any, **kwargs: Any) -> WatchedCursor:
        """As the driver's."""
        self.connection.send(sql, lambda: self._raw.executemany(sql, *args, **kwargs))
        return self

    def executescript(self, script: str) -> WatchedCursor:
        """sqlite3's, statement by statement: the driver's own begins with a COMMIT."""
        for statement in split_script(script):
            self.execute(statement)
        return self

    def copy(self, sql: Any, *args: Any, **kwargs: Any) -> Any:
        """Psycopg 3's."""
        return self.connection.send(sql, lambda: self._raw.copy(sql, *args, **kwargs))

    def copy_expert(self, sql: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg2's."""
        return self.connection.send(sql, lambda: self._raw.copy_expert(sql, *args, **kwargs))

    def callproc(self, name: str, *args: Any) -> Any:
        """DB-API's."""
        return self.connection.send(f"CALL {name}", lambda: self._raw.callproc(name, *args))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._raw, name, value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._raw)

    def __next__(self) -> Any:
        return next(self._raw)

    def __enter__(self) -> WatchedCursor:  # noqa: PYI034 - Self is of Python 3.11
        self._raw.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> Any:
        return self._raw.__exit__(*exc_info)


def split_script(script: str) -> list[str]:
    """Split an SQLite script into its statements.

    https://www.sqlite.org/c3ref/complete.html
    """
    statements, rest = [], ""
    for piece in re.split(r"(?<=;)", script):
        rest += piece
        if sqlite3.complete_statement(rest):
            statements.append(rest)
            rest = ""
    statements.append(rest)
    return [one.strip() for one in statements if not _EMPTY.fullmatch(one)]


def _hidden_end(sql: str) -> str | None:
    """The word among several statements in one text that would end the transaction."""
    if ";" not in sql:
        return None
    bare = _QUOTED.sub(" ", sql)
    for match in _HIDDEN_END.finditer(bare):
        word = match.group(1).upper()
        # A trigger's, or a function's, own: BEGIN … END
        if word != "END" or not re.search(r"\bBEGIN\b", bare[: match.start()], re.IGNORECASE):
            return word
    return None


def _is_partial(sql: str) -> bool:
    return bool(re.match(r"[\s;]*ROLLBACK(\s+(WORK|TRANSACTION))?\s+TO\b", sql, re.IGNORECASE))


def _text(sql: Any) -> str:
    if isinstance(sql, str):
        return sql
    if isinstance(sql, bytes):
        return sql.decode("utf-8", "replace")
    # psycopg's sql.SQL and sql.Composed
    as_string = getattr(sql, "as_string", None)
    try:
        return str(as_string(None)) if as_string else str(sql)
    except Exception:  # noqa: BLE001 - only how it is shown depends on it
        return str(sql)
