"""What a text is to the journal, by its words alone: one statement, or several.

https://www.postgresql.org/docs/current/sql-commands.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, pairwise

from wheatear.engines.alterations import Word
from wheatear.engines.journaling import CHAINED, SEVERAL, TEMPORARY, Kind, Refusal, kind_of_all
from wheatear.engines.postgresql.named import must_be_alone
from wheatear.engines.postgresql.temporary import makes_temporary
from wheatear.engines.postgresql.words import statements_of, tokens_of

Words = Sequence[Word]

_READS = frozenset({"SELECT", "SHOW", "EXPLAIN", "VALUES", "TABLE", "WITH"})
_QUERIES = frozenset({"SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "MERGE"})
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("SET", "RESET", "LISTEN", "UNLISTEN", "LOAD", "DISCARD"), "setting"),
    **dict.fromkeys(("PREPARE", "DEALLOCATE"), "setting"),
    **dict.fromkeys(("BEGIN", "START"), "begin"),
    **dict.fromkeys(("COMMIT", "END"), "commit"),
    **dict.fromkeys(("ROLLBACK", "ABORT"), "rollback"),
    **dict.fromkeys(("SAVEPOINT", "RELEASE"), "inside"),
    **dict.fromkeys(_READS, "read"),
}
# What these set or lock is the session's.
# https://www.postgresql.org/docs/current/functions-admin.html
_SETTERS = frozenset(
    """
    set_config setseed pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock
    pg_try_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_unlock_all
    """.split()
)
_IN_SETTERS = frozenset({"current_setting", "concat", "format", "hashtext", "hashtextextended"})
_ODD = ("temp", "hold", "lock", "chain", "prepare", "set_config", "setseed")


def kind_of(sql: str, *, escapes: bool = False) -> Kind:
    """What a text is; what is no one kind is refused, see `refusal_of`.

    Args:
        sql: The text.
        escapes: See `tokens_of`.
    """
    if _may_be_several(sql):
        return kind_of_all(_kinds(sql, escapes=escapes)) or "rows"
    if _is_odd(sql):
        return _kind([token.word for token in tokens_of(sql, escapes=escapes)])
    beginning = (token.word for token in tokens_of(sql) if token.word.text not in {"(", ";"})
    return _kind(list(islice(beginning, 3)))


def refusal_of(sql: str, *, inside: bool, escapes: bool = False) -> Refusal | None:
    """What cannot be journaled.

    Args:
        sql: The text.
        inside: It is sent in a transaction of the migration's own.
        escapes: See `tokens_of`.
    """
    if _may_be_several(sql) and kind_of_all(_kinds(sql, escapes=escapes)) is None:
        return SEVERAL
    return _refusal_of_odd(sql, inside=inside, escapes=escapes) if _is_odd(sql) else None


def _refusal_of_odd(sql: str, *, inside: bool, escapes: bool) -> Refusal | None:
    each = statements_of(sql, escapes=escapes)
    if any(makes_temporary(sql, tokens) for tokens in each):
        return TEMPORARY
    words = [_opened([token.word for token in tokens]) for tokens in each]
    if not inside and len(words) == 1 and words[0] and words[0][0].text == "LOCK":
        return Refusal(
            "locks a table outside of a transaction, where the lock ends at once.",
            "put it into one `with db.atomic():` with what needs it.",
        )
    return next(filter(None, map(_refusal, words)), None)


def first_word(sql: str) -> str:
    """In capitals."""
    return next((t.word.text for t in tokens_of(sql) if t.word.text not in {"(", ";"}), "")


def is_rolled_back(rest: Iterable[str]) -> bool:
    """Whether what was done in a transaction was rolled back, by the statements that came after."""
    inner: set[str] = set()
    for sql in rest:
        kind = kind_of(sql)
        if kind in {"commit", "rollback"}:
            return kind == "rollback"
        words = [token.word for token in tokens_of(sql)] if kind == "inside" else []
        names = [str(word.name) for word in words if word.name is not None]
        if names and names[0] == "savepoint":
            inner.add(names[-1])
        elif names and names[0] == "rollback" and names[-1] not in inner:
            return True
    return False


def _is_odd(sql: str) -> bool:
    """Whether it is worth to be taken apart: texts may be long."""
    text = sql.lower()
    return any(part in text for part in _ODD)


def _may_be_several(sql: str) -> bool:
    """A semicolon at the end alone is no second statement."""
    return ";" in sql.rstrip("; \t\r\n")


def _kinds(sql: str, *, escapes: bool) -> list[Kind]:
    each = [
        _opened([token.word for token in tokens]) for tokens in statements_of(sql, escapes=escapes)
    ]
    if each and _begins_with_settings(each):
        return ["begin"]
    several = len(each) > 1
    return ["alone" if several and must_be_alone(words) else _kind(words) for words in each]


def _begins_with_settings(each: Sequence[Words]) -> bool:
    """BEGIN; SET LOCAL …: the settings are the transaction's, and end with it."""
    return _kind(each[0]) == "begin" and all(
        [word.text for word in words[:2]] == ["SET", "LOCAL"] for words in each[1:]
    )


def _opened(words: Words) -> Words:
    """Without the parentheses that a query may begin with."""
    at = 0
    while at < len(words) and words[at].text in {"(", ";"}:
        at += 1
    return words[at:]


def _kind(words: Words) -> Kind:
    words = _opened(words)
    first, *others = [word.text for word in words[:3]] or [""]
    if first == "ROLLBACK" and "TO" in others:
        return "inside"
    if first == "PREPARE" and others[:1] == ["TRANSACTION"]:
        return "alone"
    if first == "SELECT" and _sets(words):
        return "setting"
    return _KINDS.get(first, "rows")


def _called(words: Words) -> set[str]:
    """The functions that are called, and what else has a parenthesis behind it."""
    return {
        str(word.name)
        for word, after in pairwise(words)
        if word.name is not None and after.text == "("
    }


def _sets(words: Words) -> bool:
    return not _SETTERS.isdisjoint(_called(words))


def _refusal(words: Words) -> Refusal | None:
    first = words[0].text if words else ""
    texts = [word.text for word in words]
    if first == "PREPARE" and texts[1:2] == ["TRANSACTION"]:
        return Refusal(
            "prepares a transaction for others to end.",
            "commit it: `with db.atomic():` does.",
        )
    if first in {"COMMIT", "ROLLBACK"} and texts[1:2] == ["PREPARED"]:
        return Refusal(
            "ends a prepared transaction, which is no part of it.",
            "end it before the migration.",
        )
    if _KINDS.get(first) in {"commit", "rollback"} and ("AND", "CHAIN") in pairwise(texts):
        return CHAINED
    if first == "PREPARE":
        return Refusal(
            "prepares a statement, which is gone if the run dies.",
            "send the statement itself, with its values.",
        )
    if first == "DECLARE" and ("WITH", "HOLD") in pairwise(texts):
        return Refusal(
            "declares a cursor WITH HOLD, which is gone if the run dies.",
            "send the query itself, or declare the cursor without HOLD in `with db.atomic():`.",
        )
    return _refusal_of_calls(words) if first in _QUERIES else None


def _refusal_of_calls(words: Words) -> Refusal | None:
    called = _called(words)
    if not _SETTERS.isdisjoint(called):
        alone = words[0].text == "SELECT" and called <= _SETTERS | _IN_SETTERS
        reads = any(word.text in {"FROM", "SELECT"} for word in words[1:])
        if not alone or reads:
            return Refusal(
                "sets something of the connection in a statement that does more; such are sent "
                "again by a run that goes on.",
                "send it by itself, with values and not with what it reads.",
            )
    return None
