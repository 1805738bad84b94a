"""The connection's settings while operations run, and the only way they send SQL."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

import peewee

from wheatear.engines.engine import put_back

from .lock_timeout import patiently
from .plain import MODES_THAT_PRINT_OTHERWISE
from .raw_bytes import taken, with_bytes_in_hex
from .server_errors import is_lost

if TYPE_CHECKING:
    from typing_extensions import Self

_NO_ZERO_DATES = frozenset({"NO_ZERO_DATE", "NO_ZERO_IN_DATE"})
_STRICT = frozenset({"STRICT_ALL_TABLES", "TRADITIONAL"})


@dataclass(frozen=True)
class Server:
    """What server this is."""

    mariadb: bool
    version: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Server:
        """Read what VERSION() says, such as 8.0.36-log or 5.5.5-10.11.6-MariaDB."""
        mariadb = "mariadb" in text.lower()
        numbers = text.removeprefix("5.5.5-").partition("-")[0]
        return cls(mariadb, tuple(int(n) for n in numbers.split(".") if n.isdigit()))

    @property
    def renames_columns(self) -> bool:
        """Whether it knows ALTER TABLE … RENAME COLUMN."""
        return self.version >= ((10, 5, 2) if self.mariadb else (8, 0, 3))

    @property
    def name(self) -> str:
        """The server's name, for people."""
        return "MariaDB" if self.mariadb else "MySQL"


class Session:
    """Short lock waits and strict values while it is entered; before and after as it was.

    A mode that is not strict would turn NULL into 0 and cut long texts in an ALTER, with no more
    than a warning; a TIMESTAMP made NOT NULL would get ON UPDATE where
    explicit_defaults_for_timestamp is off.
    """

    def __init__(self, database: Any, lock_timeout: float | None, patience: float) -> None:
        self.database = database
        self.patience = patience
        self._lock_timeout = lock_timeout
        self._restore: dict[str, Any] = {}
        self._mode = ""
        self.server = Server(mariadb=False, version=())
        self.schema = ""
        self.checks_foreign_keys = True

    def __enter__(self) -> Self:
        self._connection = self.database.connection()
        self._bytes = taken(self._connection)
        self._bytes.__enter__()
        version, self._mode, wait, self.schema, timestamps, checks, quotes = self.rows(
            "SELECT VERSION(), @@SESSION.sql_mode, @@SESSION.lock_wait_timeout, DATABASE(),"
            " @@SESSION.explicit_defaults_for_timestamp, @@SESSION.foreign_key_checks,"
            " @@SESSION.sql_quote_show_create"
        )[0]
        self.checks_foreign_keys = bool(int(checks))
        self.server = Server.parse(version)
        settings: dict[str, Any] = {}
        if self._lock_timeout is not None:
            # Whole seconds; MySQL takes no less than one, MariaDB's zero does not wait at all.
            seconds = max(0 if self.server.mariadb else 1, math.ceil(self._lock_timeout))
            settings["lock_wait_timeout"] = (seconds, wait)
        modes = self._modes
        if not modes & _STRICT:
            # Zero dates that are there stay: strictness is about values that would change.
            kept = modes if "STRICT_TRANS_TABLES" in modes else modes - _NO_ZERO_DATES
            settings["sql_mode"] = (",".join(sorted({*kept, "STRICT_ALL_TABLES"})), self._mode)
        if not int(quotes):
            settings["sql_quote_show_create"] = (1, 0)
        self._set({name: new for name, (new, _) in settings.items()})
        self._restore = {name: old for name, (_, old) in settings.items()}
        if not int(timestamps):
            self._say_timestamps_outright()
        self._mode = settings.get("sql_mode", (self._mode,))[0]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bytes.__exit__(None, None, None)
        self._set_back(self._restore, error)

    @property
    def backslash(self) -> bool:
        """Whether a backslash escapes in this session's strings."""
        return "NO_BACKSLASH_ESCAPES" not in self._modes

    def execute(self, sql: str, what: str = "The statement") -> Any:
        """Send one statement, patiently; `sql` is meant to the letter."""
        return patiently(
            # Peewee always hands parameters to the driver, which then looks for percent signs.
            lambda: self.database.execute_sql(sql.replace("%", "%%")),
            patience=self.patience,
            what=what,
        )

    def rows(self, sql: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query; here `%s` is a parameter."""
        return list(self.database.execute_sql(sql, params).fetchall())

    def tables(self, schema: str) -> list[str]:
        """The names of a database's tables and views."""
        rows = self.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (schema,)
        )
        return [name for (name,) in rows]

    def show_create(self, name: str) -> tuple[Any, ...]:
        """The row of SHOW CREATE TABLE; `name` is quoted already. Names come in backticks."""
        odd = bool(self._modes & MODES_THAT_PRINT_OTHERWISE)
        with self._under({"sql_mode": ""}, {"sql_mode": self._mode}) if odd else nullcontext():
            cursor = self.execute(f"SHOW CREATE TABLE {name}", "Reading the table")
            first, text, *rest = cursor.fetchall()[0]
            return first, with_bytes_in_hex(str(text)), *rest

    def execute_under(self, settings: dict[str, Any], sql: str, what: str) -> Any:
        """Send one statement with settings of its own, then as they were."""
        if not settings:
            return self.execute(sql, what)
        asked = ", ".join(f"@@SESSION.{name}" for name in settings)
        before = dict(zip(settings, self.rows(f"SELECT {asked}")[0], strict=True))
        with self._under(settings, before):
            return self.execute(sql, what)

    def without_foreign_key_checks(self, sql: str, what: str) -> Any:
        """Send one statement with foreign_key_checks off, then as it was."""
        return self.execute_under({"foreign_key_checks": 0}, sql, what)

    @property
    def _modes(self) -> set[str]:
        return set(filter(None, self._mode.upper().split(",")))

    def _say_timestamps_outright(self) -> None:
        try:
            self._set({"explicit_defaults_for_timestamp": 1})
        except peewee.DatabaseError:
            return  # read-only before MariaDB 10.8: then the check afterwards sees a difference
        self._restore["explicit_defaults_for_timestamp"] = 0

    def _set(self, settings: dict[str, Any]) -> None:
        if settings:
            text = ", ".join(f"SESSION {name} = %s" for name in settings)
            self.database.execute_sql(f"SET {text}", tuple(settings.values()))

    @contextmanager
    def _under(self, settings: dict[str, Any], before: dict[str, Any]) -> Iterator[None]:
        self._set(settings)
        try:
            yield
        except BaseException as error:
            self._set_back(before, error)
            raise
        self._set_back(before, None)

    def _set_back(self, settings: dict[str, Any], error: BaseException | None) -> None:
        """What fails of it does not take the place of an error that is on its way; and a connection
        that is gone took its settings along.
        """
        if error is None:
            self._set(settings)
        elif not is_lost(error, self._connection):
            put_back(lambda: self._set(settings))
