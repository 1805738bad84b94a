"""Source as the formatter leaves it: `ruff format` itself is asked."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from wheatear.schema.source import Call, Items, Named, Source, call, laid_out, long_text, text

TEXTS = (
    *("x" * length for length in (1, 7, 20, 41, 60, 76, 90)),
    'it\'s "x"',
    '"a" and "b"',
    "a\\b\tc",
    "",
    "caf\u00e9",
)


def formatted(source: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run(
        [ruff, "format", "--isolated", "-"], input=source, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def some(chance: random.Random, depth: int) -> Source:
    kind = chance.random()
    if depth == 0 or kind < 0.3:
        return chance.choice([text(chance.choice(TEXTS)), "True", "-5"])
    items = [some(chance, depth - 1) for _ in range(chance.randint(1, 4))]
    if kind > 0.7:
        return Items(tuple(items), chance.choice(["()", "[]"]))
    for at in range(chance.randint(0, len(items)), len(items)):
        items[at] = Named(f"name{at}", items[at])
    return Call("a_function", tuple(items))


def test_calls_lists_and_texts_are_as_the_formatter_leaves_them() -> None:
    chance = random.Random(5)
    lines: list[str] = []
    for _ in range(300):
        lines += laid_out(Call("migrate", (some(chance, 3), some(chance, 2)), open=True), indent=0)
        lines += laid_out(call("Field", some(chance, 3)), indent=0, before="field = ")
    source = "\n".join(lines) + "\n"
    assert formatted(source) == source


def test_a_text_of_several_lines() -> None:
    sql = 'CREATE TABLE "a" (\n    b, -- """ \\\n    c\n) "d"'
    source = "\n".join(laid_out(call("execute", long_text(sql)), indent=0)) + "\n"
    assert formatted(source) == source
    found: list[str] = []
    exec(source, {"execute": found.append})
    assert found == [sql]


def test_every_text_means_itself() -> None:
    for value in (
        *TEXTS,
        "a\n b",
        "a \nb",
        "'''\n\"\"\"",
        "\x00\n\u2028",
        "\\\n'",
        'x\n"',
        60 * "a " + "\n'b'\"\n\n" + 60 * '"b ',
    ):
        assert eval(text(value)) == value
        found: list[str] = []
        source = "\n".join(laid_out(call("found.append", long_text(value)), indent=0)) + "\n"
        exec(source)
        assert found == [value]
        assert formatted(source) == source
