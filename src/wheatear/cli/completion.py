"""`completion SHELL`: what makes a shell complete commands, options and migrations' names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from wheatear.cli.output import say


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that lets a shell complete `wheatear`.

    For bash: eval "$(wheatear completion bash)" in ~/.bashrc; likewise for the others.
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows the three
    root = ctx.find_root().command
    say(kind(root, {}, "wheatear", "_WHEATEAR_COMPLETE").source())
