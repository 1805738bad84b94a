"""The migration files of a folder: listed and hashed without importing, loaded to be run."""

from __future__ import annotations

import os
import re
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from wheatear.checksums import checksum_of, read
from wheatear.errors import MigrationFileError, Terminated
from wheatear.remembered import remembered

# A day and a time, or any number; then the name.
_PREFIX = re.compile(r"([0-9]{8}_[0-9]{4,6}|[0-9]+)(?=[_-]|\.py$|$)")
_DIGITS_OF_A_TIMESTAMP = 14
# The code flags of functions whose call only makes an object: generators, coroutines.
_NOT_RUN_BY_A_CALL = 0x20 | 0x80 | 0x100 | 0x200


class MigrationFile(NamedTuple):
    """One migration file, by its text; files sort by their place in time.

    Attributes:
        order: Its place in time: the prefix's digits, compared as a number.
        name: The file's name without `.py`.
        path: Where it is.
        checksum: SHA-256 of the text as UTF-8 without BOM and carriage returns, as hexadecimals.
    """

    order: int
    name: str
    path: str
    checksum: str


class Listing(NamedTuple):
    """A folder's migration files in their order, and what in it looks like a mistake."""

    files: tuple[MigrationFile, ...]
    warnings: tuple[str, ...] = ()


class LoadedMigration(NamedTuple):
    """A migration file's module, checked to be runnable.

    Attributes:
        file: The file.
        module: Its module.
        afterwards: Called when it is done: in its transaction, or after its record where it has
            none.
    """

    file: MigrationFile
    module: types.ModuleType
    afterwards: Callable[[], None] | None = None

    @property
    def foreign_keys(self) -> bool:
        """`foreign_keys = True` at the top of the file: SQLite goes on enforcing them."""
        return bool(getattr(self.module, "foreign_keys", False))

    @property
    def atomic(self) -> bool:
        """`atomic = False` at the top of the file: no transaction around it."""
        return bool(getattr(self.module, "atomic", True))

    def function(self, direction: str) -> Callable[[], Any] | None:
        """`migrate_forward` or `migrate_backward`, or None."""
        function = getattr(self.module, f"migrate_{direction}", None)
        return function if callable(function) else None


def list_files(folder: str) -> Listing:
    """List a folder's migrations.

    Args:
        folder: The folder; one that is not there has no migrations.

    Returns:
        The files by timestamp, then by name. Editors' and Python's own files and folders are
        passed over; a file that looks like a migration but has no timestamp is warned of.

    Raises:
        MigrationFileError: The folder or a file cannot be read.
    """
    names = _names(folder)
    files, warnings = [], []
    for name, about in zip(names, remembered(folder, names, _about), strict=True):
        if about is None:
            continue
        order, checksum = about
        if order is not None:
            files.append(MigrationFile(order, name[:-3], f"{folder}{os.sep}{name}", checksum))
        else:
            warnings.append(
                f"{name} has no timestamp and is ignored: if it is a migration, rename it to "
                f"something like 20261122_153000_{name}"
            )
    return Listing(tuple(sorted(files)), tuple(sorted(warnings)))


def _about(path: str) -> tuple[int | None, str] | None:
    """A migration's place in time, None without a timestamp, and checksum; None: it is none."""
    prefix = _PREFIX.match(os.path.basename(path))
    try:
        raw = read(path)
    except OSError as error:
        if os.path.isdir(path):
            return None
        raise _unreadable(path, error) from error
    if prefix:
        return order_of(prefix.group(1)), checksum_of(raw)
    return (None, checksum_of(raw)) if b"def migrate_forward" in raw else None


def _names(folder: str) -> list[str]:
    """Python files of somebody's own: no editor's back-up, nothing private."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(folder, error) from error
    return [name for name in names if name.endswith(".py") and name[0] not in "._#"]


def order_of(prefix: str) -> int:
    """Compare as digits, never as times: `20261122_1530` and `20261122153000` are the same."""
    digits = prefix.replace("_", "")
    if 8 <= len(digits) < _DIGITS_OF_A_TIMESTAMP and digits[0] != "0":
        digits = digits.ljust(_DIGITS_OF_A_TIMESTAMP, "0")
    return int(digits)


def _unreadable(path: str, error: OSError) -> MigrationFileError:
    return MigrationFileError(
        f"Cannot read {path}: {error.strerror}",
        state="nothing was changed.",
        next="check that this user may read it.",
    )


def defines(file: MigrationFile, function: str) -> bool:
    """Whether a file's text defines or imports a function, as far as that can be told by reading.

    Raises:
        MigrationFileError: It cannot be read.
    """
    try:
        raw = read(file.path)
    except OSError as error:
        raise _unreadable(file.path, error) from error
    name = re.escape(function).encode()
    found = rb"^(?:async[ \t]+)?def[ \t]+%s\b|^%s[ \t]*=|^(?:from|import)\b.*\b%s\b"
    return bool(re.search(found % (name, name, name), raw, re.MULTILINE))


def load(file: MigrationFile, directions: tuple[str, ...]) -> LoadedMigration:
    """Run a migration file's text, so that its functions can be called.

    What runs is the text whose checksum is recorded, and no byte code is written beside it.

    Args:
        file: The file as it was listed.
        directions: The functions it must have: `forward`, `backward`.

    Raises:
        MigrationFileError: It does not run, has changed since it was listed, or lacks a function.
    """
    try:
        raw = read(file.path)
    except OSError as error:
        raise _unreadable(file.path, error) from error
    if checksum_of(raw) != file.checksum:
        raise MigrationFileError(
            f"{file.name}.py was changed while this run was starting.",
            state="nothing was changed in the database.",
            next="run the command again.",
        )
    return load_text(file, raw, directions)


def load_text(file: MigrationFile, raw: bytes, directions: tuple[str, ...]) -> LoadedMigration:
    """The same with the text at hand, which need not be in its file yet."""
    from wheatear.engines.operations import rebind  # noqa: PLC0415 - only who runs pays for it

    module = types.ModuleType(f"wheatear_migration_{file.name}")
    module.__file__ = file.path
    with _registered(module):
        _execute(file, raw, module)
    rebind(module)
    loaded = LoadedMigration(file, module)
    for direction in directions:
        check_function(loaded, direction)
    return loaded


@contextmanager
def _registered(module: types.ModuleType) -> Iterator[None]:
    """Dataclasses and pickles in a migration look their module up by its name."""
    sys.modules[module.__name__] = module
    try:
        yield
    except BaseException:
        del sys.modules[module.__name__]
        raise


def _execute(file: MigrationFile, raw: bytes, module: types.ModuleType) -> None:
    try:
        code = compile(raw, file.path, "exec")
    except (SyntaxError, ValueError) as error:  # ValueError: a NUL byte, before Python 3.11.4
        line, text = getattr(error, "lineno", None), getattr(error, "text", None)
        raise MigrationFileError(
            f"{file.name}.py is not valid Python: {getattr(error, 'msg', error)}",
            where=file.path + (f":{line}" if line else "") + (f"\n{text.strip()}" if text else ""),
            state="nothing was changed.",
            next="mend the line and run the command again.",
        ) from error
    try:
        exec(code, module.__dict__)  # noqa: S102 - the user's own file
    except (MigrationFileError, Terminated):
        raise
    except (Exception, SystemExit) as error:
        raise _failed_import(file, error) from error


def _failed_import(file: MigrationFile, error: BaseException) -> MigrationFileError:
    return MigrationFileError(
        f"{file.name}.py cannot be loaded: {type(error).__name__}: {error}",
        where=place_of(error, file.path),
        state="nothing was changed: every pending file is loaded before the first one runs.",
        next="mend the file and run the command again.",
    )


def place_of(error: BaseException, path: str) -> str:
    """Return `file:line` of the last frame of an error that is in a file, or the file alone."""
    line = None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == path:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return f"{path}:{line}" if line else path


def check_function(loaded: LoadedMigration, direction: str) -> None:
    """Refuse a migration whose function for a direction is missing or cannot be called.

    Raises:
        MigrationFileError: It is so.
    """
    name = f"migrate_{direction}"
    function = loaded.function(direction)
    if function is None:
        raise without_function(loaded.file, direction)
    code = getattr(function, "__code__", None)
    if code is None:
        return
    required = code.co_argcount - len(getattr(function, "__defaults__", None) or ())
    problem = None
    if required or code.co_kwonlyargcount:
        problem = f"{name}() takes arguments, but is called without any"
        remedy = f"write `def {name}():`; `db` and `migrator` come from migrations_config."
    elif code.co_flags & _NOT_RUN_BY_A_CALL:
        problem = f"{name}() is a generator or `async`, so calling it would do nothing"
        remedy = f"write a plain `def {name}():` without yield, async and await."
    if problem:
        raise MigrationFileError(
            f"In {loaded.file.name}.py, {problem}.",
            where=f"{loaded.file.path}:{code.co_firstlineno}",
            state="nothing was changed.",
            next=remedy,
        )


def without_function(
    file: MigrationFile, direction: str, *, only_rows: bool = False
) -> MigrationFileError:
    """A migration cannot go a way of which its file says nothing.

    Args:
        file: Its file.
        direction: The way.
        only_rows: Its record says that it changed rows, and no schema.
    """
    if direction == "forward":
        return MigrationFileError(
            f"{file.name}.py has no migrate_forward().",
            where=file.path,
            state="nothing was changed.",
            next="write `def migrate_forward():` in it, or move the file out of the folder.",
        )
    return MigrationFileError(
        f"{file.name} cannot be reverted: its file has no migrate_backward()"
        + (", and it changed rows, which no record undoes." if only_rows else "."),
        where=file.path,
        state="nothing was changed.",
        next="write `def migrate_backward():` that undoes migrate_forward(), then run the command "
        "again with --accept-changed; or go forward with a new migration instead.",
    )
