"""The errors Wheatear raises: what happened, where, in what state the database is, what to do."""

from __future__ import annotations

from typing import Any, Literal

Sense = Literal["names", "rows"]
"""Why a database refuses: something is missing or there already; or rows do not fit."""


class WheatearError(Exception):
    """Base of every error Wheatear raises on purpose.

    Args:
        what: One sentence that says what happened.
        where: The file and line of the user's own code, or the setting, that it concerns.
        state: What the database is like now.
        next: What to do next, if possible as a line to paste.

    `str(error)` is the whole message, a labelled line for each part that is given.
    """

    exit_code = 1
    result: Any = None
    """Of a run that began: the `RunResult` of what it had done before."""

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        state: str | None = None,
        next: str | None = None,  # noqa: A002 - the label that is printed
    ) -> None:
        self.what = what
        self.where = where
        self.state = state
        self.next = next
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        for label, text in (("where", self.where), ("state", self.state), ("next", self.next)):
            if text:
                indent = "\n" + " " * 9
                lines.append(f"  {label + ':':6} {text.replace(chr(10), indent)}")
        return "\n".join(lines)


class Terminated(SystemExit):
    """SIGTERM: unlike a `sys.exit()` in the user's own code, the end of the program is meant."""


class UsageError(WheatearError):
    """The call's own words are wrong: an unknown name, options that exclude each other."""

    exit_code = 2


class ConfigError(WheatearError):
    """`migrations_config.py` is missing, fails, or does not say what is needed."""


class DatabaseUnavailableError(WheatearError):
    """The database is not there, refuses the login, or went away."""


class MigrationFileError(WheatearError):
    """A migration file cannot be used as it stands."""


class MigrationFailedError(WheatearError):
    """A migration raised, or what it did was refused, while it ran."""


class HistoryError(WheatearError):
    """The history does not allow what was asked: a changed file, an interrupted run."""


class LockTimeoutError(WheatearError):
    """Another runner, or another connection, held a lock for longer than the call would wait."""


class OperationError(WheatearError):
    """A schema operation was refused before it changed anything, or undone after it was checked.

    Attributes:
        sense: Why the database itself would refuse it; None where that is Wheatear's own affair.
        operation: The one of several made together that it is about, where that is known.
    """

    sense: Sense | None = None
    operation: Any = None


class BackupError(WheatearError):
    """A backup could not be made, or could not be put back."""
