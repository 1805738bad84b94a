"""Statements that make what dies with the connection, by their words.

https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-TEMPORARY
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from wheatear.engines.alterations import Word
from wheatear.engines.postgresql.words import Token, tokens_of

Words = Sequence[Word]

_TEMPORARY = frozenset({"TEMP", "TEMPORARY"})
_SCHEMA = re.compile(r"pg_temp(_\d+)?")
_SEARCH_PATH = re.compile(r"search_path\W+(?:TO\W+)?pg_temp\b", re.IGNORECASE)
_QUOTES = re.compile(r"^(?:[eE]?'|\$\w*\$)|(?:'|\$\w*\$)$")


def makes_temporary(sql: str, tokens: Sequence[Token]) -> bool:
    """Whether a statement does so.

    Args:
        sql: The text that it stands in.
        tokens: Its own tokens.
    """
    words = [token.word for token in tokens if token.word.text not in {"(", ";"}][:2]
    first = words[0].text if words else ""
    if first == "DO":
        return _leaves_temporary(sql, tokens)
    if first == "SET" or (first == "SELECT" and words[-1].name in {"set_config", "pg_catalog"}):
        # The first schema of the path is where things are made.
        return _SEARCH_PATH.search(sql[tokens[0].start : tokens[-1].end]) is not None
    opens = next((at for at, one in enumerate(tokens) if one.word.text != "("), 0)
    return _is_temporary([token.word for token in tokens[opens:]])


def _is_temporary(words: Words) -> bool:
    """CREATE TEMP …, CREATE … pg_temp.x, SELECT … INTO TEMP x."""
    texts = [word.text for word in words]
    if texts[:1] == ["EXPLAIN"]:  # ANALYZE makes what it explains
        starts = [at for at, text in enumerate(texts) if text in {"CREATE", "SELECT", "WITH"}]
        return bool(starts) and _is_temporary(words[starts[0] :])
    if texts[:1] == ["CREATE"]:
        return _says_temporary(texts) or any(
            _is_in_temporary_schema(words[at : at + 2]) for at in range(len(words))
        )
    if texts[:1] not in (["SELECT"], ["WITH"], ["VALUES"], ["TABLE"]):
        return False
    return any(
        _is_temporary_target(words[at + 1 :])
        for at, text in enumerate(texts)
        if text == "INTO" and texts[at - 1] not in {"INSERT", "MERGE"}
    )


def _leaves_temporary(sql: str, tokens: Sequence[Token]) -> bool:
    """Whether a block's body, or a text in it, makes something temporary and drops nothing."""
    for token in tokens:
        if token.word.text or token.word.name is not None:
            continue
        body = _QUOTES.sub("", sql[token.start : token.end])
        within = list(tokens_of(body))
        words = [one.word for one in within]
        makes = any(
            word.text == "CREATE" and _is_temporary(words[at : at + 8])
            for at, word in enumerate(words)
        )
        if makes and "DROP" not in [word.text for word in words]:
            return True
        if _leaves_temporary(body, within):
            return True
    return False


def _says_temporary(texts: Sequence[str]) -> bool:
    """CREATE [OR REPLACE] [GLOBAL | LOCAL] TEMP, and nothing that is called so."""
    skipped = {"OR", "REPLACE", "GLOBAL", "LOCAL"}
    word = next((text for text in texts[1:] if text not in skipped), "")
    return word in _TEMPORARY


def _is_temporary_target(words: Words) -> bool:
    """What stands behind INTO; `INTO temp` alone is a table that is called so."""
    at = 0
    while at < len(words) and words[at].text in {"GLOBAL", "LOCAL"}:
        at += 1
    if len(words) > at + 1 and words[at].text in _TEMPORARY:
        then = words[at + 1]
        return then.name is not None and then.text not in {"FROM", "WHERE", "GROUP", "ORDER"}
    if words and words[0].text == "TABLE":
        words = words[1:]
    return _is_in_temporary_schema(words)


def _is_in_temporary_schema(words: Words) -> bool:
    return (
        len(words) > 1
        and words[1].text == "."
        and _SCHEMA.fullmatch(words[0].name or "") is not None
    )
