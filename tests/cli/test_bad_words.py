"""Words of the command line that mean nothing here, and names that are hard to write as a file."""

from __future__ import annotations

import pytest

from support import reading
from support.projects import Project

SAY = "  state: nothing was written.\n  next:  say what the migration does: create add_experience\n"


def _vague(name: str) -> str:
    return (
        f"warning: the name {name!r} does not say what the migration does; something like "
        "add_player_experience helps whoever reads the folder\n"
    )


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("add_experience", "add_experience"),
        ("Add  experience!", "add_experience"),
        ("AddExperience", "add_experience"),
        ("items/weights", "items_weights"),
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\items", "c_items"),
        ("añadir café", "anadir_cafe"),
        ("добавить поле", "добавить_поле"),
        ("x" * 300, "x" * 120),
        ("é" * 300, "e" * 120),
    ],
    ids=lambda text: text[:20].replace("/", "|"),
)
def test_create_makes_a_sound_file_name_of_any_words(
    on_sqlite: Project, words: str, name: str
) -> None:
    ended = on_sqlite.run("create", words)
    (file,) = on_sqlite.folder.iterdir()
    assert (ended.code, ended.err) == (0, "")
    assert ended.raw == f"created migrations/{file.name}\n"
    assert file.name[15:] == f"_{name}.py"
    assert file.name[:8].isdigit()
    compile(file.read_text(encoding="utf-8"), file.name, "exec")


@pytest.mark.parametrize("words", ["", "   ", "..", "🎉", "\n"], ids=repr)
def test_create_needs_a_letter_or_a_digit(on_sqlite: Project, words: str) -> None:
    assert on_sqlite.run("create", words).told == (
        2,
        "",
        f"error: {words!r} has no letter or digit to make a file name of.\n{SAY}",
    )
    assert list(on_sqlite.folder.iterdir()) == []


def test_create_warns_of_a_name_that_says_nothing(on_sqlite: Project) -> None:
    for words in ("update", "fix", "migration1"):
        ended = on_sqlite.run("create", words)
        assert (ended.code, ended.err) == (0, _vague(words))
    assert len(list(on_sqlite.folder.iterdir())) == 3


UNKNOWN = "error: No migration is called 'nowhere'.\n  next:  `status` lists all there are.\n"
AMBIGUOUS = (
    "error: '202601' is the beginning of 2 migrations.\n"
    "  next:  say more of the name of the one you mean:\n"
    "         20260101_000000_add_a\n"
    "         20260102_000000_add_b\n"
)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "nowhere"], UNKNOWN),
        (["--to", "202601"], AMBIGUOUS),
        (["--to", ""], UNKNOWN.replace("nowhere", "")),
        (["--backward", "--to", "nowhere"], UNKNOWN),
        (["--backward", "--to", "202601"], AMBIGUOUS),
        (
            ["--backward", "--to", "20260102"],
            "error: 20260102_000000_add_b is not applied, so nothing came after it.\n"
            "  next:  name an applied migration, or `zero` to revert everything.\n",
        ),
        (
            ["--to", "zero"],
            "error: `zero` is what was before the first migration: nothing can be applied up to "
            "it.\n"
            "  state: nothing was changed.\n"
            "  next:  `migrate --backward --to zero` reverts everything.\n",
        ),
        (
            ["--to", "2026", "--steps", "1"],
            "error: --to and --steps exclude each other.\n  next:  give one of them.\n",
        ),
        (
            ["--mark-applied", "--mark-pending"],
            "error: --mark-applied and --mark-pending stand alone.\n"
            "  next:  mark first, then run `migrate` again.\n",
        ),
        (
            ["--mark-applied", "--fake"],
            "error: --mark-applied and --mark-pending stand alone.\n"
            "  next:  mark first, then run `migrate` again.\n",
        ),
        (
            ["--steps", "0"],
            "Usage: wheatear migrate [OPTIONS]\nTry 'wheatear migrate --help' for help.\n\n"
            "Error: Invalid value for '--steps': 0 is not in the range x>=1.\n",
        ),
        (
            ["--wait", "soon"],
            "Usage: wheatear migrate [OPTIONS]\nTry 'wheatear migrate --help' for help.\n\n"
            "Error: Invalid value for '--wait': 'soon' is not a valid float range.\n",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage(on_sqlite: Project, words: list[str], said: str) -> None:
    on_sqlite.tables("a", "b")
    on_sqlite.run("migrate", "--steps", "1")
    assert on_sqlite.run("migrate", *words).told == (2, "", said)
    assert reading.history(on_sqlite.url) == [("20260101_000000_add_a", "forward", "done")]


def test_an_unknown_command(on_sqlite: Project) -> None:
    assert on_sqlite.run("frobnicate").told == (
        2,
        "",
        "Usage: wheatear [OPTIONS] COMMAND [ARGS]...\nTry 'wheatear --help' for help.\n\n"
        "Error: No such command 'frobnicate'.\n",
    )
    script = on_sqlite.run("frobnicate", script=True)
    assert (script.code, script.out) == (2, "")
    assert "python manage_migrations.py" in script.err


def test_a_beginning_or_the_file_s_name_is_enough(on_sqlite: Project) -> None:
    a, b, c = on_sqlite.tables("a", "b", "c")
    applied = [f"  applied {name}  N s\n" for name in (a, b, c)]
    assert on_sqlite.run("migrate", "--to", "20260101").told == (0, applied[0], "")
    assert on_sqlite.run("migrate", "--to", f"{b}.py").told == (0, applied[1], "")
    assert on_sqlite.run("migrate", "--to", a).told == (
        0, f"Nothing to do: no migration is pending up to {a}.\n", "",
    )  # fmt: skip
    assert on_sqlite.run("migrate", "--backward", "--to", b).told == (
        0, f"Nothing to do: no migration was applied after {b}.\n", "",
    )  # fmt: skip
    assert on_sqlite.run("migrate", "--backward", "--to", "20260101").told == (
        0, f"  reverted {b}  N s\n", "",
    )  # fmt: skip
    assert reading.tables(on_sqlite.url) == ["a"]


def test_zero_reverts_everything_and_then_nothing(on_sqlite: Project) -> None:
    a, b = on_sqlite.tables("a", "b")
    on_sqlite.run("migrate")
    assert on_sqlite.run("migrate", "--backward", "--to", "zero").told == (
        0, f"  reverted {b}  N s\n  reverted {a}  N s\n", "",
    )  # fmt: skip
    assert on_sqlite.run("migrate", "--backward", "--to", "zero").told == (
        0, "Nothing to do: no migration was applied.\n", "",
    )  # fmt: skip
    assert reading.tables(on_sqlite.url) == []
