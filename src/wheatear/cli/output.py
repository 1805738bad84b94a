"""What people see: results on standard output, all else on standard error, never a secret."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

import click

_secrets: list[re.Pattern[str]] = []
# A shorter password is masked where it stands as a word: `p` is not to mask half of what is said.
_MASKED_WITHIN_WORDS = 8


def hide(secrets: Iterable[str], *, public: str = "") -> None:
    """Mask these words in whatever is printed from now on.

    Args:
        secrets: The words.
        public: What is printed anyway: a password that is also the user's name is none.
    """
    for secret in secrets:
        word = re.compile(rf"(?<!\w){re.escape(secret)}(?!\w)")
        if secret and not word.search(public):
            inside = len(secret) >= _MASKED_WITHIN_WORDS
            _secrets.append(re.compile(re.escape(secret)) if inside else word)


def masked(text: str) -> str:
    """The text without secrets."""
    for secret in _secrets:
        text = secret.sub("***", text)
    return text


def say(text: str = "", *, newline: bool = True) -> None:
    """Print a result."""
    click.echo(masked(text), nl=newline, color=_color(sys.stdout.isatty()))


def note(text: str) -> None:
    """Print what goes beside the result."""
    text = masked(text)
    if text.startswith("warning: "):
        text = click.style("warning:", fg="yellow") + text.removeprefix("warning:")
    click.echo(text, err=True, color=_color(sys.stderr.isatty()))


def error(text: str) -> None:
    """Print what went wrong."""
    styled = click.style("error:", fg="red", bold=True)
    click.echo(f"{styled} {masked(text)}", err=True, color=_color(sys.stderr.isatty()))


def _color(terminal: bool) -> bool:
    """https://no-color.org"""
    return terminal and not os.environ.get("NO_COLOR")


def duration(seconds: float | None) -> str:
    """Seconds as people read them."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.3f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
