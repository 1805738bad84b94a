"""What people see: results on standard output, all else on standard error, never a secret."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from wheatear.masking import Mask

_mask = Mask()
_TABLE = 60
"""Columns of a terminal from which on tables are printed, else plain lines."""


def hide(mask: Mask) -> None:
    """Mask a database's secrets in whatever is printed from now on."""
    global _mask  # noqa: PLW0603 - a process has one output
    _mask = mask


def masked(text: str) -> str:
    """The text without secrets."""
    return _mask(text)


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


def has_room_for_a_table() -> bool:
    """Whether people look at a terminal on which no column would be squeezed to nothing."""
    if not sys.stdout.isatty():
        return False
    from shutil import get_terminal_size  # noqa: PLC0415 - for terminals only

    return get_terminal_size().columns >= _TABLE


def duration(seconds: float | None) -> str:
    """Seconds as people read them."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.3f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


class _Handler(logging.Handler):
    """What Wheatear logs is said to the user of a command."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        word = "warning: " if record.levelno >= logging.WARNING else ""
        self._tell(f"{word}{record.getMessage()}")


@contextmanager
def everything_said(tell: Callable[[str], None]) -> Iterator[None]:
    """Say what is logged by Wheatear and what is warned of, as it comes.

    Args:
        tell: Called with each text.
    """

    def show(  # noqa: PLR0917 - the signature of warnings.showwarning
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        del category, file, line
        tell(f"warning: {message}\n  where: {filename}:{lineno}")

    logger, handler = logging.getLogger("wheatear"), _Handler(tell)
    level = logger.level
    logger.addHandler(handler)
    # psycopg logs what it raises as well; where nobody listens, Python would print that.
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    logger.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = show
            yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
