"""A project: the folder with `migrations_config.py`, its database, and what its migrations see."""

from __future__ import annotations

import os
import sys
import threading
import types
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import peewee

from wheatear.database import migrator_for
from wheatear.engines import engine_for, resolved
from wheatear.engines.engine import Engine
from wheatear.errors import ConfigError, WheatearError
from wheatear.files import place_of

CONFIG = "migrations_config"
CONFIG_FILE = f"{CONFIG}.py"
FOLDER = "migrations"


class Project(NamedTuple):
    """What a run works on.

    Attributes:
        folder: Where the migrations are.
        root: The folder that the migrations and the configuration import from; None if embedded.
        engine: The database.
        config: What `migrations_config` is to a migration file while it is loaded and run.
    """

    folder: str
    root: str | None
    engine: Engine
    config: types.ModuleType

    @property
    def url(self) -> str:
        """Where the database is, the password masked."""
        return self.engine.url

    def models(self) -> list[Any]:
        """The models that the configuration names, imported now.

        Raises:
            ConfigError: It names none, or they cannot be used.
        """
        from wheatear.models import find_models  # noqa: PLC0415 - imports the application

        said = getattr(self.config, "models", None)
        path = getattr(self.config, "__file__", None)
        if said is None:
            raise ConfigError(
                f"{CONFIG_FILE} does not say where the models are.",
                where=path,
                state="nothing was changed.",
                next='write `models = "game.models"`, the module that defines them.',
            )
        with self.visible():
            return find_models(said, self.engine.db, path)

    @property
    def ignore_tables(self) -> tuple[str, ...]:
        """The tables that are not ours, as the configuration says.

        Raises:
            ConfigError: It is no list of names.
        """
        said = getattr(self.config, "ignore_tables", ())
        if not isinstance(said, (list, tuple, set, frozenset)) or not all(
            isinstance(name, str) for name in said
        ):
            raise ConfigError(
                f"`ignore_tables` in {CONFIG_FILE} is no list of names but {said!r}.",
                where=getattr(self.config, "__file__", None),
                state="nothing was changed.",
                next='write something like `ignore_tables = ["spatial_ref_sys", "legacy_*"]`.',
            )
        return tuple(said)

    @property
    def keep_dropped(self) -> bool:
        """Whether dropped rows are kept aside for the way back.

        Raises:
            ConfigError: The configuration says neither True nor False.
        """
        said = getattr(self.config, "keep_dropped", False)
        if not isinstance(said, bool):
            raise ConfigError(
                f"`keep_dropped` in {CONFIG_FILE} is neither True nor False but {said!r}.",
                where=getattr(self.config, "__file__", None),
                state="nothing was changed.",
                next="write `keep_dropped = True` to keep dropped rows for the way back.",
            )
        return said

    @contextmanager
    def visible(self) -> Iterator[None]:
        """Let `from migrations_config import db, migrator` mean this project for the block."""
        with _meant(self.config, self.root):
            yield


# Of the process, not of a thread: threads that migrate databases of their own take turns.
_only_one_is_meant = threading.RLock()


@contextmanager
def _meant(config: types.ModuleType, root: str | None) -> Iterator[None]:
    """Let `migrations_config` mean this module for the block, and other modules be found in `root`.

    Another thread that wants it to mean something else waits until the block has ended.
    """
    with _only_one_is_meant:
        before, path = sys.modules.get(CONFIG), list(sys.path)
        sys.modules[CONFIG] = config
        if root is not None:
            sys.path.insert(0, root)
        try:
            yield
        finally:
            sys.path[:] = path
            if before is None:
                sys.modules.pop(CONFIG, None)
            else:
                sys.modules[CONFIG] = before


def find_root(start: str) -> str:
    """Return the nearest folder, from `start` upward, that holds a `migrations_config.py`.

    Raises:
        ConfigError: There is none.
    """
    folder, above = start, os.path.dirname(start)
    while not os.path.isfile(os.path.join(folder, CONFIG_FILE)):
        if folder == above:
            break
        folder, above = above, os.path.dirname(above)
    else:
        return folder
    raise ConfigError(
        f"There is no {CONFIG_FILE} in {start} or in any folder above it.",
        state="nothing was changed.",
        next="go to your project's folder, or begin one here with `wheatear init`.",
    )


def load_project(root: str) -> Project:
    """Load a project by its `migrations_config.py`.

    Args:
        root: The folder that holds it.

    Raises:
        ConfigError: It is not there, fails, or lacks `db` or `migrator`.
    """
    root = os.path.realpath(root)
    path = os.path.join(root, CONFIG_FILE)
    if not os.path.isfile(path):
        raise ConfigError(
            f"There is no {CONFIG_FILE} in {root}.",
            state="nothing was changed.",
            next="go to your project's folder, or begin one here with `wheatear init`.",
        )
    config = _config(root, path)
    for name in ("db", "migrator"):
        if getattr(config, name, None) is None:
            raise ConfigError(
                f"{CONFIG_FILE} does not define `{name}`.",
                where=path,
                state="nothing was changed.",
                next="write `db = connect(...)` and `migrator = migrator_for(db)`, both from "
                "wheatear.",
            )
    db = _database(config.db, path)
    _anchor(db, root)
    _check_migrator(config.migrator, db, path)
    engine = engine_for(db)
    _set_lock_timeout(engine, config, path)
    return Project(os.path.join(root, FOLDER), root, engine, config)


def embedded_project(
    db: Any,
    folder: str,
    migrator: Any = None,
    *,
    models: Any = None,
    ignore_tables: Iterable[str] = (),
    keep_dropped: bool = False,
) -> Project:
    """Make a project of a database and a folder, without any configuration file.

    Args:
        db: A Peewee database or an initialised proxy.
        folder: Where the migrations are.
        migrator: A playhouse migrator of `db`; None makes one.
        models: What `models` is in a configuration file.
        ignore_tables: The same for `ignore_tables`.
        keep_dropped: The same for `keep_dropped`.

    Raises:
        ConfigError: The database cannot be used.
    """
    config = types.ModuleType(CONFIG)
    config.__dict__.update(
        db=db,
        migrator=migrator or migrator_for(db),
        models=models,
        ignore_tables=ignore_tables,
        keep_dropped=keep_dropped,
    )
    database = resolved(db)
    if migrator is not None:
        _check_migrator(migrator, database)
    return Project(os.path.abspath(folder), None, engine_for(database), config)


def _config(root: str, path: str) -> types.ModuleType:
    """Run the configuration, or take the one the application has imported already."""
    present = sys.modules.get(CONFIG)
    if present is not None and os.path.realpath(getattr(present, "__file__", "")) == path:
        return present
    module = types.ModuleType(CONFIG)
    module.__file__ = path
    try:
        with _meant(module, root):
            with open(path, "rb") as file:
                source = file.read()
            exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - the user's own
    except WheatearError as error:
        error.where = error.where or place_of(error, path)
        error.state = error.state or "nothing was changed."
        raise
    except SyntaxError as error:
        raise _failed(error, f"{error.filename}:{error.lineno}") from error
    except (Exception, SystemExit) as error:
        raise _failed(error, place_of(error, path)) from error
    return module


def _failed(error: BaseException, where: str) -> ConfigError:
    return ConfigError(
        f"{CONFIG_FILE} cannot be loaded: {type(error).__name__}: {error}",
        where=where,
        state="nothing was changed.",
        next="mend it and run the command again.",
    )


def _database(db: Any, path: str) -> Any:
    try:
        return resolved(db)
    except ConfigError as error:
        error.where = path
        error.state = "nothing was changed."
        raise


def _anchor(db: Any, root: str) -> None:
    """Relative SQLite paths are relative to the project, wherever the command is run."""
    if not isinstance(db, peewee.SqliteDatabase) or not db.is_closed():
        return
    name = str(db.database)
    is_uri = name.startswith("file:")
    path = name.removeprefix("file:") if is_uri else name
    if path in ("", ":memory:") or path.startswith(("/", ":memory:", "?")) or os.path.isabs(path):
        return
    if is_uri and "mode=memory" in path:
        return
    db.database = f"file:{root}/{path}" if is_uri else os.path.join(root, path)


def _check_migrator(migrator: Any, db: Any, path: str | None = None) -> None:
    """It must be of the database that is migrated; `path` is where it was written."""
    theirs = getattr(migrator, "database", None)
    if isinstance(theirs, peewee.Proxy):
        theirs = theirs.obj
    if theirs is db:
        return
    what = (
        "belongs to another database than `db`"
        if isinstance(theirs, peewee.Database)
        else f"is no playhouse migrator but {type(migrator).__qualname__}"
    )
    raise ConfigError(
        f"`migrator`{f' in {CONFIG_FILE}' if path else ''} {what}.",
        where=path,
        state="nothing was changed.",
        next="write `migrator = migrator_for(db)`.",
    )


def _set_lock_timeout(engine: Engine, config: types.ModuleType, path: str) -> None:
    """`lock_timeout` in the configuration, in seconds: the run's, and our own migrator's."""
    seconds = getattr(config, "lock_timeout", None)
    if seconds is None:
        return
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds <= 0:
        raise ConfigError(
            f"`lock_timeout` in {CONFIG_FILE} is not a number of seconds but {seconds!r}.",
            where=path,
            state="nothing was changed.",
            next="write something like `lock_timeout = 2`.",
        )
    engine.lock_timeout = float(seconds)
    if hasattr(config.migrator, "lock_timeout"):
        config.migrator.lock_timeout = float(seconds)
