"""The backup that a run makes before its first change, and puts back if it fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from wheatear.backups.files import new_path, prune, remove, sweep
from wheatear.backups.settings import is_wanted, made_of, number_kept
from wheatear.engines.copies import ChangedMeanwhileError, Copies
from wheatear.engines.engine import Engine, first_line
from wheatear.engines.waiting import Waiting
from wheatear.errors import UsageError, WheatearError
from wheatear.project import CONFIG_FILE, Project

# For readers to end; a run that failed is not to hang.
_PATIENCE = 10.0


class RunBackup:
    """The backup of one run.

    Args:
        engine: The database.
        copies: What makes its copies.
        number: How many backups stay.
        run: The run's id.
        waiting: How long the run waits for others.
        say: Called with what a user should know.
    """

    def __init__(
        self,
        engine: Engine,
        copies: Copies,
        *,
        number: int,
        run: str,
        waiting: Waiting,
        say: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._copies = copies
        self._number = number
        self._run = run
        self._waiting = waiting
        self._say = say
        self._path: str | None = None
        self._since = 0

    @property
    def name(self) -> str | None:
        """Of its file; None while there is none."""
        return os.path.basename(self._path) if self._path else None

    def make(self) -> None:
        """Make it, unless it is made. Called under the lock, when something is still to be done.

        Raises:
            BackupError: It cannot be made, or is not sound.
        """
        if self._path is not None:
            return
        sweep(self._copies)
        self._since = self._copies.version()  # before the copy: who writes now has written since
        path = new_path(self._copies, self._run)
        self._copies.make(path, self._waiting)
        self._path = path
        self._say(f"backup: {self.name}")

    def after_success(self) -> None:
        """Remove the oldest."""
        if self._path:
            prune(self._copies, self._number)

    def after_stop(self, *, changed: bool) -> None:
        """The run was ended from outside: say how to go back.

        Args:
            changed: Something of what the run did stays.
        """
        if self._path and changed:
            self._say(f"`restore {self.name}` goes back to what was before this run.")
        elif self._path:
            self._remove()

    def after_failure(self, error: WheatearError, undone: Sequence[str], *, changed: bool) -> bool:
        """Go back to what was before the run, if nothing but the run has written since.

        Args:
            error: What it failed with; it says afterwards what the database is like.
            undone: The migrations that the run had finished.
            changed: Something of what the run did stays.

        Returns:
            Whether the database is now what it was before.
        """
        if self._path is None:
            return False
        if not changed:
            self._remove()  # the database is its own backup, and those of older runs are needed
            return False
        waiting = Waiting(_PATIENCE, self._say)
        try:
            with self._engine.exclusively(waiting, atomic=False):
                self._copies.restore(self._path, waiting, unchanged_since=self._since)
        except ChangedMeanwhileError:
            why = "others have written to the database meanwhile, and it would be lost"
        except Exception as failure:  # noqa: BLE001 - the run's own failure is what is to be told
            why = failure.what if isinstance(failure, WheatearError) else first_line(failure)
        else:
            names = f"; undone with it: {', '.join(undone)}" if undone else ""
            error.state = f"the database is what it was before this run, by its backup{names}."
            error.next = self._next(error.__cause__)
            self._remove()  # as above
            return True
        error.state = f"{error.state or ''}\nthe backup was not put back: {why}.".strip()
        error.next = (
            f"{error.next or ''}\nto go back to what was before this run: `restore {self.name}`"
        ).strip()
        return False

    def _next(self, cause: BaseException | None) -> str:
        """Nothing is to be settled by hand any more."""
        own = cause.next if isinstance(cause, WheatearError) else None
        remedy = self._engine.remedy(self._engine.behind(cause)) if cause else None
        return own or remedy or "mend the file and run the command again."

    def _remove(self) -> None:
        assert self._path is not None  # noqa: S101 - for the type checker
        remove(self._path)
        self._path = None


def backup_of_run(
    project: Project, asked: bool | None, run: str, waiting: Waiting, say: Callable[[str], None]
) -> RunBackup | None:
    """Return the backup that a run is to make, if it is to make one.

    Args:
        project: What the run works on.
        asked: Whether it was asked for by the call itself; None leaves it to the configuration.
        run: The run's id.
        waiting: How long the run waits for others.
        say: Called with what a user should know.

    Raises:
        UsageError: It was asked for, and the database is not one file.
        ConfigError: The configuration's `backup` or `backups` is wrong.
    """
    if not (is_wanted(project) if asked is None else asked):
        return None
    try:
        copies = made_of(project.engine)
    except UsageError as error:
        if asked:
            raise
        # The same configuration serves an SQLite file at home and a server elsewhere.
        say(f"warning: no backup is made, though {CONFIG_FILE} says `backup = True`: {error.what}")
        return None
    number = number_kept(project)
    return RunBackup(project.engine, copies, number=number, run=run, waiting=waiting, say=say)
