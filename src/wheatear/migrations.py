"""The facade: everything Wheatear does, for the command line and for Python."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

from wheatear.engines.waiting import Waiting
from wheatear.events import (
    Backfilling,
    Event,
    Finished,
    Listener,
    Note,
    OnChanged,
    Request,
    RunResult,
    Stopped,
)
from wheatear.history import History
from wheatear.project import Project, embedded_project, load_project
from wheatear.records import Record
from wheatear.runner import Runner

if TYPE_CHECKING:
    from datetime import timedelta

    from wheatear.backups.files import Backup
    from wheatear.backups.restoring import Restored
    from wheatear.capture import Statement
    from wheatear.comparison import Comparison
    from wheatear.create.auto import Asker, AutoCreated
    from wheatear.create.template import Created
    from wheatear.reverting.aside import Kept
    from wheatear.status import Status

_log = logging.getLogger("wheatear")


class Migrations:
    """The migrations of one database.

    Args:
        db: A Peewee database of SQLite, PostgreSQL, MySQL or MariaDB, or an initialised proxy.
        folder: The folder with the migration files, absolute or relative to the current one.
        migrator: A playhouse migrator of `db`; None makes one (see `wheatear.migrator_for`).
        models: The application's models, for `diff`: a module or its dotted name, `module:NAME`,
            or a list of models or modules.
        ignore_tables: Tables that are not the application's; `*` stands for any letters.
        keep_dropped: Keep the rows of dropped tables and columns, for `migrate(backward=True)`.

    Raises:
        ConfigError: The database cannot be used.
    """

    def __init__(
        self,
        db: Any,
        folder: str | os.PathLike[str] = "migrations",
        *,
        migrator: Any = None,
        models: Any = None,
        ignore_tables: Iterable[str] = (),
        keep_dropped: bool = False,
    ) -> None:
        self.project = embedded_project(
            db,
            os.fspath(folder),
            migrator,
            models=models,
            ignore_tables=ignore_tables,
            keep_dropped=keep_dropped,
        )

    @classmethod
    def load(cls, folder: str | os.PathLike[str] = ".") -> Migrations:
        """Load the project in a folder.

        Args:
            folder: The folder that holds `migrations_config.py`.

        Raises:
            ConfigError: There is none, or it fails, or it lacks `db` or `migrator`.
        """
        self = cls.__new__(cls)
        self.project = load_project(os.fspath(folder))
        return self

    project: Project

    def status(self, *, wait: float | None = None) -> Status:
        """Say where each migration stands. Nothing is created or changed.

        Args:
            wait: Seconds to wait at most while others keep the database from being read.

        Raises:
            DatabaseUnavailableError: The database refuses the login, or its server is not there.
        """
        from wheatear.status import read_status  # noqa: PLC0415 - a command's own

        return read_status(self.project, self._waiting(wait, _tell_logging))

    def history(self, *, wait: float | None = None) -> list[Record]:
        """Return the log of what was run, oldest first.

        A record that a run has begun and not ended says `running` while some run is at work, and
        `interrupted` otherwise: that run has died.

        Args:
            wait: Seconds to wait at most while others keep the database from being read.

        Raises:
            DatabaseUnavailableError: The database refuses the login, or its server is not there.
        """
        engine = self.project.engine
        if not engine.exists():
            return []
        waiting = self._waiting(wait, _tell_logging)
        with engine.opened(waiting):
            records = History(engine, waiting).read()
            if not any(one.outcome == "running" for one in records):
                return records
            if engine.is_running_elsewhere():
                return records
        return [
            one._replace(outcome="interrupted") if one.outcome == "running" else one
            for one in records
        ]

    def diff(self, *, wait: float | None = None) -> Comparison:
        """Compare the models with the database. Nothing is created or changed.

        Args:
            wait: Seconds to wait at most while others keep the database from being read.

        Returns:
            The changes that would make the database what the models say, in words too.

        Raises:
            ConfigError: The models are not named, or cannot be used.
            OperationError: There is no right to make a scratch namespace for the models.
            DatabaseUnavailableError: The database refuses the login, or is not there.
        """
        from wheatear.comparison import compare_models  # noqa: PLC0415 - a command's own

        return compare_models(self.project, self._waiting(wait, _tell_logging))

    @overload
    def create(self, name: str) -> Created: ...

    @overload
    def create(
        self,
        name: str,
        *,
        auto: Literal[True],
        renames: Iterable[str] = (),
        no_renames: bool = False,
        fills: Iterable[str] = (),
        drop: Iterable[str] = (),
        asker: Asker | None = None,
        wait: float | None = None,
    ) -> AutoCreated | None: ...

    def create(
        self,
        name: str,
        *,
        auto: bool = False,
        renames: Iterable[str] = (),
        no_renames: bool = False,
        fills: Iterable[str] = (),
        drop: Iterable[str] = (),
        asker: Asker | None = None,
        wait: float | None = None,
    ) -> Created | None:
        """Write a new migration file.

        Args:
            name: What the migration does, in any form.
            auto: Write into it what makes the database what the models say, and back. It is run
                on a scratch copy of the schema first.
            renames: `old:new` for a table that was renamed, `table.old:new` for a column.
            no_renames: Nothing else was renamed, whatever it looks like.
            fills: `table.column=SQL`: what rows that are there get in a column that takes no NULL.
            drop: Tables that no model speaks of any more, to be dropped.
            asker: Who is asked what is not said; None asks nobody.
            wait: Seconds to wait at most while others keep the database from being read.

        Returns:
            The file's path, and warnings; None if nothing differs.

        Raises:
            ValueError: What only `auto` takes was given without it.
            UsageError: The name holds no letter or digit, or one of the others names nothing that
                is there, or something is left to be said.
            HistoryError: A migration is pending.
            ConfigError: The models are not named, or cannot be used.
            OperationError: There is no right to make a scratch copy; or the migration did not
                do there what it should, and was not written.
            DatabaseUnavailableError: The database refuses the login, or its server is not there.
            WheatearError: The folder cannot be written.
        """
        if auto:
            from wheatear.create.auto import Wanted, create_auto  # noqa: PLC0415 - a command's own

            wanted = Wanted(tuple(renames), no_renames, tuple(fills), tuple(drop))
            waiting = self._waiting(wait, _tell_logging)
            return create_auto(self.project, name, wanted, waiting, asker)
        if renames or no_renames or fills or drop:
            raise ValueError("renames, no_renames, fills and drop are of auto=True")
        from pathlib import Path  # noqa: PLC0415

        from wheatear.create.template import create_migration  # noqa: PLC0415 - a command's own

        return create_migration(Path(self.project.folder), name)

    def migrate(
        self,
        *,
        backward: bool = False,
        to: str | None = None,
        steps: int | None = None,
        dry_run: bool = False,
        fake: bool = False,
        on_changed: OnChanged = "warn",
        strict: bool = False,
        single_transaction: bool = False,
        backup: bool | None = None,
        wait: float | None = None,
        yes: bool = False,
        ask: Callable[[str], bool] | None = None,
        listener: Listener | None = None,
        echo: Callable[[Statement], None] | None = None,
    ) -> RunResult:
        """Apply what is pending, or revert.

        Safe to call from any number of processes at once: each migration runs once.

        Args:
            backward: Revert the most recently applied migration instead.
            to: Forward, the last migration to apply; backward, the one that stays (`zero`: none).
                A name with or without `.py`, or the beginning of only one.
            steps: At most so many migrations.
            dry_run: Only return what would be done.
            fake: Record it as done, without running anything.
            on_changed: What it means that an applied file was changed or is missing: `warn`,
                `refuse`, or `accept` it as it is.
            strict: Refuse a pending migration that is older than the newest applied one.
            single_transaction: All that is planned, or none of it, in one transaction (SQLite and
                PostgreSQL).
            backup: Copy an SQLite file before the first change, and put the copy back if the run
                fails after a commit; None does what `backup` in the configuration says.
            wait: Seconds to wait for another runner; None waits as long as it takes.
            yes: Backward, revert by the record what has no file; it is refused otherwise.
            ask: Called with a question instead, returns whether to go on.
            listener: Called with each event of the run; None logs them (logger `wheatear`).
            echo: Called with each statement of the migrations after it has ended.

        Returns:
            What was planned and done.

        Raises:
            ValueError: An argument is none of those above.
            UsageError: `to` names no migration, or several; or the plan cannot be one transaction.
            HistoryError: The history does not allow it.
            MigrationFileError: A file cannot be used; nothing was run.
            MigrationFailedError: A migration failed; what was done before it is in the error's
                `result`.
            LockTimeoutError: Another runner was at work for longer than `wait`.
            DatabaseUnavailableError: The database refuses the login, or its server is not there.
        """
        if to is not None and not isinstance(to, str):
            raise ValueError(f"to is the name of a migration, not {to!r}")
        if steps is not None and (not isinstance(steps, int) or steps < 1):
            raise ValueError(f"steps is a number from 1 on, not {steps!r}")
        if on_changed not in get_args(OnChanged):
            raise ValueError(
                f"on_changed is {' or '.join(map(repr, get_args(OnChanged)))}, not {on_changed!r}"
            )
        request = Request(
            backward=backward,
            to=to,
            steps=steps,
            dry_run=dry_run,
            fake=fake,
            on_changed=on_changed,
            strict=strict,
            single_transaction=single_transaction,
            backup=backup,
            yes=yes,
        )
        return self._run(request, wait, listener, echo, ask)

    def backups(self) -> list[Backup]:
        """Return the backups of an SQLite database, oldest first.

        Raises:
            UsageError: The database is of another engine, or in memory.
        """
        from wheatear.backups.files import read_backups  # noqa: PLC0415 - a command's own

        return read_backups(self.project, self._waiting(None, _tell_logging))

    def restore(
        self, name: str, *, wait: float | None = None, listener: Listener | None = None
    ) -> Restored:
        """Put a backup in the place of an SQLite database; what is there now is kept as a backup.

        Other connections may stay open: they see the restored database from their next transaction
        on. Killed at any point, the database is the old or the new one.

        Args:
            name: A backup's file name, or how it begins, with or without the database's own name.
            wait: Seconds to wait for who reads or writes; None waits as long as it takes.
            listener: Called with each event.

        Returns:
            What was put back, and what was kept.

        Raises:
            UsageError: `name` means no backup, or several; the database is not an SQLite file.
            BackupError: The backup is damaged or cannot be put back; nothing was changed.
            LockTimeoutError: Others held the database for longer than `wait`.
            DatabaseUnavailableError: The database cannot be opened.
        """
        from wheatear.backups.restoring import restore  # noqa: PLC0415 - a command's own

        return restore(self.project, name, self._waiting(wait, listener or _tell_logging))

    def purge(
        self,
        older_than: timedelta,
        *,
        dry_run: bool = False,
        wait: float | None = None,
        listener: Listener | None = None,
    ) -> list[Kept]:
        """Remove for good what `keep_dropped` has kept for longer than a time.

        Args:
            older_than: The time; zero for all that is kept.
            dry_run: Only return what would be removed.
            wait: Seconds to wait for a run that is at work.
            listener: Called with each event.

        Returns:
            What was removed.

        Raises:
            LockTimeoutError: A run was at work for longer than `wait`.
            DatabaseUnavailableError: The database refuses the login, or its server is not there.
        """
        from wheatear.reverting.purge import purge  # noqa: PLC0415 - a command's own

        waiting = self._waiting(wait, listener or _tell_logging)
        return purge(self.project, older_than, waiting, dry_run=dry_run)

    def mark(
        self, state: str, *, wait: float | None = None, listener: Listener | None = None
    ) -> RunResult:
        """Settle what an interrupted run has left, after looking at the database.

        Args:
            state: `applied` or `pending`: what the interrupted migration is now.
            wait: Seconds to wait for another runner.
            listener: Called with each event.

        Raises:
            HistoryError: Nothing is interrupted.
            ValueError: `state` is neither.
        """
        if state not in ("applied", "pending"):
            raise ValueError(f"state is 'applied' or 'pending', not {state!r}")
        return self._run(Request(mark=state), wait, listener, None)  # type: ignore[arg-type]

    def _run(
        self,
        request: Request,
        wait: float | None,
        listener: Listener | None,
        echo: Callable[[Statement], None] | None,
        ask: Callable[[str], bool] | None = None,
    ) -> RunResult:
        tell = listener or _tell_logging
        return Runner(self.project, request, tell, self._waiting(wait, tell), echo, ask).run()

    @staticmethod
    def _waiting(limit: float | None, tell: Listener) -> Waiting:
        return Waiting(limit, lambda text: tell(Note(text)))


def _tell_logging(event: Event) -> None:
    """What an application sees of a run that it embeds."""
    if isinstance(event, Note):
        level = logging.WARNING if event.text.startswith("warning: ") else logging.INFO
        _log.log(level, "%s", event.text.removeprefix("warning: "))
    elif isinstance(event, Stopped):
        _log.warning("stopped: %s", event.state)
    elif isinstance(event, Backfilling):
        far = event.progress
        if far.minute:
            _log.info("%s: %d of %s rows of %s", far.name, far.rows, far.total, far.table)
    elif isinstance(event, Finished):
        step = event.result.step
        done = "applied" if step.direction == "forward" else "reverted"
        _log.info("%s %s in %.3f s", done, step.name, event.result.seconds)
