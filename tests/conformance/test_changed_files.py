"""Files that changed, went missing or came late, after others were applied."""

from __future__ import annotations

import pytest

from support import reading
from support.projects import Project
from wheatear import Migrations, connect
from wheatear.errors import HistoryError

NOTHING = "  state: nothing was changed in the database.\n"
PUT_BACK = "put the file back as it was (git restore)"
NEW_ONE = ", and write a new migration for what you wanted to change"
ACCEPT = "; or, if the database is right as it is, accept it with `migrate --accept-changed`.\n"


def test_an_applied_file_changed(project: Project, engine: str) -> None:
    a, b = project.tables("a", "b")
    project.run("migrate", "--steps", "1")
    project.migration(a, "1 / 0", "1 / 0")
    before = reading.dump(project.url), reading.history(project.url)
    assert project.run("migrate").told == (
        1,
        "",
        "error: 1 applied migration file was changed since it was applied.\n"
        f"  where: {a}.py is changed\n{NOTHING}  next:  {PUT_BACK}{NEW_ONE}{ACCEPT}",
    )
    assert project.run("migrate", "--backward").told == (
        1,
        "",
        "error: 1 applied migration file was changed since it was applied.\n"
        f"  where: {a}.py is changed\n{NOTHING}  next:  {PUT_BACK}{NEW_ONE}"
        + ACCEPT.replace("`migrate", "`migrate --backward"),
    )
    assert (reading.dump(project.url), reading.history(project.url)) == before
    status = project.run("status", "--check")
    assert (status.code, status.err) == (1, "")
    assert f"changed      {a} " in status.out
    assert project.run("migrate", "--accept-changed").told == (
        0,
        f"  applied {b}  N s\n",
        f"accepted {a} as it is now\n",
    )
    assert project.run("status", "--check").code == 0


def test_white_space_of_editors_and_systems_is_no_change(project: Project, engine: str) -> None:
    (a,) = project.tables("a")
    project.run("migrate")
    file = project.folder / f"{a}.py"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert project.run("migrate").told == (0, "Nothing to do: no migration is pending.\n", "")
    assert project.run("migrate", "--backward").code == 0


def test_an_applied_file_is_missing(project: Project, engine: str) -> None:
    """And there is no record of what it did (see test_derived_backward.py)."""
    a, b = project.tables("a", "b")
    project.run("migrate")
    (project.folder / f"{a}.py").unlink()
    reading.execute(project.url, "UPDATE wheatear_history SET touched = NULL")
    before = reading.dump(project.url), reading.history(project.url)
    assert project.run("migrate").told == (
        1,
        "",
        "error: 1 applied migration file is missing.\n"
        f"  where: {a}.py is missing\n{NOTHING}  next:  {PUT_BACK}{ACCEPT}",
    )
    first = "first revert what was applied after it (`migrate --backward`), then record that with "
    for more in ((), ("--dry-run",)):
        ended = project.run("migrate", "--backward", "--to", "zero", *more)
        assert (ended.code, ended.out) == (1, "")
        assert f"{first}`migrate --backward --fake`.\n" in ended.err
    assert (reading.dump(project.url), reading.history(project.url)) == before
    # What is not reverted may be missing.
    assert project.run("migrate", "--backward").told == (0, f"  reverted {b}  N s\n", "")
    assert project.run("migrate", "--backward").told == (
        1,
        "",
        f"error: {a} cannot be reverted: its file is not in the migrations folder.\n"
        "  state: nothing was changed.\n"
        "  next:  put the file back (another branch, a backup), then run the command again; or, if "
        "the database is as it was before this migration, record that with "
        "`migrate --backward --fake`.\n",
    )
    assert project.run("migrate", "--accept-changed").told == (
        0,
        f"  applied {b}  N s\n",
        f"accepted {a} though its file is missing\n",
    )
    assert project.run("migrate").code == 0
    status = project.run("status", "--check")
    assert status.code == 0
    assert f"missing      {a} " in status.out


def test_an_applied_file_was_renamed(project: Project) -> None:
    """By whatever advice is followed, it does not run once more."""
    project.tables("a", "b")
    project.migration("20260103_000000_one", "db.execute_sql('INSERT INTO a VALUES (1)')")
    project.run("migrate")
    was = project.folder / "20260103_000000_one.py"
    now = was.rename(project.folder / "20260103_000000_insert_one.py")
    told = (
        1,
        "",
        "error: 1 applied migration file was renamed.\n"
        f"  where: {was.name} is {now.name} now\n{NOTHING}"
        "  next:  give it its old name back: by that the databases know that they have it, and "
        "under a new one it would run once more.\n",
    )
    assert project.run("migrate").told == told
    assert project.run("migrate", "--accept-changed").told == told
    with pytest.raises(HistoryError, match="was renamed"):
        Migrations(connect(project.url), str(project.folder)).migrate()
    assert reading.rows(project.url, "a") == [(1,)]
    now.rename(was)
    assert project.run("migrate").code == 0
    # Another text is another migration.
    was.unlink()
    project.migration("20260103_000000_two", "db.execute_sql('INSERT INTO a VALUES (2)')")
    assert project.run("migrate", "--accept-changed").code == 0
    assert reading.rows(project.url, "a") == [(1,), (2,)]


def test_many_changed_files_are_not_all_named(on_sqlite: Project) -> None:
    names = on_sqlite.tables(*(f"t{number:02}" for number in range(14)))
    on_sqlite.run("migrate")
    for name in names:
        on_sqlite.migration(name)
    err = on_sqlite.run("migrate").err
    assert err.startswith(
        "error: 14 applied migration files were changed since they were applied.\n"
    )
    assert f"{names[9]}.py is changed\n         and 4 more\n" in err
    assert names[10] not in err


def test_a_pending_file_older_than_an_applied_one(project: Project, engine: str) -> None:
    _, b = project.tables("a", "b")
    project.run("migrate")
    late = "20260101_120000_late"
    project.migration(late, "db.execute_sql('CREATE TABLE c (id INTEGER)')")
    before = reading.dump(project.url), reading.history(project.url)
    assert project.run("migrate", "--strict").told == (
        1,
        "",
        "error: 1 pending migration would run out of order.\n"
        f"  where: {late} is older than {b}, which is applied already\n"
        "  state: nothing was changed.\n"
        "  next:  give the file a timestamp later than the newest applied one, or run without "
        "--strict to apply it all the same.\n",
    )
    assert (reading.dump(project.url), reading.history(project.url)) == before
    assert project.run("migrate").told == (
        0,
        f"  applied {late}  N s\n",
        f"warning: {late} is older than {b}, which is applied already; it is applied all the "
        "same\n",
    )
    assert reading.tables(project.url) == ["a", "b", "c"]
    # Back in the order of the log, not of the names.
    assert project.run("migrate", "--backward", "--dry-run", "--steps", "2").told == (
        0,
        f"Would revert, in this order:\n  {late}\n  {b}\n",
        "",
    )


def test_fake_records_without_running(project: Project, engine: str) -> None:
    a, b = project.tables("a", "b")
    project.migration(a, "1 / 0", "1 / 0")
    assert project.run("migrate", "--fake", "--to", a).told == (
        0, f"  applied {a}  N s (recorded only)\n", "",
    )  # fmt: skip
    assert project.run("migrate").told == (0, f"  applied {b}  N s\n", "")
    assert project.run("migrate", "--backward").code == 0
    assert project.run("migrate", "--backward", "--fake").told == (
        0, f"  reverted {a}  N s (recorded only)\n", "",
    )  # fmt: skip
    assert reading.tables(project.url) == []
    assert reading.history(project.url) == [
        (a, "forward", "faked"),
        (b, "forward", "done"),
        (b, "backward", "done"),
        (a, "backward", "faked"),
    ]


def test_dry_run_only_says_which(project: Project, engine: str) -> None:
    a, b = project.tables("a", "b")
    assert project.run("migrate", "--dry-run").told == (
        0, f"Would apply, in this order:\n  {a}\n  {b}\n", "",
    )  # fmt: skip
    if engine == "sqlite":
        assert not reading.exists(project.url)
    else:
        assert reading.execute(project.url, "SELECT 1") == [(1,)]
        assert reading.dump(project.url) == {}
        assert reading.history(project.url) == []


def test_reverting_adds_to_the_log(project: Project, engine: str) -> None:
    (a,) = project.tables("a")
    for words in ([], ["--backward"], [], ["--backward"]):
        assert project.run("migrate", *words).code == 0
    assert reading.history(project.url) == [
        (a, "forward", "done"),
        (a, "backward", "done"),
        (a, "forward", "done"),
        (a, "backward", "done"),
    ]
