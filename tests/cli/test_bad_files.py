"""What stands in the migrations folder and cannot be run, or is none: nothing runs before all is sound."""

from __future__ import annotations

import pytest

from support import reading
from support.projects import Project

NEXT = "20260201_000000_next"
FILE = f"ROOT/migrations/{NEXT}.py"
NOTHING = "nothing was changed."
MEND = "mend the file and run the command again."
LOADED_FIRST = "nothing was changed: every pending file is loaded before the first one runs."
NO_FORWARD = "write `def migrate_forward():` in it, or move the file out of the folder."


@pytest.mark.parametrize(
    ("text", "what", "where", "state", "next"),
    [
        pytest.param(
            "def migrate_forward(:\n    pass\n", f"{NEXT}.py is not valid Python: invalid syntax",
            f"{FILE}:1\n         def migrate_forward(:", NOTHING,
            "mend the line and run the command again.", id="syntax",
        ),
        pytest.param(
            "x = '\0'\n",
            f"{NEXT}.py is not valid Python: source code string cannot contain null bytes", FILE,
            NOTHING, "mend the line and run the command again.", id="a NUL byte",
        ),
        pytest.param(
            "x = 1\n", f"{NEXT}.py has no migrate_forward().", FILE, NOTHING, NO_FORWARD,
            id="no migrate_forward",
        ),
        pytest.param(
            "migrate_forward = None\n", f"{NEXT}.py has no migrate_forward().", FILE, NOTHING,
            NO_FORWARD, id="migrate_forward is none",
        ),
        pytest.param(
            "import os\n\nimport nowhere\n",
            f"{NEXT}.py cannot be loaded: ModuleNotFoundError: No module named 'nowhere'",
            f"{FILE}:3", LOADED_FIRST, MEND, id="import",
        ),
        pytest.param(
            "from migrations_config import models\n",
            f"{NEXT}.py cannot be loaded: ImportError: cannot import name 'models' from "
            "'migrations_config' (ROOT/migrations_config.py)", f"{FILE}:1", LOADED_FIRST, MEND,
            id="import from the config",
        ),
        pytest.param(
            "import broken\n",
            f"{NEXT}.py cannot be loaded: SyntaxError: invalid syntax (broken.py, line 1)",
            f"{FILE}:1", LOADED_FIRST, MEND, id="import of a broken module",
        ),
        pytest.param(
            "raise ValueError('no')\n", f"{NEXT}.py cannot be loaded: ValueError: no", f"{FILE}:1",
            LOADED_FIRST, MEND, id="raises",
        ),
        pytest.param(
            "import sys\nsys.exit()\n", f"{NEXT}.py cannot be loaded: SystemExit: ", f"{FILE}:2",
            LOADED_FIRST, MEND, id="exit",
        ),
        pytest.param(
            "def migrate_forward(db): pass\n",
            f"In {NEXT}.py, migrate_forward() takes arguments, but is called without any.",
            f"{FILE}:1", NOTHING,
            "write `def migrate_forward():`; `db` and `migrator` come from migrations_config.",
            id="arguments",
        ),
        pytest.param(
            "def migrate_forward():\n    yield\n",
            f"In {NEXT}.py, migrate_forward() is a generator or `async`, so calling it would do "
            "nothing.", f"{FILE}:1", NOTHING,
            "write a plain `def migrate_forward():` without yield, async and await.", id="generator",
        ),
        pytest.param(
            "async def migrate_forward(): pass\n",
            f"In {NEXT}.py, migrate_forward() is a generator or `async`, so calling it would do "
            "nothing.", f"{FILE}:1", NOTHING,
            "write a plain `def migrate_forward():` without yield, async and await.", id="async",
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_run(
    on_sqlite: Project, text: str, what: str, where: str, state: str, next: str
) -> None:
    on_sqlite.tables("a")  # sound, older, and not run either
    on_sqlite.write("broken.py", "def broken(:\n")
    on_sqlite.write(f"migrations/{NEXT}.py", text)
    assert on_sqlite.run("migrate").told == (
        1,
        "",
        f"error: {what}\n  where: {where}\n  state: {state}\n  next:  {next}\n",
    )
    assert not reading.exists(on_sqlite.url)


def test_an_unreadable_file(on_sqlite: Project) -> None:
    on_sqlite.tables("a")
    on_sqlite.migration(NEXT).chmod(0)
    assert on_sqlite.run("migrate", unprivileged=True).told == (
        1,
        "",
        f"error: Cannot read {FILE}: Permission denied\n"
        f"  state: {NOTHING}\n"
        "  next:  check that this user may read it.\n",
    )
    assert not reading.exists(on_sqlite.url)


def test_an_unreadable_folder(on_sqlite: Project) -> None:
    on_sqlite.folder.chmod(0)
    try:
        ended = on_sqlite.run("status", unprivileged=True)
    finally:
        on_sqlite.folder.chmod(0o755)
    assert ended.told == (
        1,
        "",
        "error: Cannot read ROOT/migrations: Permission denied\n"
        f"  state: {NOTHING}\n"
        "  next:  check that this user may read it.\n",
    )


def test_a_read_only_folder_takes_no_new_file(on_sqlite: Project) -> None:
    on_sqlite.folder.chmod(0o555)
    try:
        ended = on_sqlite.run("create", "add_thing", unprivileged=True)
    finally:
        on_sqlite.folder.chmod(0o755)
    assert ended.told == (
        1,
        "",
        "error: Cannot write a migration into ROOT/migrations: Permission denied.\n"
        "  state: nothing was written.\n"
        "  next:  check that this user may write there, and that the disk is not full.\n",
    )
    assert list(on_sqlite.folder.iterdir()) == []


def test_two_files_with_the_same_timestamp(on_sqlite: Project) -> None:
    on_sqlite.tables("a")
    on_sqlite.migration(NEXT)
    on_sqlite.migration("202602010000_other")  # digits are compared, not how they are written
    assert on_sqlite.run("migrate").told == (
        1,
        "",
        "error: 2 migration files have the same timestamp, so their order is unknown.\n"
        "  where: 202602010000_other.py\n"
        f"         {NEXT}.py\n"
        f"  state: {NOTHING}\n"
        "  next:  give the one that is to run later a later timestamp; rename none that is "
        "applied.\n",
    )
    assert not reading.exists(on_sqlite.url)


def test_two_applied_files_with_the_same_timestamp_are_left_alone(on_sqlite: Project) -> None:
    on_sqlite.migration(NEXT)
    on_sqlite.run("migrate")
    on_sqlite.migration("20260201_000000_other")
    assert on_sqlite.run("migrate").code == 1
    on_sqlite.run("migrate", "--fake", "--to", NEXT)
    assert reading.history(on_sqlite.url) == [(NEXT, "forward", "done")]


def test_what_is_no_migration_is_passed_over(on_sqlite: Project) -> None:
    (name,) = on_sqlite.tables("a")
    bad = "def migrate_forward(): 1 / 0\n"
    for junk in (
        "__init__.py", "_helper.py", f".#{NEXT}.py", f"#{NEXT}.py#", f"{NEXT}.py~",
        f"{NEXT}.py.bak", f"{NEXT}.py.orig", f".{NEXT}.py.swp", f"{NEXT}.pyc", f"{NEXT}.pyi",
        f"{NEXT}.txt", "README.md", f"._{NEXT}.py", f"{NEXT}.PY",
    ):  # fmt: skip
        on_sqlite.write(f"migrations/{junk}", bad)
    on_sqlite.write("migrations/helper.py", "FORWARD = 1 / 0\n")  # no timestamp, and looks unmeant
    (on_sqlite.folder / f"{NEXT}.py").mkdir()
    for folder in ("__pycache__", "old", "20260101_000000_more"):
        (on_sqlite.folder / folder).mkdir()
        on_sqlite.write(f"migrations/{folder}/{NEXT}.py", bad)
    assert on_sqlite.run("migrate").told == (0, f"  applied {name}  N s\n", "")


def test_a_file_that_looks_meant_is_warned_of(on_sqlite: Project) -> None:
    (name,) = on_sqlite.tables("a")
    on_sqlite.write("migrations/add_thing.py", "def migrate_forward(): 1 / 0\n")
    warning = (
        "warning: add_thing.py has no timestamp and is ignored: if it is a migration, rename it to "
        "something like 20261122_153000_add_thing.py\n"
    )
    assert on_sqlite.run("migrate").told == (0, f"  applied {name}  N s\n", warning)
    assert on_sqlite.run("status").err == warning
    assert on_sqlite.run("status", "--json").err == ""


def test_no_folder_to_migrate(on_sqlite: Project) -> None:
    """As a rule it is the wrong place: an application would come up without its tables."""
    on_sqlite.folder.rmdir()
    assert on_sqlite.run("migrate").told == (
        1,
        "",
        "error: There is no folder of migrations: ROOT/migrations\n"
        "  state: nothing was changed.\n"
        "  next:  run it where the project is, or say where that is (-C); `create NAME` makes the "
        "folder, with a first migration.\n",
    )


@pytest.mark.parametrize("wanted", ["status", "history"])
def test_no_folder_at_all(on_sqlite: Project, wanted: str) -> None:
    on_sqlite.folder.rmdir()
    said = {
        "status": "sqlite:///FILE: no migrations yet. Begin with: create add_something\n",
        "history": "sqlite:///FILE: nothing has been run yet.\n",
    }
    assert on_sqlite.run(wanted).told == (0, said[wanted], "")
    assert not reading.exists(on_sqlite.url)
