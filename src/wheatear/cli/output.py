"""What people see: results on standard output, all else on standard error, never a secret."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, TextIO

import click

from wheatear.masking import Mask

_mask = Mask()


def hide(mask: Mask) -> None:
    """Mask a database's secrets in whatever is printed from now on."""
    global _mask  # noqa: PLW0603 - a process has one output
    _mask = mask


def masked(text: str) -> str:
    """The text without secrets."""
    return _mask(text)


def masked_statement(sql: str) -> str:
    """The statement without secrets, which its quoted texts may hold as any word."""
    return _mask.statement(sql)


def say(text: str = "", *, newline: bool = True) -> None:
    """Print a result."""
    _write(masked(text), "stdout", newline=newline)


def note(text: str) -> None:
    """Print what goes beside the result."""
    text = masked(text)
    if text.startswith("warning: "):
        text = click.style("warning:", fg="yellow") + text.removeprefix("warning:")
    _write(text, "stderr")


def error(text: str) -> None:
    """Print what went wrong."""
    _write(f"{click.style('error:', fg='red', bold=True)} {masked(text)}", "stderr")


def show(table: Any) -> None:
    """Print a table of rich's."""
    from rich.console import Console  # noqa: PLC0415 - slow to import, needed on terminals only

    console = Console()
    with console.capture() as captured:
        console.print(table)
    say(captured.get(), newline=False)


def _write(text: str, name: Literal["stdout", "stderr"], *, newline: bool = True) -> None:
    """Print, or drop what cannot be printed: a run is not to end in the middle because of it."""
    stream: TextIO | None = getattr(sys, name)
    if stream is None:  # closed when the program was started
        return
    try:
        click.echo(text, file=stream, nl=newline, color=_color(is_terminal(stream)))
    except UnicodeEncodeError:
        known = text.encode(stream.encoding, "backslashreplace").decode(stream.encoding)
        _write(known, name, newline=newline)
    except (OSError, ValueError) as failure:
        drop(name)
        # A reader that goes away, as `head` does, has seen all that it wants.
        if name == "stdout" and not isinstance(failure, BrokenPipeError):
            why = getattr(failure, "strerror", None) or failure
            note(f"warning: the standard output cannot be written: {why}")


def drop(name: Literal["stdout", "stderr"]) -> None:
    """Let an output go nowhere from now on; Python would try again at exit what it could not."""
    with suppress(OSError, ValueError):
        number = getattr(sys, name).fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at it, or types; a stream can be closed, too."""
    return stream is not None and not stream.closed and stream.isatty()


def _color(terminal: bool) -> bool:
    """https://no-color.org"""
    return terminal and not os.environ.get("NO_COLOR")


def has_room_for_a_table(width: int = 60) -> bool:
    """Whether people look at a terminal that is so wide that no column would be cut."""
    if not is_terminal(sys.stdout):
        return False
    from shutil import get_terminal_size  # noqa: PLC0415 - for terminals only

    return get_terminal_size().columns >= width


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
