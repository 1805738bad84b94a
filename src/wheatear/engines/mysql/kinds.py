"""What a statement is to the journal, by its text alone.

https://mariadb.com/kb/en/sql-statements/, https://dev.mysql.com/doc/refman/8.4/en/sql-statements.html
"""

from __future__ import annotations

import re

from wheatear.engines.journaling import Kind, Refusal

_WORDS = re.compile(
    r"(?:\s+|--\s[^\n]*(?:\n|$)|\#[^\n]*(?:\n|$)|/\*(?!!).*?\*/|;|\()*(\w+)\s*(\w*)", re.DOTALL
)
_FOR = re.compile(r"\s*SET\s+STATEMENT\s+.*?\sFOR\s+(.*)", re.IGNORECASE | re.DOTALL)
_VARIABLE = re.compile(r"@\w+\s*:=|\bINTO\s+@", re.IGNORECASE)
_PARTIAL = re.compile(r"[\s;]*ROLLBACK(\s+WORK)?\s+TO\b", re.IGNORECASE)
_WITH_CHANGES = re.compile(r"\s*WITH\b.*\)\s*(UPDATE|DELETE|INSERT)\b", re.IGNORECASE | re.DOTALL)
_TEMPORARY = re.compile(r"\s*CREATE\s+(OR\s+REPLACE\s+)?TEMPORARY\b", re.IGNORECASE)
_AUTOCOMMIT = re.compile(
    r"\s*SET\s+(?:SESSION\s+|LOCAL\s+|@@(?:SESSION\.|LOCAL\.)?)?AUTOCOMMIT\b", re.IGNORECASE
)
_READS = "SELECT SHOW EXPLAIN DESCRIBE DESC HELP VALUES TABLE WITH CHECKSUM HANDLER".split()
ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "DO", "CALL"})
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("SET", "USE", "PREPARE", "DEALLOCATE"), "setting"),
    **dict.fromkeys(("BEGIN", "START"), "begin"),
    "COMMIT": "commit",
    "ROLLBACK": "rollback",
    **dict.fromkeys(("SAVEPOINT", "RELEASE"), "inside"),
    **dict.fromkeys(_READS, "read"),
    **dict.fromkeys(ROWS, "rows"),
}
# What begins like one thing and is another: SET PASSWORD, START SLAVE, BEGIN NOT ATOMIC.
_ALONE = {("SET", "PASSWORD"), ("BEGIN", "NOT")} | {
    ("START", word) for word in ("SLAVE", "REPLICA", "ALL", "GROUP_REPLICATION")
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


def inner(sql: str) -> str:
    """The statement in SET STATEMENT … FOR statement, MariaDB's; or the statement itself."""
    match = _FOR.match(sql)
    return match.group(1) if match else sql


def words_of(sql: str) -> tuple[str, str]:
    """The first two words, in capitals."""
    match = _WORDS.match(sql)
    return (match.group(1).upper(), match.group(2).upper()) if match else ("", "")


def kind_of(sql: str) -> Kind:
    """What a statement is; rows may still be such that no transaction holds them."""
    sql = inner(sql)
    first, second = words_of(sql)
    if (first, second) in _ALONE:
        return "alone"
    if first == "ROLLBACK" and _PARTIAL.match(sql):
        return "inside"
    if first == "SELECT" and _VARIABLE.search(sql):
        return "setting"
    if first == "WITH" and _WITH_CHANGES.match(sql):
        return "rows"
    return _KINDS.get(first, "alone")


def refusal_of(sql: str) -> Refusal | None:
    """What cannot be journaled: LOCK TABLES, XA, autocommit, temporary tables."""
    if _TEMPORARY.match(sql):
        return Refusal(
            "makes a temporary table, which is gone if the run dies.",
            "make an ordinary table, and drop it at the end.",
        )
    if _AUTOCOMMIT.match(sql):
        return Refusal("sets autocommit.", "use `with db.atomic():`.")
    return _REFUSED.get(words_of(sql)[0])
