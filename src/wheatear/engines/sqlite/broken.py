"""Views and triggers that did not compile before a rename: they are away meanwhile.

SQLite compiles all there are when it renames, and refuses where one of them does not.
https://www.sqlite.org/lang_altertable.html#altertabrename
"""

from __future__ import annotations

from typing import Any

import peewee

from .breaking import compiles
from .draft import RefusedError
from .photograph import ObjectKey, Photograph, photograph
from .tokens import as_temporary, in_main, names, quote


def rename(db: Any, sql: str, before: Photograph, old: str, now: str) -> None:
    """Run an ALTER TABLE … RENAME; what did not compile before is as it was afterwards.

    Args:
        db: The database.
        sql: The statement.
        before: The table before it.
        old: The name that it changes.
        now: The table's name afterwards.

    Raises:
        RefusedError: One would no longer compile, or would have to be changed and cannot be.
    """
    away: set[ObjectKey] = set()
    while True:
        try:
            db.execute_sql(sql)
        except peewee.DatabaseError as error:
            key, after, why = _blamed(error, before)
            if key is None or key in away:
                raise
            if after or _is_sound(db, before, key) or _names(before, key, old):
                raise _refused(key, f"{why} after it" if after else why) from error
            db.execute_sql(f"DROP {key[1].upper()} {key[0]}.{quote(key[2])}")
            away.add(key)
        else:
            break
    if away:
        _make_again(db, before, now)


def _blamed(error: BaseException, photo: Photograph) -> tuple[ObjectKey | None, bool, str]:
    """What SQLite says that an error is in, whether only after the rename, and the error."""
    for key in photo.others:
        _, kind, name = key
        for when in ("", " after rename"):
            start = f"error in {kind} {name}{when}: "
            if kind in {"view", "trigger"} and str(error).startswith(start):
                return key, bool(when), str(error).removeprefix(start)
    return None, False, ""


def _is_sound(db: Any, photo: Photograph, key: ObjectKey) -> bool:
    owner, sql = photo.others[key]
    return compiles(db, key, owner, sql or "", stored=sql or "")


def _names(photo: Photograph, key: ObjectKey, old: str) -> bool:
    """Whether it, or a trigger of it, would have to be changed.

    It may be sound where the application brings the table-valued function that is missing here.
    """
    texts = [
        sql or ""
        for other, (owner, sql) in photo.others.items()
        if other == key or (key[1] == "view" and other[1] == "trigger" and owner == key[2])
    ]
    return any(names(text, old) for text in texts)


def _refused(key: ObjectKey, why: str) -> RefusedError:
    _, kind, name = key
    return RefusedError(
        f"{kind} {name} is in the way: {why}",
        f"drop {kind} {name} before, and make it again afterwards if it is of use",
    )


def _make_again(db: Any, before: Photograph, now: str) -> None:
    """In the order in which they were made; a view's triggers went with it."""
    there = photograph(db, now).others
    for key, (_, sql) in before.others.items():
        if key not in there and key[1] in {"view", "trigger"}:
            db.execute_sql(in_main(sql or "") if key[0] == "main" else as_temporary(sql or ""))
