"""Which savepoint begins a transaction, and whose RELEASE commits it: SQLite itself says."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest

from support import dying, reading
from support.projects import Project
from wheatear.engines.sqlite.kinds import kind_of
from wheatear.engines.sqlite.savepoints import Savepoints

WORDS = [
    *("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT b", "RELEASE b"),
    *("SAVEPOINT a", 'SAVEPOINT "A" -- again', "RELEASE a;", "RELEASE SAVEPOINT [A]"),
    *("ROLLBACK TO a", "ROLLBACK TRANSACTION TO SAVEPOINT 'a'", "INSERT INTO t VALUES (1)"),
]
ENDING_AND_NOT = ["INSERT OR ROLLBACK INTO t VALUES (NULL)", "INSERT INTO child VALUES (0)"]
"""One that rolls back by itself, and one that lets no COMMIT pass."""


@pytest.fixture
def project(on_sqlite: Project) -> Project:
    reading.execute(on_sqlite.url, "CREATE TABLE t (x integer)")
    return on_sqlite


def played(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Those that succeed, and what each was taken for, which is compared with what it was."""
    followed, found = Savepoints(), []
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(
            "PRAGMA foreign_keys = 1; CREATE TABLE t (x NOT NULL); CREATE TABLE p (id PRIMARY KEY);"
            "CREATE TABLE child (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)"
        )
        for text in texts:
            before = db.in_transaction
            kind = kind_of(text)
            if kind != "rows":
                kind = followed.kind(text, kind, inside=before)
            try:
                db.execute(text)
            except sqlite3.Error:
                continue
            found.append((text, kind))
            assert (kind == "begin") == (db.in_transaction and not before), (texts, text)
            ends = before and not db.in_transaction
            assert (kind in ("commit", "rollback")) == ends, (texts, text)
    return found


def test_as_sqlite_does() -> None:
    chance = random.Random(1)
    for words in [WORDS, [*WORDS, *ENDING_AND_NOT]] * 60:
        played(chance.choices(words, k=14))


def test_the_same_where_nothing_is_sent() -> None:
    chance = random.Random(2)
    for _ in range(60):
        found, again = played(chance.choices(WORDS, k=14)), Savepoints()
        kinds = [(text, kind_of(text)) for text, _ in found]
        assert found == [
            (text, kind if kind == "rows" else again.kind(text, kind, inside=None))
            for text, kind in kinds
        ]


def test_a_name_is_forgotten_with_its_transaction(project: Project) -> None:
    """What a later savepoint of that name releases is rolled back: it is no COMMIT."""
    body = """\
    for text in 'SAVEPOINT a', 'INSERT INTO t VALUES (1)', 'ROLLBACK':
        sql(text)
    for text in 'BEGIN', 'SAVEPOINT a', 'INSERT INTO t VALUES (2)', 'RELEASE a', 'ROLLBACK':
        sql(text)
    sql('INSERT INTO t VALUES (3)')
    die()
    """
    dying.applied(project, body)
    assert reading.rows(project.url, "t") == [(3,)]
    assert reading.history(project.url) == [(dying.NAME, "forward", "done")]


def test_a_name_is_forgotten_by_a_run_that_goes_on(project: Project) -> None:
    body = """\
    for text in 'BEGIN', 'SAVEPOINT a', 'INSERT INTO t VALUES (1)', 'ROLLBACK TO a':
        sql(text)
    sql('INSERT INTO t VALUES (10)')
    sql('COMMIT')
    die()
    for text in 'BEGIN', 'SAVEPOINT a', 'INSERT INTO t VALUES (2)', 'RELEASE a', 'ROLLBACK':
        sql(text)
    sql('INSERT INTO t VALUES (3)')
    if os.path.exists('fails'):
        raise ValueError
    """
    (project.root / "fails").touch()
    assert dying.killed(project, body).code == 1
    (project.root / "fails").unlink()
    assert project.run("migrate").code == 0
    assert reading.rows(project.url, "t") == [(3,), (10,)]


def test_of_one_name_the_newest_is_released(project: Project) -> None:
    body = """\
    sql('SAVEPOINT a')
    sql('INSERT INTO t VALUES (1)')
    for text in 'SAVEPOINT A', 'INSERT INTO t VALUES (2)', 'RELEASE "a"', 'ROLLBACK':
        sql(text)
    sql('INSERT INTO t VALUES (3)')
    die()
    """
    dying.applied(project, body)
    assert reading.rows(project.url, "t") == [(3,)]
