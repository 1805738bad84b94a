"""Check what the documentation promises: links resolve, Python compiles, commands exist."""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

from wheatear.cli.app import app

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
INLINE = re.compile(r"`(wheatear [^`\n]+)`")
PROGRAMS = (
    ["wheatear"],
    ["uv", "run", "wheatear"],
    ["uv", "run", "manage_migrations.py"],
    ["python", "manage_migrations.py"],
    ["python", "-m", "wheatear"],
)
SHELL = {"|", "&&", ";", ">"}  # where the program's own words end
PLACEHOLDERS = {"COMMAND", "..."}


def problems(page: Path) -> Iterator[str]:
    """All that is wrong with one page, a line each."""
    text = page.read_text(encoding="utf-8")
    prose = FENCE.sub("", text)
    for link in LINK.findall(prose):
        if problem := _link_problem(page, link):
            yield f"{page.name}: {problem}"
    for words in INLINE.findall(prose):
        if problem := command_problem(words, mentioned=True):
            yield f"{page.name}: `{words}`: {problem}"
    for _, language, block in FENCE.findall(text):
        yield from (f"{page.name}: {problem}" for problem in _block_problems(language, block))


def _link_problem(page: Path, link: str) -> str | None:
    if "://" in link or link.startswith("mailto:"):
        return None
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return f"{link} points at nothing"
    if anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
        return f"{link} names no heading of {target.name}"
    return None


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def _block_problems(language: str, block: str) -> Iterator[str]:
    if language == "python":
        try:
            compile(textwrap.dedent(block), "block", "exec")
        except SyntaxError as error:
            yield f"Python does not compile: {error.msg}: {(error.text or '').strip()}"
    elif language in ("console", "sh", "bash"):
        for line in _typed(block, prompts=language == "console"):
            if problem := command_problem(line):
                yield f"{line!r}: {problem}"


def _typed(block: str, *, prompts: bool) -> Iterator[str]:
    """What a reader types: in `console` blocks, the lines after a `$`."""
    for line in textwrap.dedent(block).replace("\\\n", " ").splitlines():
        if not prompts:
            yield line
        elif line.startswith("$ "):
            yield line[2:]


def command_problem(line: str, *, mentioned: bool = False) -> str | None:
    """What the program would say about a line that calls it; None for any other line.

    Args:
        line: The line.
        mentioned: It stands in a sentence, where arguments may be left out.
    """
    words = shlex.split(line, comments=True)
    words = words[: next((at for at, word in enumerate(words) if word in SHELL), None)]
    while words and re.match(r"[A-Z_]+=", words[0]):
        del words[0]
    program = next((one for one in PROGRAMS if words[: len(one)] == one), None)
    rest = words[len(program) :] if program else []
    if not rest or PLACEHOLDERS & set(rest):
        return None
    try:
        with contextlib.redirect_stdout(None):
            _parse(rest)
    except click.exceptions.Exit:  # --help, --version
        return None
    except click.MissingParameter as error:
        return None if mentioned else error.format_message()
    except click.ClickException as error:
        return error.format_message()
    return None


def _parse(words: list[str]) -> None:
    context = click.Context(app, info_name="wheatear", **app.context_settings)
    _, rest, _ = app.make_parser(context).parse_args(list(words))
    if rest:
        name, command, arguments = app.resolve_command(context, rest)
        if command is not None:
            command.make_context(name, arguments, parent=context)


def pages() -> list[Path]:
    """All pages: those at the top, and those in docs/."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def main() -> int:
    """Check every page."""
    found = [problem for page in pages() for problem in problems(page)]
    print("\n".join(found) or "The documentation holds what it promises.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
