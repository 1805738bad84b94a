"""Journaling on MySQL and MariaDB: rows in a transaction with their entry; DDL, which commits by
itself, between an intent and a look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wheatear.engines.journaling import (
    SEVERAL,
    Journaling,
    Kind,
    Refusal,
    Seen,
    Settled,
    kind_of_all,
)

from . import open_transaction
from .by_whom import by_whom
from .functions import Functions
from .kinds import ROWS, inner, kind_of, refusal_of, words_of
from .last_statement import capitals, last_statement
from .named import Named, named
from .server_errors import error_number
from .session_values import MysqlSessionValues
from .several import are_allowed, statements_of
from .tokens import quoted
from .unheld import Unheld
from .variables import also_sets, variables_in

if TYPE_CHECKING:
    from .engine import MysqlEngine

_ANSWERS = frozenset({"SELECT", "WITH", "VALUES", "SET", "DO"})
_OF_CLIENT = 2000  # from there on errors are the client's: the connection is gone


class MysqlJournaling(Journaling):
    """DDL commits what came before it, and itself."""

    ends_transactions = True

    engine: MysqlEngine

    def __init__(self, engine: MysqlEngine) -> None:
        super().__init__(engine)
        self._unheld = Unheld(self.rows, lambda: engine.definitions.database)
        self._definitions = engine.definitions
        self._functions = Functions(self.rows)
        self._last_statement = last_statement()
        self.session_values = MysqlSessionValues(self.rows, self.send, self._calls)
        self._definitions.begin()

    def as_sent(self, sql: str, parameters: Any) -> str:
        """PyMySQL looks for percent signs wherever it is given parameters, also where there are
        none in them, as Peewee gives them.
        """
        if "%%" not in sql or not isinstance(parameters, tuple) or len(parameters) < 2:
            return sql
        *many, args, kwargs = parameters
        given = bool(many) or kwargs.get("args", args[0] if args else None) is not None
        return sql.replace("%%", "%") if given else sql

    def kind(self, sql: str) -> Kind:
        """Rows that no transaction holds are `alone`; what is no one kind is refused."""
        kind = kind_of_all(map(self._kind, self._statements(sql))) or "rows"
        if kind != "alone":  # such a one forgets by itself, having looked
            self._definitions.forget()
        self._definitions.doubt(sql)
        return kind

    def _kind(self, sql: str) -> Kind:
        """What gives variables a value is answered from the journal as a read is; and what calls a
        function may change rows.
        """
        kind = kind_of(sql)
        if kind == "alone":
            self._functions.forget()
        if kind == "setting" and any(one.is_given for one in variables_in(inner(sql))):
            kind = "read"
        if kind == "read" and self._functions.are_called(inner(sql)):
            return "rows"
        return "alone" if kind == "rows" and self._unheld.why(inner(sql)) else kind

    def _statements(self, sql: str) -> list[str]:
        """Those of a text; a semicolon at the end alone is no second one."""
        if ";" not in sql.rstrip("; \t\r\n") or not are_allowed(self.connection):
            return [sql]
        return statements_of(sql) or [sql]

    def _calls(self, sql: str) -> bool:
        """Whether it runs a procedure or a function, or what its text does not say.

        Of functions in what changes rows it is not asked: such a text may be long.
        """
        text = inner(sql)
        words = words_of(text)
        if words[0] in ("CALL", "EXECUTE") or words == ("BEGIN", "NOT"):
            return True
        return words[0] in _ANSWERS and self._functions.are_called(text)

    def _refusal_of_setting(self, sql: str) -> Refusal | None:
        """What a setting is made with is worked out again each time, but for variables."""
        text = inner(sql)
        if "(" not in text or words_of(text)[0] != "SET" or not also_sets(text):
            return None
        if not self._functions.are_called(text) and not {"SELECT", "FROM"} <= {*capitals(text)}:
            return None
        return Refusal(
            "gives a setting what it reads or calls, which a run that takes this one up would do "
            "again.",
            "give that to a variable first: SET @x = …, then SET … = @x.",
        )

    def refusal(self, sql: str, *, inside: bool) -> Refusal | None:
        """What cannot be journaled; in a transaction, rows that it would not hold."""
        statements = self._statements(sql)
        if len(statements) > 1:
            if kind_of_all(map(self._kind, statements)) is None:
                return SEVERAL
            return next(filter(None, map(refusal_of, statements)), None)
        if inside and (refusal := self._refusal_inside(sql)):
            return refusal
        refusal = self._last_statement.refusal(sql, words_of(inner(sql))[0], inside=inside)
        return refusal_of(sql) or refusal or self._refusal_of_setting(sql)

    def _refusal_inside(self, sql: str) -> Refusal | None:
        """https://mariadb.com/kb/en/start-transaction/: it commits, and no entry would be in it."""
        kind = kind_of(sql)
        if kind == "begin":
            return Refusal(
                "begins a transaction in another one, which that would commit.",
                "send COMMIT first, or use `with db.atomic():`.",
            )
        if kind == "rows" and (why := self._unheld.why(inner(sql))):
            return Refusal(
                f"changes rows in a transaction that does not hold them: {why}.",
                "take the statement out of `with db.atomic():`.",
            )
        return None

    def in_transaction(self, *, after_error: bool = False) -> bool:
        """After an error the server is asked."""
        if after_error:
            return open_transaction.asked(self.connection, self.send)
        return open_transaction.last_told(self.connection)

    # Looking

    def look(self, sql: str) -> Seen:
        """What SHOW CREATE says of all that the statement touches."""
        self._unheld.forget()
        try:
            return self._looked(inner(sql))
        finally:
            self._definitions.forget()

    def _looked(self, text: str) -> Seen:
        about, (first, _) = named(text), words_of(text)
        if about.repeatable or first == "SET":
            return {"again": True}
        if first in ROWS:
            return {"unsettled": self._unheld.why(text) or "it may commit in the middle"}
        if not about.known:
            return {"unsettled": "what it changes cannot be seen"}
        seen: dict[str, Any] = {"seen": self._seen(about)}
        if about.invisible and not self._numbers_are_seen(about):
            seen["unsettled"] = "what it changes cannot be seen from the definitions"
        return seen

    def _seen(self, about: Named) -> dict[str, Any]:
        """By kind and place, see `Definitions.place`: a run that takes this up is at home again."""
        found: dict[str, Any] = {}
        for kind, name in about.things:
            place = name if kind == "DATABASE" else self._definitions.place(name)
            found[f"{kind} {place}"] = self._definition(kind, place)
            if about.invisible:
                found[f"number of {place}"] = self._number(place)
        return found

    def _definition(self, kind: str, place: str) -> str | None:
        said = self._definitions.said(place) if kind == "TABLE" else None
        return self._definitions.ask(kind, place) if said is None else said

    def _again(self, seen: Mapping[str, Any]) -> dict[str, Any]:
        """The same things as they are now."""
        found: dict[str, Any] = {}
        for key in seen:
            kind, _, place = key.partition(" ")
            if kind == "number":
                found[key] = self._number(place.removeprefix("of "))
            else:
                found[key] = self._definitions.ask(kind, place)
        return found

    def _number(self, place: str) -> Any:
        """InnoDB's own number of a table: a new one for a new table, and it goes with a rename.

        Needs the PROCESS privilege; the one server has the one view, the other the other.
        https://mariadb.com/kb/en/information-schema-innodb_sys_tables-table/
        https://dev.mysql.com/doc/refman/8.4/en/information-schema-innodb-tables-table.html
        """
        parts = [part.strip("`") for part in place.split("`.`")]
        database = parts[0] if len(parts) > 1 else self.engine.home()
        for view in ("INNODB_SYS_TABLES", "INNODB_TABLES"):
            try:
                found = self.rows(
                    f"SELECT TABLE_ID FROM information_schema.{view} WHERE NAME = %s",
                    (f"{database}/{parts[-1]}",),
                )
            except Exception as error:  # any driver's
                if (error_number(error) or _OF_CLIENT) >= _OF_CLIENT:
                    raise
                continue
            return found[0][0] if found else None
        return None

    def _numbers_are_seen(self, about: Named) -> bool:
        """Whether each table that is there shows its number."""
        places = [(kind, self._definitions.place(name)) for kind, name in about.things]
        return all(
            self._number(place) is not None or self._definitions.ask(kind, place) is None
            for kind, place in places
        )

    def settle(self, sql: str, before: Seen, *, dead: bool = False) -> Settled:
        """Look again: what differs has been done."""
        if before.get("again"):
            return Settled(done=False)
        if before.get("unsettled"):
            return Settled(None, str(before["unsettled"]))
        about = named(inner(sql))
        self._definitions.forget()
        was = before["seen"]
        now = self._again(was)
        if not about.drops:
            done = was != now
            if done and dead:
                return by_whom(self.engine, inner(sql), about, was, now)
            return Settled(done)
        there = [name for name, seen in was.items() if seen is not None]
        gone = [name for name in there if now.get(name) is None]
        if gone and len(gone) < len(there):
            return Settled(None, f"of what it drops, only this is gone: {', '.join(gone)}")
        return Settled(done=bool(gone))

    def unsettled(self, before: Seen) -> str | None:
        """Said before it runs."""
        return before.get("unsettled")

    def come_home(self) -> None:
        """After its USE, which a run that takes the next one up would not have sent."""
        if self._definitions.database != self.engine.home():
            self.send(f"USE {quoted(self.engine.home())}").close()
            self._definitions.doubt("USE")

    def reads_definitions(self, sql: str) -> bool:
        """What a migrator asks after its ALTER."""
        return words_of(sql) == ("SHOW", "CREATE")
