"""What a text is to the journal, by its words alone: one statement, or several.

https://www.sqlite.org/lang.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from wheatear.engines.journaling import SEVERAL, TEMPORARY, Kind, Refusal, kind_of_all
from wheatear.engines.sqlite.tokens import Token, fold, tokens_of

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("SELECT", "EXPLAIN", "VALUES"), "read"),
    "BEGIN": "begin",
    "COMMIT": "commit",
    "END": "commit",
    "ROLLBACK": "rollback",
    **dict.fromkeys(("SAVEPOINT", "RELEASE"), "inside"),
    **dict.fromkeys(("ATTACH", "DETACH"), "setting"),
    "VACUUM": "alone",
}
# https://www.sqlite.org/pragma.html: of the connection, kept in the file, refused in a transaction.
OF_CONNECTION = frozenset(
    """
    analysis_limit automatic_index busy_timeout cache_size cache_spill case_sensitive_like
    cell_size_check checkpoint_fullfsync count_changes defer_foreign_keys empty_result_callbacks
    foreign_keys full_column_names fullfsync hard_heap_limit ignore_check_constraints
    legacy_alter_table locking_mode mmap_size query_only read_uncommitted recursive_triggers
    reverse_unordered_selects short_column_names soft_heap_limit synchronous temp_store threads
    trusted_schema wal_autocheckpoint writable_schema secure_delete journal_size_limit
    """.split()
)
_OF_FILE = frozenset({"user_version", "application_id", "schema_version", "default_cache_size"})
_ALONE = frozenset(
    "journal_mode auto_vacuum page_size encoding incremental_vacuum wal_checkpoint optimize".split()
)
_ENOUGH = 2000
_FIRST = re.compile(r"(?:[\s;]|--[^\n]*(?:\n|$)|/\*.*?\*/)*(\w+)", re.DOTALL)
_LONGER = frozenset({"PRAGMA", "ROLLBACK"})
"""What comes after them counts too."""
_MADE = ("TABLE", "VIEW", "TRIGGER", "INDEX")
_ODD = ("temp", "attach", "create")


def statements_of(sql: str) -> list[list[Token]]:
    """The tokens of each statement in a text; a trigger ends with `; END`.

    https://www.sqlite.org/c3ref/complete.html
    """
    found: list[list[Token]] = [[]]
    tokens = tokens_of(sql)
    for at, token in enumerate(tokens):
        if token.text != ";" or token.kind != "other":
            found[-1].append(token)
            continue
        body = found[-1]
        ends = len(body) > 1 and body[-1].is_word("END") and body[-2].text == ";"
        if _is_trigger(body) and not ends and at < len(tokens) - 1:
            body.append(token)
        else:
            found.append([])
    return [one for one in found if one]


def kind_of(sql: str) -> Kind:
    """What a text is; what is no one kind is refused, see `refusal_of`."""
    kinds = [kind_of_one(tokens) for tokens in statements_of(sql)] if _may_be_several(sql) else []
    if len(kinds) > 1:
        return kind_of_all(kinds) or "rows"
    word = first_word(sql)
    return kind_of_one(beginning(sql)) if word in _LONGER else _KINDS.get(word, "rows")


def first_word(sql: str) -> str:
    """In capitals."""
    first = _FIRST.match(sql)
    return first.group(1).upper() if first else ""


def beginning(sql: str) -> list[Token]:
    """A text's first tokens: it may be long, and they are enough."""
    tokens = tokens_of(sql[:_ENOUGH])
    return tokens if len(tokens) > 10 else tokens_of(sql)


def kind_of_one(tokens: Sequence[Token]) -> Kind:
    """What one statement is."""
    words = [one.text.upper() for one in tokens[:4] if one.text != ";"] or [""]
    if words[0] == "ROLLBACK" and "TO" in words:
        return "inside"
    if words[0] == "PRAGMA":
        return _of_pragma(tokens)
    return _KINDS.get(words[0], "rows")


def pragma_of(sql: str) -> str:
    """The name of the pragma that a text begins with; empty if it is none."""
    tokens = [token for token in beginning(sql) if token.text != ";"]
    return _pragma(tokens)[0] if tokens and tokens[0].is_word("PRAGMA") else ""


def _of_pragma(tokens: Sequence[Token]) -> Kind:
    name, sets = _pragma(tokens)
    if name in _ALONE:
        return "alone"
    if sets and name in OF_CONNECTION:
        return "setting"
    return "rows" if sets and name in _OF_FILE else "read"


def _pragma(tokens: Sequence[Token]) -> tuple[str, bool]:
    """Its name, and whether it is given a value."""
    at = next((at for at, one in enumerate(tokens) if one.is_word("PRAGMA")), 0) + 1
    if at + 1 < len(tokens) and tokens[at + 1].text == ".":
        at += 2
    name = fold(tokens[at].name) if at < len(tokens) else ""
    return name, at + 1 < len(tokens) and tokens[at + 1].text in {"=", "("}


def refusal_of(sql: str, *, in_memory: Callable[[str], bool]) -> Refusal | None:
    """What cannot be journaled.

    Args:
        sql: The text.
        in_memory: Says whether the database attached under this name is no file.
    """
    text = sql.lower()
    if not _may_be_several(sql) and not any(part in text for part in _ODD):
        return None
    each = statements_of(sql)
    if len(each) > 1 and kind_of_all(map(kind_of_one, each)) is None:
        return SEVERAL
    refusals = (_refusal(tokens, in_memory=in_memory) for tokens in each)
    return next(filter(None, refusals), None)


def _may_be_several(sql: str) -> bool:
    """A semicolon at the end alone is no second statement."""
    return ";" in sql.rstrip("; \t\r\n")


def _is_trigger(tokens: Sequence[Token]) -> bool:
    at = 2 if len(tokens) > 1 and tokens[1].is_word("TEMP", "TEMPORARY") else 1
    return len(tokens) > at and tokens[0].is_word("CREATE") and tokens[at].is_word("TRIGGER")


def _refusal(tokens: Sequence[Token], *, in_memory: Callable[[str], bool]) -> Refusal | None:
    if tokens[0].is_word("CREATE"):
        schema = _schema(tokens)
        temporary = tokens[1:2] and tokens[1].is_word("TEMP", "TEMPORARY")
        is_gone = temporary or (schema not in {"", "main"} and in_memory(schema))
        return TEMPORARY if is_gone else None
    if tokens[0].is_word("ATTACH"):
        return _refusal_of_attach(tokens)
    return None


def _schema(tokens: Sequence[Token]) -> str:
    """The schema before the name that a CREATE makes; empty if it says none."""
    at = next((at for at, one in enumerate(tokens) if one.is_word(*_MADE)), len(tokens)) + 1
    if at < len(tokens) and tokens[at].is_word("IF"):
        at += 3
    qualified = at + 1 < len(tokens) and tokens[at + 1].text == "."
    return fold(tokens[at].name) if qualified else ""


def _refusal_of_attach(tokens: Sequence[Token]) -> Refusal | None:
    at = 2 if len(tokens) > 1 and tokens[1].is_word("DATABASE") else 1
    if at >= len(tokens) or tokens[at].kind not in {"string", "quoted"}:
        return None
    name = tokens[at].name
    if name and ":memory:" not in name and "mode=memory" not in name:
        return None
    return Refusal(
        "attaches a database that is no file, which is gone if the run dies.",
        "attach a file, and remove it at the end.",
    )
