"""Write docs/cli.md from the commands themselves; `--check` only says whether it is up to date."""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from wheatear.cli.app import app

PAGE = Path(__file__).with_name("cli.md")
INTRODUCTION = """\
# Commands

<!-- Written by docs/generate_cli.py from the commands' own help. Change that, then run it. -->

`wheatear COMMAND` works on the project in the current folder, or in the nearest folder above it
that holds a `migrations_config.py`. `uv run manage_migrations.py COMMAND` is the same program and
works on the folder that holds the script, from wherever it is called. `python -m wheatear COMMAND`
is `wheatear COMMAND`.

Results go to standard output; warnings, waits and errors go to standard error. On a terminal of 60
columns or more, `status` and `history` print tables; elsewhere they print plain lines. Colours are
off where `NO_COLOR` is set.

| exit code | means |
|---|---|
| 0 | success; pending migrations are no failure |
| 1 | it failed, or `status --check` found something |
| 2 | wrong usage: an unknown option or name |
| 130 | ended by Ctrl-C |
| 143 | ended by SIGTERM |

`-h` or `--help` after any command explains it. In options, a NAME is a migration's name with or
without `.py`, or the beginning of only one name.
"""


def page() -> str:
    """The whole page, as the commands are now."""
    context = click.Context(app, info_name="wheatear")
    parts = [INTRODUCTION, *_section("wheatear", app)]
    for name in app.list_commands(context):
        if command := app.get_command(context, name):
            parts += _section(f"wheatear {name}", command)
    return "\n".join(parts)


def _section(title: str, command: click.Command) -> Iterator[str]:
    yield f"## `{title}`\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    words = "COMMAND" if isinstance(command, click.Group) else " ".join(map(_argument, arguments))
    yield f"```text\n{title} [OPTIONS] {words}".rstrip() + "\n```\n"
    options = [one for one in command.params if isinstance(one, click.Option)]
    if options:
        yield "| option | does |"
        yield "|---|---|"
        yield from (f"| {_option(one)} | {' '.join((one.help or '').split())} |" for one in options)
        yield ""


def _argument(argument: click.Argument) -> str:
    if isinstance(argument.type, click.Choice):
        return _value(argument)
    name = (argument.metavar or argument.name or "").strip("[]").upper()
    return name if argument.required else f"[{name}]"


def _option(option: click.Option) -> str:
    value = "" if option.is_flag or option.is_eager else f" {_value(option)}"
    names = [*option.opts, *option.secondary_opts]
    again = " …" if option.multiple else ""
    return ", ".join(f"`{name}{value}`{again}" for name in names)


def _value(parameter: click.Parameter) -> str:
    if parameter.metavar:
        return parameter.metavar
    if isinstance(parameter.type, click.Choice):
        return "{" + "|".join(map(str, parameter.type.choices)) + "}"
    return parameter.type.name.upper()


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    wanted = page()
    present = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if "--check" not in arguments:
        PAGE.write_text(wanted, encoding="utf-8", newline="\n")
        return 0
    if wanted == present:
        return 0
    lines = difflib.unified_diff(
        present.splitlines(), wanted.splitlines(), "docs/cli.md", "the commands", lineterm="", n=1
    )
    print("\n".join(lines))
    print("docs/cli.md is out of date. Run: uv run docs/generate_cli.py")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
