"""Which way a step backward is gone: by its file, or by what its record says it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from wheatear import failures
from wheatear.files import (
    LoadedMigration,
    MigrationFile,
    check_function,
    defines,
    load,
    without_function,
)
from wheatear.history import History
from wheatear.plan import Step
from wheatear.project import Project
from wheatear.records import ONLY_ROWS

if TYPE_CHECKING:
    from wheatear.reverting.aside import KeptAside
    from wheatear.reverting.derived import Told, WaysBack
    from wheatear.reverting.put_back import PutBack

Confirm = Callable[[str], bool]
"""Asked before a file is done without; it answers whether to go on."""


class Reverting:
    """The steps backward of one run.

    Args:
        project: The project; its database is connected.
        history: Its history.
        files: The migration files, by name.
    """

    def __init__(
        self, project: Project, history: History, files: Mapping[str, MigrationFile]
    ) -> None:
        self._project = project
        self._history = history
        self._files = files
        self._touched: dict[Step, str | None] = {}
        self._kept: KeptAside | None = None
        self._steps: list[Step] = []
        """Those that can be gone, so far."""
        self._passed: list[tuple[str, str | None]] = []
        """The steps so far that go by their files, and what their records say."""

    @property
    def told(self) -> Sequence[Told]:
        """What is to be said of the steps that go by their record."""
        return self._ways_back.told if "_ways_back" in vars(self) else ()

    @cached_property
    def _ways_back(self) -> WaysBack:
        from wheatear.reverting.derived import WaysBack  # noqa: PLC0415 - most files have their own way

        return WaysBack(self._project)

    def load(self, step: Step) -> LoadedMigration:
        """Return what reverts a migration; called for each step of the run, in order.

        Raises:
            MigrationFileError: There is neither a function nor a record of what it did.
            HistoryError: The schema is not what the migration left.
        """
        file = self._files.get(step.name)
        loaded = None if file is None else load(file, ("forward",))
        if loaded is None or loaded.function("backward") is None:
            derived = self._derived(step)
            if derived is not None:
                self._steps.append(step)
                return derived
        if loaded is None:
            if step.abandons or step.resumes is not None:
                raise failures.missing_to_finish(step.name)
            raise failures.missing_file(step.name, [one.name for one in self._steps])
        self._steps.append(step)
        if loaded.function("backward") is None and self._text(step) == ONLY_ROWS:
            raise without_function(loaded.file, "backward", only_rows=True)
        check_function(loaded, "backward")
        self._passed.append((step.name, self._text(step)))
        return _put_back_after(loaded, self._dropped(step))

    def look_ahead(self, step: Step) -> None:
        """Find out the same without running a file, for what would be done.

        Raises:
            MigrationFileError: There is neither a function nor a record of what it did.
            HistoryError: The schema is not what the migration left.
        """
        file = self._files.get(step.name)
        if file is not None and defines(file, "migrate_backward"):
            self._passed.append((step.name, self._text(step)))
        elif self._derived(step) is None:
            if file is None:
                raise failures.missing_file(step.name, [one.name for one in self._steps])
            only_rows = self._text(step) == ONLY_ROWS
            raise without_function(file, "backward", only_rows=only_rows)
        self._steps.append(step)

    def confirm(self, *, yes: bool, ask: Confirm | None) -> None:
        """Go without a file only where somebody has said so.

        Args:
            yes: It has been said already.
            ask: Asks somebody; None where nobody can be asked.

        Raises:
            UsageError: Nobody can be asked.
            HistoryError: The answer was no.
        """
        missing = [one.name for one in self.told if one.missing and not one.resumed]
        if yes or not missing:
            return
        if ask is None:
            raise failures.not_without_file(missing)
        if not ask(f"Revert {', '.join(missing)} without a file?"):
            raise failures.declined()

    def _derived(self, step: Step) -> LoadedMigration | None:
        text = self._text(step)
        if text is None or text == ONLY_ROWS:
            return None
        missing = step.name not in self._files
        while self._passed:
            self._ways_back.passed(*self._passed.pop(0))
        return self._ways_back.derived(
            step.name,
            text,
            self._dropped(step),
            missing=missing,
            resumed=step.resumes is not None,
        )

    def _dropped(self, step: Step) -> PutBack | None:
        """What the migration dropped and was kept aside, if anything was."""
        if self._kept is None:
            from wheatear.reverting.aside import KeptAside  # noqa: PLC0415 - only for the way back

            self._kept = KeptAside(self._project.engine)
        run = None if step.basis is None else self._history.run_of(step.basis)
        entries = self._kept.of(step.name, run) if run else []
        if not entries:
            return None
        from wheatear.reverting.put_back import PutBack  # noqa: PLC0415 - seldom anything was kept

        return PutBack(self._kept, entries)

    def _text(self, step: Step) -> str | None:
        if step not in self._touched:
            basis = step.basis
            self._touched[step] = None if basis is None else self._history.touched(basis)
        return self._touched[step]


def _put_back_after(loaded: LoadedMigration, dropped: PutBack | None) -> LoadedMigration:
    """Let a file's own way back be followed by what was kept of what is there again."""
    function = loaded.function("backward")
    if dropped is None or function is None:
        return loaded

    def migrate_backward() -> None:
        dropped.begin()
        function()
        dropped.all()

    loaded.module.__dict__["migrate_backward"] = migrate_backward
    return loaded._replace(afterwards=dropped.forget)
