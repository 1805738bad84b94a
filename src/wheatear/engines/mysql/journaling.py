"""Journaling on MySQL and MariaDB: rows in a transaction with their entry; DDL, which commits by
itself, between an intent and a look.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from wheatear.engines.engine import Engine
from wheatear.engines.journaling import Journaling, Kind, Refusal, Seen, Settled

from .server_errors import error_number
from .touched import Touched, touched

_WORDS = re.compile(r"(?:\s+|--\s[^\n]*(?:\n|$)|\#[^\n]*(?:\n|$)|/\*(?!!).*?\*/|;|\()*(\w+)\s*(\w*)", re.S)
_FOR = re.compile(r"\s*SET\s+STATEMENT\s+.*?\sFOR\s+(.*)", re.IGNORECASE | re.DOTALL)
_VARIABLE = re.compile(r"@\w+\s*:=|\bINTO\s+@", re.IGNORECASE)
_PARTIAL = re.compile(r"[\s;]*ROLLBACK(\s+WORK)?\s+TO\b", re.IGNORECASE)
_TARGET = re.compile(
    r"\b(?:INTO|UPDATE|FROM|JOIN|REPLACE|TABLE)\s+(?:LOW_PRIORITY\s+|DELAYED\s+|IGNORE\s+)*"
    r"(?:`?(\w+)`?\s*\.\s*)?`?([\w$]+)`?",
    re.IGNORECASE,
)
_AUTOCOMMIT = re.compile(r"\s*SET\s+(?:SESSION\s+|LOCAL\s+|@@(?:SESSION\.|LOCAL\.)?)?AUTOCOMMIT\b", re.I)
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
_READS = frozenset(
    "SELECT SHOW EXPLAIN DESCRIBE DESC HELP VALUES TABLE WITH CHECKSUM HANDLER".split()
)
_ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "DO", "CALL"})
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("SET", "USE", "PREPARE", "DEALLOCATE"), "setting"),
    **dict.fromkeys(("BEGIN", "START"), "begin"),
    "COMMIT": "commit",
    "ROLLBACK": "rollback",
    **dict.fromkeys(("SAVEPOINT", "RELEASE"), "inside"),
    **dict.fromkeys(_READS, "read"),
    **dict.fromkeys(_ROWS, "rows"),
}
_REFUSED = {
    "LOCK": Refusal(
        "locks tables, which would keep the journal out.",
        "leave LOCK TABLES out: runs keep each other out by themselves, and an ALTER locks what "
        "it needs.",
    ),
    "UNLOCK": Refusal("unlocks tables it has not locked.", "leave UNLOCK TABLES out."),
    "XA": Refusal("uses an XA transaction.", "use `with db.atomic():`."),
}
# https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
_COMMITS = re.compile(
    r"\b(COMMIT|ROLLBACK|START|BEGIN\s+WORK|ALTER|CREATE|DROP|TRUNCATE|RENAME|GRANT|REVOKE|LOCK|"
    r"CALL|EXECUTE|ANALYZE|OPTIMIZE|FLUSH)\b",
    re.IGNORECASE,
)
_ABSENT = {1146, 1360, 1305, 1539, 1049, 4091}  # no such table, trigger, routine, event, …
_UNKNOWN_VARIABLE = 1193
_IN_TRANSACTION = 1  # SERVER_STATUS_IN_TRANS of the protocol


class MysqlJournaling(Journaling):
    """DDL commits what came before it, and itself."""

    ends_transactions = True

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._in_transaction = False
        self._engines: dict[tuple[str, str], str] = {}

    def kind(self, sql: str) -> Kind:
        """https://mariadb.com/kb/en/sql-statements/"""
        inner = _FOR.match(sql)
        if inner:
            return self.kind(inner.group(1))
        match = _WORDS.match(sql)
        word = match.group(1).upper() if match else ""
        if word == "ROLLBACK" and _PARTIAL.match(sql):
            return "inside"
        if word == "SELECT" and _VARIABLE.search(sql):
            return "setting"
        if word == "WITH" and re.search(r"\)\s*(UPDATE|DELETE|INSERT)\b", sql, re.IGNORECASE):
            return "rows"
        if match and (word, match.group(2).upper()) in (("SET", "PASSWORD"), ("SET", "ROLE")):
            return "alone" if match.group(2).upper() == "PASSWORD" else "setting"
        if match and word in ("BEGIN", "START") and match.group(2).upper() in _NOT_BEGINNING:
            return "alone"
        kind = _KINDS.get(word, "alone")
        if kind == "rows" and self._kept_out(sql, word):
            return "alone"
        return kind

    def _kept_out(self, sql: str, word: str) -> str | None:
        """Why rows cannot be in a transaction with their entry, or None if they can."""
        if word == "CALL":
            return self._commits_inside(sql)
        for database, table in dict.fromkeys(_TARGET.findall(sql)):
            engine = self._engine_of(database or self.engine.home(), table)
            if engine and engine != "InnoDB":
                return f"the rows of {table} are {engine}'s, which has no transactions"
        return None

    def _engine_of(self, database: str, table: str) -> str:
        """https://mariadb.com/kb/en/information-schema-tables-table/"""
        key = (database, table)
        if key not in self._engines:
            found = self.rows(
                "SELECT COALESCE(engine, '') FROM information_schema.tables "
                "WHERE table_schema = %s AND table_name = %s",
                key,
            )
            self._engines[key] = str(found[0][0]) if found else ""
        return self._engines[key]

    def _commits_inside(self, sql: str) -> str | None:
        name = re.match(r"\s*CALL\s+(?:`?(\w+)`?\s*\.\s*)?`?([\w$]+)`?", sql, re.IGNORECASE)
        database, routine = name.groups() if name else (None, "")
        found = self.rows(
            "SELECT routine_definition FROM information_schema.routines "
            "WHERE routine_schema = %s AND routine_name = %s",
            (database or self.engine.home(), routine),
        )
        if found and found[0][0] is not None and not _COMMITS.search(found[0][0]):
            return None
        return f"the procedure {routine} may commit inside"

    def refusal(self, sql: str, *, inside: bool) -> Refusal | None:
        """LOCK TABLES, XA and temporary tables."""
        match = _WORDS.match(sql)
        word = match.group(1).upper() if match else ""
        if word == "CREATE" and re.match(r"\s*CREATE\s+(OR\s+REPLACE\s+)?TEMPORARY\b", sql, re.I):
            return Refusal(
                "makes a temporary table, which is gone if the run dies.",
                "make an ordinary table, and drop it at the end.",
            )
        if _AUTOCOMMIT.match(sql):
            return Refusal("sets autocommit.", "use `with db.atomic():`.")
        if inside and word in _ROWS and (why := self._kept_out(sql, word)):
            return Refusal(
                f"changes rows in a transaction that does not hold them: {why}.",
                "take the statement out of `with db.atomic():`.",
            )
        return _REFUSED.get(word)

    def in_transaction(self, *, after_error: bool = False) -> bool:
        """PyMySQL's copy of the server's status is old after an error: then the server is asked."""
        status = getattr(self.connection, "server_status", None)
        if after_error or status is None:
            try:
                return bool(self.rows("SELECT @@in_transaction")[0][0])
            except Exception as error:  # any driver's
                if error_number(error) != _UNKNOWN_VARIABLE:
                    raise
        # MySQL has no such variable; the SELECT's refusal leaves the status as it was.
        return bool(getattr(self.connection, "server_status", 0) & _IN_TRANSACTION)

    # Looking

    def look(self, sql: str) -> Seen:
        """What SHOW CREATE says of all that the statement touches."""
        inner = _FOR.match(sql)
        text = inner.group(1) if inner else sql
        about = touched(text)
        self._engines.clear()
        match = _WORDS.match(text)
        word = match.group(1).upper() if match else ""
        if about.repeatable or word == "SET":
            return {"again": True}
        if word in _ROWS:
            return {"unsettled": self._kept_out(text, word) or "it may commit in the middle"}
        if not about.known:
            return {"unsettled": "what it changes cannot be seen"}
        seen: dict[str, Any] = {"seen": self._seen(about)}
        if about.invisible and not self._numbers_are_seen(about):
            seen["unsettled"] = "what it changes cannot be seen from the definitions"
        return seen

    def _seen(self, about: Touched) -> dict[str, Any]:
        found = {}
        for kind, name in about.things:
            found[f"{kind} {name}"] = self._definition(kind, name)
            if about.invisible:
                found[f"number of {name}"] = self._number(name)
        return found

    def _definition(self, kind: str, name: str) -> str | None:
        try:
            rows = self.rows(f"SHOW CREATE {kind} {name}")
        except Exception as error:  # any driver's
            if error_number(error) in _ABSENT:
                return None
            raise
        text = _COUNTER.sub("", repr(rows))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _number(self, name: str) -> Any:
        """InnoDB's own number of a table: a new one for a new table, and it goes with a rename.

        https://mariadb.com/kb/en/information-schema-innodb_sys_tables-table/; needs PROCESS.
        """
        parts = [part.strip("`") for part in name.split("`.`")]
        table = parts[-1]
        database = parts[0] if len(parts) > 1 else self.engine.home()
        for view in ("INNODB_SYS_TABLES", "INNODB_TABLES"):
            try:
                found = self.rows(
                    f"SELECT TABLE_ID FROM information_schema.{view} WHERE NAME = %s",
                    (f"{database}/{table}",),
                )
            except Exception as error:  # any driver's; the one server has the one, the other the other
                if error_number(error) is None or (error_number(error) or 0) >= 2000:
                    raise
                continue
            return found[0][0] if found else None
        return None

    def _numbers_are_seen(self, about: Touched) -> bool:
        """Whether each table that is there shows its number."""
        return all(
            self._number(name) is not None or self._definition(kind, name) is None
            for kind, name in about.things
        )

    def settle(self, sql: str, before: Seen) -> Settled:
        """Look again: what differs has been done."""
        if before.get("again"):
            return Settled(done=False)
        if before.get("unsettled"):
            return Settled(None, str(before["unsettled"]))
        inner = _FOR.match(sql)
        about = touched(inner.group(1) if inner else sql)
        was, now = before["seen"], self._seen(about)
        if about.drops:
            there = [name for name, seen in was.items() if seen is not None]
            gone = [name for name in there if now.get(name) is None]
            if gone and len(gone) < len(there):
                return Settled(None, f"only {', '.join(gone)} of what it drops is gone")
            return Settled(done=bool(gone))
        return Settled(done=was != now)

    def unsettled(self, before: Seen) -> str | None:
        """Said before it runs."""
        return before.get("unsettled")


_NOT_BEGINNING = {"NOT", "SLAVE", "REPLICA", "ALL"}
