"""A user's project on disk, and the program run on it as a user runs it: in a process of its own."""

from __future__ import annotations

import ctypes
import getpass
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support import forks

PROGRAM = Path(sys.executable).parent / "wheatear"
SCRIPT = "manage_migrations.py"
SECONDS = 60  # no command of a test may take longer

CONFIG = """\
import os

from wheatear import connect, migrator_for

db = connect(os.environ["DATABASE_URL"])
migrator = migrator_for(db)
"""
_SCRIPT = """\
from wheatear.cli import main

if __name__ == "__main__":
    main()
"""
_MIGRATION = '''\
"""{title}."""

from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
{forward}


def migrate_backward():
{backward}
'''
_KEPT = ("PATH", "TMPDIR", "SYSTEMROOT", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


@dataclass(frozen=True)
class Ended:
    """How a command ended, what differs from machine to machine replaced by words."""

    code: int
    out: str
    err: str
    seconds: float = 0.0
    raw: str = ""
    """Both outputs as they were printed."""

    @property
    def told(self) -> tuple[int, str, str]:
        return self.code, self.out, self.err


class Project:
    """A folder with `manage_migrations.py`, `migrations_config.py` and `migrations/`.

    Args:
        root: The folder; made here.
        url: The database.
    """

    def __init__(self, root: Path, url: str, config: str | None = CONFIG) -> None:
        self.root = root
        self.url = url
        self._running: list[Running] = []
        self.folder = root / "migrations"
        self.folder.mkdir(parents=True)
        self.write(SCRIPT, _SCRIPT)
        if config is not None:
            self.write("migrations_config.py", config)

    # Files

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def migration(self, name: str, forward: str = "pass", backward: str = "pass") -> Path:
        """A migration as the guide shows one; the bodies are indented here."""
        text = _MIGRATION.format(
            title=name, forward=_indented(forward), backward=_indented(backward)
        )
        return self.write(f"migrations/{name}.py", text)

    def tables(self, *names: str) -> list[str]:
        """One migration for each: creates a table, drops it again. Returns the migrations' names."""
        made = []
        for number, name in enumerate(names, 1):
            made.append(f"202601{number:02}_000000_add_{name}")
            self.migration(
                made[-1],
                f"db.execute_sql('CREATE TABLE {name} (id INTEGER PRIMARY KEY)')",
                f"db.execute_sql('DROP TABLE {name}')",
            )
        return made

    # Commands

    def run(
        self,
        *words: str,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        **options: Any,
    ) -> Ended:
        """Run `wheatear` with these words in the project's folder, and wait for its end.

        In a fork, which is fast; with any of `start`'s options, or `fresh`, in a new interpreter.
        """
        if options or not forks.CAN_FORK:
            options.pop("fresh", None)
            return self.start(*words, cwd=cwd, env=env, **options).end()
        return self.ended(*self.fork(*words, cwd=cwd, env=env).end())

    def fork(
        self, *words: str, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> forks.Fork:
        """Begin a command in a fork."""
        return forks.Fork(list(words), cwd or self.root, self.environment(env))

    def ended(self, code: int, out: bytes, err: bytes, seconds: float) -> Ended:
        """How a command ended, in words."""
        texts = out.decode("utf-8"), err.decode("utf-8")
        return Ended(code, self.plain(texts[0]), self.plain(texts[1]), seconds, "".join(texts))

    def start(
        self,
        *words: str,
        script: bool = False,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        unprivileged: bool = False,
        start_new_session: bool = False,
    ) -> Running:
        """Begin a command: `wheatear`, or with `script` this project's `manage_migrations.py`."""
        command = [sys.executable, str(self.root / SCRIPT)] if script else [str(PROGRAM)]
        process = subprocess.Popen(
            [*command, *words],
            cwd=cwd or self.root,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=start_new_session,
            preexec_fn=_without_rights if unprivileged else None,
        )
        running = Running(process, self)
        self._running.append(running)
        return running

    def stop(self) -> None:
        """End what a failed test has left."""
        for running in self._running:
            running.stop()

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        """A user's: nothing of the test run's own."""
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        return {
            **kept,
            "HOME": str(self.root),
            "LC_ALL": "C.UTF-8",
            "DATABASE_URL": self.url,
            **(more or {}),
        }

    def plain(self, text: str) -> str:
        """Replace what differs from machine to machine and from run to run by words."""
        parts = urlsplit(self.url)
        words = [(str(self.root.resolve()), "ROOT"), (str(self.root), "ROOT")]
        if parts.scheme != "sqlite":
            words += [(parts.netloc.rpartition("@")[2], "HOST")]
        words += [(f"{getpass.getuser()}@{socket.gethostname()}", "WHO")]
        for word, name in words:
            text = text.replace(word, name)
        for pattern, name in _VARYING:
            text = re.sub(pattern, name, text)
        return text


_VARYING = (
    (r"/(?!/)[^ '\n:]*/wheatear_test_[0-9a-f]{16}\.db", "FILE"),
    (r"wheatear_test_[0-9a-f]{16}", "DATABASE"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+Z)?", "TIME"),
    (r"\d+\.\d{3} s", "N s"),
    (r"waited \d+\.\d s", "waited N s"),
    (r"process \d+", "process PID"),
    (r"server connection \d+", "server connection ID"),
    (r" -h' for help", " --help' for help"),  # click before 8.2
)


class Running:
    """A command that runs."""

    def __init__(self, process: subprocess.Popen[bytes], project: Project) -> None:
        self.process = process
        self._project = project
        self._start = time.monotonic()
        self._read = b""

    def stop(self) -> None:
        """End it, if it runs, and close its pipes, which a killed one leaves open too."""
        self.process.kill()
        with self.process:
            pass

    def line(self) -> str:
        """Wait for the first line of its standard error."""
        assert self.process.stderr is not None
        self._read = self.process.stderr.readline()
        return self._project.plain(self._read.decode("utf-8"))

    def end(self, number: signal.Signals | None = None) -> Ended:
        """Wait for its end, after sending it a signal; the seconds are counted from there."""
        start = self._start
        if number is not None:
            start = time.monotonic()
            self.process.send_signal(number)
        try:
            out, err = self.process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"still running after {SECONDS} s: {out!r} {err!r}") from None
        return self._project.ended(
            self.process.returncode, out, self._read + err, time.monotonic() - start
        )


def wait_for(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Ask again and again until the answer is true."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        time.sleep(0.02)
    return answer


def _indented(body: str) -> str:
    return textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")


def _without_rights() -> None:
    """As root: lose what lets root write where nobody may (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH).

    https://man7.org/linux/man-pages/man2/prctl.2.html, PR_CAPBSET_DROP
    """
    if os.getuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (1, 2):
            assert libc.prctl(24, capability, 0, 0, 0) == 0
