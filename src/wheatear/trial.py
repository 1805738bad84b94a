"""A migration run on a scratch copy: what it does is seen there, and nowhere else."""

from __future__ import annotations

import types
from typing import Any

from wheatear.capture import Log, Rules, watched
from wheatear.checksums import checksum_of
from wheatear.engines.engine import Engine
from wheatear.engines.waiting import Waiting
from wheatear.files import MigrationFile, load_text
from wheatear.plan import Direction
from wheatear.project import Project


class Trial:
    """One migration on one scratch copy.

    Args:
        project: The project whose database was copied.
        copy: The copy; see `Engine.scratch_copy`.
        text: The migration's text, which need not be in a file yet.
        name: What to call it.
        path: What its frames are called in a traceback.

    Raises:
        MigrationFileError: The text does not run, or lacks a function.

    While it is made and run, its `migrations_config` has the copy's database and a migrator of the
    same class as the project's. No history is written.
    """

    def __init__(self, project: Project, copy: Engine, text: str, name: str, path: str) -> None:
        self._copy = copy
        self._project = project._replace(engine=copy, config=_config(project.config, copy))
        raw = text.encode()
        file = MigrationFile(0, name, path, checksum_of(raw))
        with self._project.visible():
            self._loaded = load_text(file, raw, ("forward", "backward"))

    def run(self, direction: Direction) -> Log:
        """Run one of its functions, in a transaction where the engine has them for schema changes.

        Returns:
            What it sent.

        Raises:
            Exception: Whatever it raised.
        """
        copy = self._copy
        function = self._loaded.function(direction)
        assert function is not None  # noqa: S101 - checked when it was loaded
        rules = Rules(copy.connection_attributes, transactional=copy.transactional_ddl)
        with (
            self._project.visible(),
            copy.exclusively(Waiting(None, lambda _: None), foreign_keys=self._loaded.foreign_keys),
        ):
            with watched(copy.db, rules) as log:
                function()
            copy.verify()
        return log


def _config(config: types.ModuleType, copy: Engine) -> types.ModuleType:
    """The configuration as a migration on the copy sees it."""
    scratch = types.ModuleType(config.__name__)
    scratch.__dict__.update(vars(config), db=copy.db, migrator=_migrator(config.migrator, copy))
    return scratch


def _migrator(theirs: Any, copy: Engine) -> Any:
    """Of the class that the real run has: playhouse's own knows fewer operations."""
    ours = copy.migrator()
    return ours if isinstance(theirs, type(ours)) else type(theirs)(copy.db)
