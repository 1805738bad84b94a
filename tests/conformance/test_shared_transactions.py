"""Migrations that share a transaction: all or none when asked for, and SQLite's many small ones."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support import reading
from support.projects import Project, Running, wait_for

transactional = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
LETTERS = "abcdefghijkl"


def broken(project: Project, name: str, body: str) -> str:
    """A migration that makes a table, and then goes wrong."""
    project.migration(name, f"db.execute_sql('CREATE TABLE z (id INTEGER)')\n{body}")
    return name


# --single-transaction


@transactional
def test_all(project: Project) -> None:
    names = project.tables("a", "b", "c")
    ended = project.run("migrate", "--single-transaction")
    assert ended.told == (0, "".join(f"  applied {name}  N s\n" for name in names), "")
    assert reading.tables(project.url) == ["a", "b", "c"]
    ended = project.run("migrate", "--backward", "--to", "zero", "--single-transaction")
    assert ended.told == (0, "".join(f"  reverted {n}  N s\n" for n in reversed(names)), "")
    assert reading.tables(project.url) == []


@transactional
def test_or_none(project: Project) -> None:
    first, second = project.tables("a", "b")
    name = broken(project, "20260301_000000_broken", "raise ValueError('no')")
    ended = project.run("migrate", "--single-transaction")
    assert ended.told == (
        1,
        "",
        f"error: {name} failed: ValueError: no\n"
        f"  where: ROOT/migrations/{name}.py:10 in migrate_forward()\n"
        "           raise ValueError('no')\n"
        f"  state: {name} was rolled back: nothing of it stays.\n"
        f"         rolled back with it, in the same transaction: {first}, {second}.\n"
        "  next:  mend the file and run the command again.\n",
    )
    assert reading.tables(project.url) == []
    project.migration(name, "db.execute_sql('CREATE TABLE z (id INTEGER)')")
    assert project.run("migrate", "--single-transaction").code == 0
    assert reading.tables(project.url) == ["a", "b", "z"]


@transactional
@pytest.mark.parametrize("name", ["20260301_000000_b", "20250101_000000_b"], ids=["last", "first"])
def test_what_cannot_be_one_transaction_is_refused(project: Project, name: str) -> None:
    project.tables("a")
    path = project.migration(name, "db.execute_sql('CREATE TABLE b (id INTEGER)')")
    path.write_text(path.read_text() + "\n\natomic = False\n")
    assert project.run("migrate", "--single-transaction").told == (
        2,
        "",
        "error: Not all pending migrations can share one transaction: these say `atomic = False`, or "
        "not the same `foreign_keys` as the first.\n"
        f"  where: {name}.py\n"
        "  state: nothing was changed.\n"
        "  next:  apply those before them with `migrate --single-transaction --to NAME`, and them by "
        "themselves.\n",
    )
    assert reading.tables(project.url) == []


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
def test_not_where_each_schema_change_commits_by_itself(project: Project) -> None:
    project.tables("a")
    assert project.run("migrate", "--single-transaction").told == (
        2,
        "",
        "error: --single-transaction does nothing on mysql://root@HOST/DATABASE: each schema change "
        "commits by itself there.\n"
        "  state: nothing was changed.\n"
        "  next:  run `migrate` without it; each migration is recorded as it is finished.\n",
    )
    assert reading.tables(project.url) == []


def test_nothing_pending_is_no_error(project: Project) -> None:
    assert project.run("migrate", "--single-transaction").code == 0


# SQLite's many small ones


def commits(project: Project) -> int:
    """How many transactions a run commits: the database's file counts them.

    https://www.sqlite.org/fileformat2.html, section 1.3.7
    """

    reading.execute(project.url, "CREATE TABLE there (id INTEGER)")

    def counter() -> int:
        return int.from_bytes(Path(urlsplit(project.url).path[1:]).read_bytes()[24:28], "big")

    before = counter()
    assert project.run("migrate").code == 0
    return counter() - before


@sqlite
def test_many_small_ones_commit_together(project: Project) -> None:
    names = project.tables(*LETTERS)
    assert commits(project) < len(names)
    assert reading.history(project.url) == [(name, "forward", "done") for name in names]
    assert reading.tables(project.url) == [*LETTERS, "there"]


@sqlite
def test_a_few_commit_one_by_one(project: Project) -> None:
    names = project.tables("a", "b", "c")
    assert commits(project) >= len(names)


@sqlite
def test_one_that_fails_is_undone_alone(project: Project) -> None:
    names = project.tables(*LETTERS)
    name = broken(project, "20261301_000000_broken", "raise ValueError('no')")
    ended = project.run("migrate")
    assert ended.code == 1
    assert ended.out == "".join(f"  applied {name}  N s\n" for name in names)
    assert ended.err == (
        f"error: {name} failed: ValueError: no\n"
        f"  where: ROOT/migrations/{name}.py:10 in migrate_forward()\n"
        "           raise ValueError('no')\n"
        f"  state: {name} was rolled back: nothing of it stays.\n"
        f"         applied before it in this run, and staying so: {', '.join(names)}.\n"
        "  next:  mend the file and run the command again.\n"
    )
    assert reading.tables(project.url) == [*LETTERS]
    assert reading.history(project.url)[-1] == (name, "forward", "failed")


@sqlite
def test_one_that_breaks_the_transaction_takes_its_company_with_it(project: Project) -> None:
    """https://www.sqlite.org/lang_conflict.html: OR ROLLBACK ends the whole transaction."""
    names = project.tables(*LETTERS)
    body = (
        "db.execute_sql('CREATE TABLE u (x INTEGER UNIQUE)')\n"
        "db.execute_sql('INSERT INTO u VALUES (1)')\n"
        "db.execute_sql('INSERT OR ROLLBACK INTO u VALUES (1)')"
    )
    name = broken(project, "20261301_000000_broken", body)
    ended = project.run("migrate")
    assert ended.code == 1
    told = ended.out.split()[1::4]
    lost = names[len(told) :]
    assert lost
    assert told == names[: len(told)]
    assert f"rolled back with it, in the same transaction: {', '.join(lost)}.\n" in ended.err
    # The record is as true as the message, and the next run does what is left.
    done = [one for one, _, outcome in reading.history(project.url) if outcome == "done"]
    assert done == told
    assert reading.tables(project.url) == [*LETTERS[: len(told)]]
    (project.folder / f"{name}.py").unlink()
    assert project.run("migrate").code == 0
    assert reading.tables(project.url) == [*LETTERS]


@sqlite
def test_rows_that_point_at_nothing_are_laid_to_the_one_that_left_them(project: Project) -> None:
    names = project.tables(*LETTERS)
    first = project.migration(
        "20261301_000000_child",
        "db.execute_sql('CREATE TABLE child (a_id INTEGER REFERENCES a (id))')\n"
        "db.execute_sql('INSERT INTO a VALUES (1)')\n"
        "db.execute_sql('INSERT INTO child VALUES (1)')",
    )
    project.migration("20261302_000000_orphan", "db.execute_sql('DELETE FROM a')")
    ended = project.run("migrate")
    assert ended.code == 1
    assert "20261302_000000_orphan failed: The migration leaves 1 row(s)" in ended.err
    assert ended.out.count("applied") == len(names) + 1
    assert first.stem in ended.out
    assert reading.rows(project.url, "a") == [(1,)]


@sqlite
def test_another_transaction_for_those_with_foreign_keys(project: Project) -> None:
    project.tables(*LETTERS)
    body = "assert db.pragma('foreign_keys') == {on}\ndb.execute_sql('CREATE TABLE {name} (id)')"
    for number, on in enumerate((1, 0, 1, 1, 0)):
        path = project.migration(
            f"2026130{number}_000000_k{number}", body.format(on=on, name=f"k{number}")
        )
        path.write_text(path.read_text() + f"\n\nforeign_keys = {bool(on)}\n")
    ended = project.run("migrate")
    assert ended.code == 0, ended.err
    assert len(reading.tables(project.url)) == len(LETTERS) + 5


SLOW = "20261301_000000_slow"
WRITES = (
    "INSERT INTO a (id) WITH RECURSIVE c(n) AS "
    "(SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c"
)


def _slow_one_begins(project: Project, body: str) -> Running:
    """Twelve small migrations, and one that takes long: it runs when this returns."""
    project.tables(*LETTERS)
    began = project.root / "began"
    project.migration(SLOW, f"open({str(began)!r}, 'w').close()\n{body}")
    running = project.start("migrate")
    wait_for(began.exists)
    return running


def _is_sound(project: Project) -> list[str]:
    """What is applied: as many tables as records, and the next run does the rest."""
    done = [name for name, _, outcome in reading.history(project.url) if outcome == "done"]
    assert reading.tables(project.url) == [*LETTERS[: len(done)]]
    project.migration(SLOW)
    assert project.run("migrate").code == 0
    assert reading.tables(project.url) == [*LETTERS]
    return done


@sqlite
def test_killed_in_company(project: Project) -> None:
    running = _slow_one_begins(project, "import time\ntime.sleep(60)")
    ended = running.end(signal.SIGKILL)
    told = ended.out.split()[1::4]
    # What was told to be applied is; what shared the transaction of the killed one was not told.
    assert _is_sound(project) == told


@sqlite
@pytest.mark.parametrize(
    ("body", "alone"),
    [("import time\ntime.sleep(60)", True), (f'db.execute_sql("{WRITES}")', False)],
    ids=["in Python", "in a writing statement"],
)
def test_interrupted_in_company(project: Project, body: str, alone: bool) -> None:
    """https://www.sqlite.org/c3ref/interrupt.html: a writing statement takes all with it."""
    running = _slow_one_begins(project, body)
    time.sleep(0.3)  # into the statement
    ended = running.end(signal.SIGINT)
    assert ended.code == 130
    told = ended.out.split()[1::4]
    lost = "rolled back with it, in the same transaction: " in ended.err
    assert (len(told) < len(LETTERS)) is lost
    assert not (alone and lost)
    assert f"{SLOW} was rolled back: nothing of it stays.\n" in ended.err
    assert _is_sound(project) == told
