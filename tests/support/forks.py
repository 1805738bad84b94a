"""The program in a process of its own without the time a new interpreter takes to import it.

The test's process has imported it; a fork of it is as much a process as any. What a fork cannot
show (start-up, signals, the installed script) is tested with new interpreters.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
import traceback
import types
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO

CAN_FORK = hasattr(os, "fork")
_IMPORTED = (
    *(f"cli.{name}" for name in ("app", "init", "create", "migrate", "status", "history")),
    *("attempt", "turn", "drift", "journal.journal", "schema.stored"),
    *(
        f"engines.{engine}.{name}"
        for engine in ("sqlite", "postgresql", "mysql")
        for name in ("engine", "migrator", "journaling", "touched", "reader")
    ),
)
"""Else each fork would import it anew, which takes it longer than what it is asked to do."""


class Fork:
    """The program, begun in a fork of this process; `first` is called there before it."""

    def __init__(
        self,
        words: list[str],
        folder: Path,
        environment: dict[str, str],
        first: Callable[[], None] | None = None,
    ) -> None:
        for module in _IMPORTED:
            import_module(f"wheatear.{module}")
        for driver in ("playhouse.db_url", "psycopg.types.hstore"):
            with suppress(ImportError):
                import_module(driver)
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self._start = time.monotonic()
        self._pid = os.fork()
        if self._pid == 0:
            _become_the_program(words, folder, environment, self._out, self._err, first)

    def kill(self) -> None:
        """SIGKILL, which nothing in it can catch."""
        os.kill(self._pid, signal.SIGKILL)

    def said(self) -> str:
        """What it has told so far on its standard error."""
        return os.pread(self._err.fileno(), 100_000, 0).decode("utf-8")

    def end(self) -> tuple[int, bytes, bytes, float]:
        """Wait for its end: the exit code, both outputs, and the seconds it took."""
        with self._out, self._err:
            code = self._wait()
            seconds = time.monotonic() - self._start
            self._out.seek(0)
            self._err.seek(0)
            return code, self._out.read(), self._err.read(), seconds

    def _wait(self, seconds: float = 60.0) -> int:
        end = time.monotonic() + seconds
        while True:
            done, status = os.waitpid(self._pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > end:
                os.kill(self._pid, 9)
                os.waitpid(self._pid, 0)
                raise AssertionError(f"still running after {seconds} s")
            time.sleep(0.002)


def _become_the_program(
    words: list[str],
    folder: Path,
    environment: dict[str, str],
    out: IO[bytes],
    err: IO[bytes],
    first: Callable[[], None] | None,
) -> None:
    code = 1
    try:
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdin = open(0, encoding="utf-8", closefd=False)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)
        warnings.resetwarnings()
        warnings.simplefilter("ignore")  # as a program without -W
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = [str(Path(sys.executable).parent / "wheatear"), *words]
        sys.modules["__main__"] = types.ModuleType("__main__")
        from wheatear.cli import main

        if first is not None:
            first()
        code = _exit_code_of(main)
        sys.stdout.flush()
        sys.stderr.flush()
        _save_coverage()
    finally:
        os._exit(code)


def _exit_code_of(main: types.FunctionType) -> int:
    """What the interpreter makes of how a program ends."""
    try:
        main()
    except SystemExit as error:
        if isinstance(error.code, int):
            return error.code
        if error.code is not None:
            sys.stderr.write(f"{error.code}\n")
        return 0 if error.code is None else 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _save_coverage() -> None:
    if "coverage" in sys.modules:
        current = sys.modules["coverage"].Coverage.current()
        if current is not None:
            current.stop()
            current.save()
