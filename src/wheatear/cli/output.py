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
    import json  # noqa: PLC0415 - an SQLite file has no password

    for secret in filter(None, secrets):
        # As it is, and as JSON and tracebacks write it.
        forms = {secret, json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
        shown = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        word = re.compile(rf"(?<!\w)(?:{shown})(?!\w)")
        if not word.search(public):
            _secrets.append(re.compile(shown) if len(secret) >= _MASKED_WITHIN_WORDS else word)


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
