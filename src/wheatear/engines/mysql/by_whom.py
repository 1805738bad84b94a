"""Whether a table that has changed since a run died was changed by that run's statement.

Somebody else may have altered it meanwhile. So the statement is tried on the definition as it was,
in a scratch database: the lines that it adds and takes away there are looked for here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wheatear.engines.engine import put_back
from wheatear.engines.journaling import Settled
from wheatear.engines.mysql.scratch import scratch

from .kinds import words_of
from .tokens import names_in, tokens

if TYPE_CHECKING:
    from wheatear.engines.mysql.engine import MysqlEngine

    from .named import Named

_ALTERS = frozenset({("ALTER", "TABLE"), ("CREATE", "TABLE")})


def by_whom(
    engine: MysqlEngine,
    sql: str,
    about: Named,
    was: Mapping[str, Any],
    now: Mapping[str, Any],
) -> Settled:
    """Settle a statement of a dead run, of which something is no longer as it was.

    Args:
        engine: The database, opened, and nobody watches it.
        sql: The statement.
        about: What it names.
        was: What was seen before it.
        now: What is seen.

    Returns:
        It is done if what differs is its doing, or if that cannot be tried.
    """
    if not _can_be_tried(sql, about, was):
        return Settled(done=True)
    ((key, before),) = was.items()
    after, place = now[key], key.partition(" ")[2]
    if after is None:
        return Settled(None, f"{place} is gone, which this statement does not do")
    made = None
    with suppress(Exception):  # no right to make a scratch database; it needs another table
        made = _tried(engine, sql, place, before)
    if made is None or made == after:
        return Settled(done=True)
    return _of_lines(sql, place, _lines(before), _lines(made), _lines(after))


def _can_be_tried(sql: str, about: Named, was: Mapping[str, Any]) -> bool:
    """It touches one table of the home database, and reads none."""
    first = words_of(sql)
    is_index = first[0] in ("CREATE", "DROP") and about.things[0][0] == "TABLE"
    bare = len(was) == 1 and len(about.things) == 1 and not about.invisible
    if not bare or "`.`" in next(iter(was)) or not (first in _ALTERS or is_index):
        return False
    # A name that is qualified would be another database's, and no scratch one.
    of_table = about.things[0][1]
    return "`.`" not in of_table and not {"select", "like"} & names_in(sql)


def _tried(engine: MysqlEngine, sql: str, place: str, before: str | None) -> str | None:
    """What SHOW CREATE TABLE says after it, if it says the same as here before it."""
    definitions, db = engine.definitions, engine.db
    (checks,) = db.execute_sql("SELECT @@SESSION.foreign_key_checks").fetchone()
    db.execute_sql("SET SESSION foreign_key_checks = 0")
    try:
        with definitions.settings.kept(), scratch(db):
            if before is not None:
                engine.ask(before)
                if definitions.shown(place) != before:
                    return None
            engine.ask(sql)
            return definitions.shown(place)
    finally:
        put_back(lambda: db.execute_sql(f"SET SESSION foreign_key_checks = {int(checks)}"))


def _lines(text: str | None) -> set[str]:
    return {line.strip().rstrip(",") for line in (text or "").splitlines()}


def _of_lines(sql: str, place: str, before: set[str], made: set[str], after: set[str]) -> Settled:
    adds, takes = made - before, before - made
    if adds <= after and not takes & after:
        return Settled(done=True)
    others = {name for line in after ^ before for name in _own_name(line)}
    if not adds & after and takes <= after and not others & names_in(sql):
        return Settled(done=False)
    return Settled(None, f"{place} has been changed by somebody else meanwhile")


def _own_name(line: str) -> set[str]:
    """What a line of SHOW CREATE TABLE is about."""
    first = next((one for one in tokens(line) if one.kind == "name"), None)
    return {str(first.name).lower()} if first else set()
