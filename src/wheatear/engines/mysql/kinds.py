"""What a statement is to the journal, by its text alone.

https://mariadb.com/kb/en/sql-statements/, https://dev.mysql.com/doc/refman/8.4/en/sql-statements.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, pairwise

from wheatear.engines.journaling import CHAINED, TEMPORARY, Kind, Refusal

from .tokens import solid, tokens

_LEAD = r"(?:\s+|--\s[^\n]*(?:\n|$)|\#[^\n]*(?:\n|$)|/\*(?!!).*?\*/|;|\()*"
_WORDS = re.compile(rf"{_LEAD}(\w+)\s*(\w*)", re.DOTALL)
_FOR = re.compile(rf"{_LEAD}SET\s+STATEMENT\s+.*?\sFOR\s+(.*)", re.IGNORECASE | re.DOTALL)
_VARIABLE = re.compile(r"@\w+\s*:=|\bINTO\s+@", re.IGNORECASE)
_PARTIAL = re.compile(rf"{_LEAD}ROLLBACK(\s+WORK)?\s+TO\b", re.IGNORECASE)
_WITH_CHANGES = re.compile(r"\s*WITH\b.*\)\s*(UPDATE|DELETE|INSERT)\b", re.IGNORECASE | re.DOTALL)
_LOCKS = re.compile(r"\b(?:GET|RELEASE(?:_ALL)?)_LOCKS?\s*\(", re.IGNORECASE)
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
    "HANDLER": Refusal(
        "uses a handler of the connection, which is gone if the run dies.", "read with SELECT."
    ),
    "XA": Refusal("uses an XA transaction.", "use `with db.atomic():`."),
}
# https://mariadb.com/kb/en/commit/
_ENDS = frozenset({"COMMIT", "ROLLBACK"})
_ENDS_OTHERWISE = {
    "CHAIN": CHAINED,
    "RELEASE": Refusal("ends its connection with a transaction.", "leave RELEASE out."),
}


@lru_cache(maxsize=4)  # of one statement several ask, one after the other; it may be long
def inner(sql: str) -> str:
    """The statement in SET STATEMENT … FOR statement, MariaDB's; or the statement itself."""
    match = _FOR.match(sql)
    return match.group(1) if match else sql


@lru_cache(maxsize=4)
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
    if first in {"SELECT", "DO"} and _LOCKS.search(sql) and _is_lock_of_user(sql):
        return "setting"
    if first == "WITH" and _WITH_CHANGES.match(sql):
        return "rows"
    return _KINDS.get(first, "alone")


def refusal_of(sql: str) -> Refusal | None:
    """What cannot be journaled: LOCK TABLES, XA, AND CHAIN, what lives in the connection."""
    sql = inner(sql)
    first = words_of(sql)[0]
    if "temporary" in sql.lower() and _says_temporary(list(islice(_spoken(sql), 4))):
        return TEMPORARY
    if first == "SET" and (name := _sets_how_transactions_end(sql)):
        return Refusal(f"sets {name}.", "use `with db.atomic():`.")
    if first in _ENDS:
        return _refusal_of_end(sql)
    if first in {"SELECT", "DO"} and _LOCKS.search(sql) and "RELEASE_ALL_LOCKS" in _called(sql):
        return Refusal(
            "releases all locks of the connection, and with them the run's own.",
            "release your own by its name: RELEASE_LOCK().",
        )
    return _REFUSED.get(first)


def _spoken(sql: str) -> Iterator[str]:
    """The words, in capitals, past comments; but what the server reads in /*! */ is none."""
    for token in tokens(sql):
        if token.kind == "word":
            yield token.text.upper()
        elif token.kind == "comment" and token.text.startswith(("/*!", "/*M!")):
            yield from _spoken(re.sub(r"^/\*M?!\d*", "", token.text)[:-2])


def _says_temporary(words: list[str]) -> bool:
    """CREATE [OR REPLACE] TEMPORARY."""
    rest = [word for word in words if word not in {"OR", "REPLACE"}]
    return rest[:2] == ["CREATE", "TEMPORARY"]


def _refusal_of_end(sql: str) -> Refusal | None:
    """COMMIT or ROLLBACK [WORK] [AND [NO] CHAIN] [[NO] RELEASE]; a savepoint's name is any word."""
    if _PARTIAL.match(sql):
        return None
    ways = (_ENDS_OTHERWISE.get(word) for before, word in pairwise(_spoken(sql)) if before != "NO")
    return next(filter(None, ways), None)


def _sets_how_transactions_end(sql: str) -> str | None:
    """Also among others; `@autocommit` is a variable of the user's."""
    names = (
        one.text.lower().rpartition(".")[2].removeprefix("@@")
        for one, then in pairwise(solid(sql))
        if then.text in {"=", ":"}
    )
    return next((name for name in names if name in {"autocommit", "completion_type"}), None)


def _called(sql: str) -> set[str]:
    return {one.text.upper() for one, then in pairwise(solid(sql)) if then.text == "("}


def _is_lock_of_user(sql: str) -> bool:
    """It only takes or releases locks of the connection, which a run that goes on has to do again.

    https://mariadb.com/kb/en/get_lock/
    """
    locks = {"GET_LOCK", "RELEASE_LOCK"} & _called(sql)
    return bool(locks) and "FROM" not in _spoken(sql)
