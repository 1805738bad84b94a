"""The program in a process of its own without the time a new interpreter takes to import it.

The test's process has imported it; a fork of it is as much a process as any. What a fork cannot
show (start-up, signals, the installed script) is tested with new interpreters.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
import types
from importlib import import_module
from pathlib import Path
from typing import IO

CAN_FORK = hasattr(os, "fork")


def run(words: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, bytes, bytes]:
    """Run the program in a fork of this process; return its exit code and both outputs."""
    for module in ("app", "init", "create", "migrate", "status", "history"):
        import_module(f"wheatear.cli.{module}")
    import_module("wheatear.attempt")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            _become_the_program(words, folder, environment, out, err)
        code = _wait(pid)
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def _wait(pid: int, seconds: float = 60.0) -> int:
    end = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            raise AssertionError(f"still running after {seconds} s")
        time.sleep(0.002)


def _become_the_program(
    words: list[str], folder: Path, environment: dict[str, str], out: IO[bytes], err: IO[bytes]
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
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = [str(Path(sys.executable).parent / "wheatear"), *words]
        sys.modules["__main__"] = types.ModuleType("__main__")
        from wheatear.cli import main

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
