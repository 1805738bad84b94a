"""What is printed where: to people, to programs, to a terminal; the program started afresh."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import reading
from support.projects import PROGRAM, SCRIPT, Ended, Project
from support.terminal import ESCAPE, on_a_terminal

pytest.importorskip("pty", reason="no terminals here")
FULL_DEVICE = Path("/dev/full").exists()
COLOR = re.compile(r"\x1b\[(\d+;)*(3|4|9|10)\d(;\d+)*m")


@pytest.fixture
def applied(on_sqlite: Project) -> Project:
    """A project with an applied and a pending migration."""
    on_sqlite.tables("a", "b")
    on_sqlite.run("migrate", "--steps", "1")
    return on_sqlite


@pytest.mark.parametrize(
    "script",
    [pytest.param(False, id="wheatear", marks=pytest.mark.long), pytest.param(True, id=SCRIPT)],
)
def test_both_programs_are_the_same(on_sqlite: Project, script: bool) -> None:
    """Every command once, in new interpreters."""
    (name,) = on_sqlite.tables("a")
    options = {"script": True} if script else {"fresh": True}
    assert on_sqlite.run("migrate", **options).told == (0, f"  applied {name}  N s\n", "")
    assert on_sqlite.run("status", **options).told == (
        0, f"sqlite:///FILE\napplied      {name:<40} TIME UTC  N s  WHO\n", "",
    )  # fmt: skip
    assert on_sqlite.run("history", **options).told == (
        0, f"TIME  forward   done         {name}  N s  WHO\n", "",
    )  # fmt: skip
    created = on_sqlite.run("create", "add_thing", **options)
    assert created.code == 0
    assert re.fullmatch(r"created migrations/\d{8}_\d{6}_add_thing.py\n", created.out)
    assert on_sqlite.run("migrate", "--backward", **options).told == (
        0, f"  reverted {name}  N s\n", "",
    )  # fmt: skip


def test_python_dash_m(on_sqlite: Project) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "wheatear", "--version"],
        cwd=on_sqlite.root,
        env=on_sqlite.environment(),
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.fullmatch(r"wheatear \d+\.\d+\.\d+\S*\n", ended.stdout)


def test_init_writes_what_works(on_sqlite: Project, tmp_path: Path) -> None:
    root = tmp_path / "new"
    root.mkdir()
    ended = on_sqlite.run("init", cwd=root)
    assert ended.told == (
        0,
        "wrote manage_migrations.py\nwrote migrations_config.py\nwrote migrations/\n"
        "Next: say in migrations_config.py where your database is, then\n"
        "  uv run manage_migrations.py create add_experience\n",
        "",
    )
    assert on_sqlite.run("create", "add_experience", cwd=root).code == 0
    assert on_sqlite.run("migrate", cwd=root).code == 0
    assert on_sqlite.run("init", cwd=root).told == (
        0,
        "kept manage_migrations.py, which was there\nkept migrations_config.py, which was there\n"
        "kept migrations/, which was there\n",
        "",
    )


def test_json_is_nothing_but_the_object(applied: Project) -> None:
    applied.write("migrations/no_prefix.py", "def migrate_forward(): pass\n")
    status = applied.run("status", "--json")
    assert (status.code, status.err) == (0, "")
    found = json.loads(status.raw)
    assert [set(found), found["drift"]] == [{"database", "migrations", "drift", "warnings"}, []]
    assert len(found["warnings"]) == 1
    done, pending = found["migrations"]
    assert (done["name"], done["state"]) == ("20260101_000000_add_a", "applied")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", done["applied_at"])
    assert (pending["state"], pending["applied_at"]) == ("pending", None)
    checked = applied.run("status", "--json", "--check")
    assert checked.code == 1
    assert json.loads(checked.raw) == found
    history = applied.run("history", "--json")
    assert (history.code, history.err) == (0, "")
    (record,) = json.loads(history.raw)["records"]
    assert record["outcome"] == "done"
    assert len(record["checksum"]) == 64
    assert record["error"] is None


def test_json_of_nothing(on_sqlite: Project) -> None:
    assert json.loads(on_sqlite.run("status", "--json").raw)["migrations"] == []
    assert json.loads(on_sqlite.run("history", "--json").raw)["records"] == []


def test_json_of_an_error_is_an_error(on_sqlite: Project) -> None:
    (on_sqlite.root / "migrations_config.py").unlink()
    ended = on_sqlite.run("status", "--json")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: ")


def test_no_colors_without_a_terminal(applied: Project) -> None:
    for words in (["status"], ["history"], ["migrate"], ["migrate", "--to", "x"]):
        assert "\x1b" not in applied.run(*words).raw


def test_a_table_on_a_terminal(applied: Project) -> None:
    code, text = on_a_terminal(applied, "status")
    assert code == 0
    assert "\x1b[32mapplied" in text
    lines = [line.split() for line in ESCAPE.sub("", text).splitlines()]
    head, done, pending = lines[-3:]
    assert head == ["state", "migration", "applied", "at", "(UTC)", "took", "by"]
    assert done[:2] == ["applied", "20260101_000000_add_a"]
    assert pending == ["pending", "20260102_000000_add_b"]
    code, text = on_a_terminal(applied, "history")
    assert ESCAPE.sub("", text).splitlines()[0].split()[:2] == ["when", "(UTC)"]


def test_history_says_why_a_migration_failed(applied: Project) -> None:
    applied.migration("20260301_000000_bad", "raise ValueError('no such rule\\nmore of it')")
    assert applied.run("migrate").code == 1
    *_, last, why = applied.run("history").out.splitlines()
    assert last == "TIME  forward   failed       20260301_000000_bad  N s  WHO"
    assert why == "    ValueError: no such rule"
    assert "    ValueError: no such rule\n" in on_a_terminal(applied, "history", width=89)[1]
    _, text = on_a_terminal(applied, "history", width=90)
    head, *lines = ESCAPE.sub("", text).splitlines()
    assert head.split()[:2] == ["when", "(UTC)"]
    (at,) = (number for number, line in enumerate(lines) if "20260301_000000_bad " in line)
    assert lines[at + 1].strip() == "ValueError: no such rule"
    assert all(len(line) <= 90 for line in lines)


@pytest.mark.parametrize("width", [100, 70])
def test_the_table_fits_the_terminal_and_no_name_is_cut(applied: Project, width: int) -> None:
    long = "20260301_000000_" + "long_name_" * 6
    applied.migration(long)
    _, text = on_a_terminal(applied, "status", width=width)
    lines = ESCAPE.sub("", text).splitlines()
    assert all(len(line) <= width for line in lines[1:])
    (first,) = (number for number, line in enumerate(lines) if "20260301_" in line)
    assert long in "".join("".join(lines[first:]).split()).replace("pending", "")


@pytest.mark.parametrize("words", ["status", "history"])
def test_plain_lines_where_a_table_has_no_room(applied: Project, words: str) -> None:
    _, text = on_a_terminal(applied, words, width=50)
    assert "20260101_000000_add_a" in text
    assert "when (UTC)" not in text
    assert "applied at (UTC)" not in text


def test_no_color(applied: Project) -> None:
    """https://no-color.org: any value but none."""
    for words in (["status"], ["history"], ["migrate", "--to", "nowhere"]):
        _, text = on_a_terminal(applied, *words, env={"NO_COLOR": "1"})
        assert not COLOR.search(text), words
    _, text = on_a_terminal(applied, "migrate", "--to", "nowhere", env={"NO_COLOR": ""})
    assert COLOR.search(text)


def test_one_line_a_migration_on_a_terminal(applied: Project) -> None:
    applied.migration("20260301_000000_slow", "import time\ntime.sleep(0.1)")
    code, text = on_a_terminal(applied, "migrate")
    assert code == 0
    assert "  applying 20260301_000000_slow … " in text
    # What a line is written over with is all that stays of it.
    shown = [line.rsplit("\r\x1b[K", 1)[-1] for line in text.rstrip("\n").split("\n")]
    assert [re.sub(r"\d+\.\d+ s", "N s", line) for line in shown] == [
        "  applied 20260102_000000_add_b  N s",
        "  applied 20260301_000000_slow  N s",
    ]


def test_a_failure_on_a_terminal_begins_a_new_line(applied: Project) -> None:
    applied.migration("20260301_000000_bad", "1 / 0")
    code, text = on_a_terminal(applied, "migrate")
    assert code == 1
    lines = ESCAPE.sub("", text).splitlines()
    assert [line for line in lines if line.startswith("error: ")] == [
        "error: 20260301_000000_bad failed: ZeroDivisionError: division by zero"
    ]


def test_verbose_shows_each_statement(on_sqlite: Project) -> None:
    on_sqlite.migration(
        "20260101_000000_a",
        "db.execute_sql('CREATE TABLE a (x)')\n"
        "db.execute_sql('INSERT INTO a VALUES (?)', (1,))\n"
        "try:\n    db.execute_sql('SELECT nothing')\nexcept OperationalError:\n    pass",
    )
    assert on_sqlite.run("migrate", "--verbose").told == (
        0,
        "  applied 20260101_000000_a  N s\n",
        "    CREATE TABLE a (x)  -- N s\n"
        "    INSERT INTO a VALUES (?)  -- N s\n"
        "    SELECT nothing  -- N s  -- failed\n",
    )


def test_verbose_on_a_terminal_has_a_line_for_each(on_sqlite: Project) -> None:
    on_sqlite.tables("a")
    _, text = on_a_terminal(on_sqlite, "migrate", "-v")
    lines = [re.sub(r"\d+\.\d+ s", "N s", line) for line in ESCAPE.sub("", text).splitlines()]
    assert lines == [
        "  applying 20260101_000000_add_a … ",
        "    CREATE TABLE a (id INTEGER PRIMARY KEY)  -- N s",
        "  applied 20260101_000000_add_a  N s",
    ]


def _in_a_shell(project: Project, line: str) -> Ended:
    """Run a line of bash in which the program is called `wheatear`."""
    ended = subprocess.run(
        f"wheatear() {{ '{PROGRAM}' \"$@\"; }}\n{line}; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_a_reader_that_goes_away(applied: Project) -> None:
    """`wheatear history | head -1` is no error to speak of."""
    assert _in_a_shell(applied, "wheatear history --json | true").told == (0, "", "")
    # Neither the run's outcome nor the exit code depends on who reads.
    assert _in_a_shell(applied, "wheatear status --check | true").told == (1, "", "")


FULL = "warning: the standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("where", "said"),
    [
        pytest.param(
            ">/dev/full", FULL, marks=pytest.mark.skipif(not FULL_DEVICE, reason="no /dev/full")
        ),
        (">&- 2>&-", ""),
        pytest.param("| true", "", marks=pytest.mark.long),
        pytest.param(">&-", "", marks=pytest.mark.long),
        pytest.param("2>&1 | true", "", marks=pytest.mark.long),
    ],
)
def test_a_run_is_finished_whatever_becomes_of_what_it_prints(
    on_sqlite: Project, where: str, said: str
) -> None:
    names = on_sqlite.tables("a", "b", "c")
    slow = "import time\ntime.sleep(0.1)\n"
    on_sqlite.migration("20260201_000000_d", f"{slow}print('x' * 10_000)\n{slow}")
    assert _in_a_shell(on_sqlite, f"wheatear migrate -v {where}").code == 0
    on_sqlite.run("migrate", "--backward", "--to", "zero")
    assert _in_a_shell(on_sqlite, f"wheatear migrate {where}").told == (0, "", said)
    done = json.loads(on_sqlite.run("status", "--json").raw)["migrations"]
    assert [(one["name"], one["state"]) for one in done] == [
        (name, "applied") for name in [*names, "20260201_000000_d"]
    ]


@pytest.mark.skipif(not FULL_DEVICE, reason="no /dev/full")
def test_a_help_that_cannot_be_written(on_sqlite: Project) -> None:
    assert _in_a_shell(on_sqlite, "wheatear migrate --help >/dev/full").told == (
        1,
        "",
        "error: The standard output cannot be written: No space left on device.\n"
        "  state: nothing was changed.\n"
        "  next:  make room, or send the output elsewhere, and run the command again.\n",
    )


def test_interrupted_at_the_question_before_a_revert(on_sqlite: Project) -> None:
    (name,) = on_sqlite.tables("a")
    on_sqlite.run("migrate")
    (on_sqlite.folder / f"{name}.py").unlink()
    code, text = on_a_terminal(on_sqlite, "migrate", "--backward", types="\x04")
    assert code == 130
    assert ESCAPE.sub("", text).endswith(
        "error: Stopped: the question was not answered.\n"
        "  state: nothing was changed.\n"
        "  next:  run the command again.\n"
    )


def test_what_an_output_has_no_letters_for_is_spelled(on_sqlite: Project) -> None:
    on_sqlite.migration("20260101_000000_añadir")
    on_sqlite.migration("20260102_000000_b")
    assert on_sqlite.run("migrate", fresh=True, env={"PYTHONIOENCODING": "ascii"}).told == (
        0,
        "  applied 20260101_000000_a\\xf1adir  N s\n  applied 20260102_000000_b  N s\n",
        "",
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(on_sqlite: Project, shell: str) -> None:
    ended = on_sqlite.run("completion", shell)
    assert (ended.code, ended.err) == (0, "")
    assert "_WHEATEAR_COMPLETE" in ended.out


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("wheatear mig", ["migrate"]),
        ("wheatear migrate --ba", ["--backward", "--backup"]),
        ("wheatear migrate --to 2026010", ["20260101_000000_add_a", "20260102_000000_add_b"]),
        ("wheatear migrate --to x", []),
    ],
)
def test_completion_completes(on_sqlite: Project, words: str, found: list[str]) -> None:
    on_sqlite.tables("a", "b")
    env = {
        "_WHEATEAR_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    ended = on_sqlite.run(env=env)
    assert (ended.code, ended.err) == (0, "")
    assert [line.partition(",")[2] for line in ended.out.splitlines() if line] == found
    assert not reading.exists(on_sqlite.url)


def test_completion_outside_a_project_is_silent(on_sqlite: Project, tmp_path: Path) -> None:
    (on_sqlite.root / "migrations_config.py").unlink()
    env = {
        "_WHEATEAR_COMPLETE": "bash_complete",
        "COMP_WORDS": "wheatear migrate --to x",
        "COMP_CWORD": "3",
    }
    assert on_sqlite.run(env=env).told == (0, "\n", "")


def test_help_of_every_command(on_sqlite: Project) -> None:
    shown = on_sqlite.run("--help").out
    for command in ("init", "create", "migrate", "status", "history", "completion"):
        assert f"\n  {command} " in shown
        ended = on_sqlite.run(command, "-h")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith(f"Usage: wheatear {command} ")


def test_a_defect_is_no_traceback_unless_asked_for(on_sqlite: Project) -> None:
    on_sqlite.write(
        "migrations_config.py",
        "from wheatear.migrations import Migrations\n"
        "Migrations.status = lambda self: 1 / 0\n"
        "from wheatear import connect, migrator_for\n"
        "db = connect('sqlite:///app.db')\nmigrator = migrator_for(db)\n",
    )
    ended = on_sqlite.run("status")
    assert ended.told == (
        1,
        "",
        "error: Wheatear failed in a way it should not: ZeroDivisionError: division by zero\n"
        "  where: migrations_config.py:2\n"
        "  next:  run it again with WHEATEAR_DEBUG=1 and report what it prints.\n",
    )
    assert "Traceback" in on_sqlite.run("status", env={"WHEATEAR_DEBUG": "1"}).err
