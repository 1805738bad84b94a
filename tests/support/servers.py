"""Servers of a test's own, in a folder of its own, to be killed and started again."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from support import reading

_SECONDS = 60


class Server:
    """A server on a free port.

    Args:
        folder: Where its data are; made by `prepare`.
        user: Whom it runs as, if this process is root; servers refuse to run as root.
    """

    scheme = ""
    home = ""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder
        self.port = _free_port()
        self._user = user if os.getuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self.temporary = folder.parent / "temporary"
        for one in (folder, self.temporary):
            one.mkdir()
            if self._user:
                shutil.chown(one, self._user)
        if self._user:
            for parent in [*folder.parents][: len(folder.parents) - 2]:
                with suppress(PermissionError):  # one that is not ours is open already
                    parent.chmod(parent.stat().st_mode | 0o011)

    def url(self, database: str) -> str:
        return f"{self.scheme}@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        """Start it, and wait until it answers: after a crash it recovers first."""
        with (self.folder.parent / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, user=self._user, start_new_session=True
            )
        end = time.monotonic() + _SECONDS
        while True:
            try:
                reading.execute(self.url(self.home), "SELECT 1")
            except Exception:
                assert self._process.poll() is None, "the server ended by itself"
                assert time.monotonic() < end, "the server does not answer"
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """SIGKILL for all its processes: it writes nothing more."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def run(self, command: list[str]) -> None:
        """Run one of its programs as its user."""
        subprocess.run(
            command, check=True, user=self._user, stdout=subprocess.DEVNULL, cwd=self.folder
        )


class MariaDB(Server):
    """mariadbd, whose data last through a kill (innodb_flush_log_at_trx_commit is 1).

    Its folder for temporary tables is its own: a server that starts removes all it finds there, and
    another server that shares the folder crashes.
    """

    scheme = "mysql://root"
    home = "mysql"

    def prepare(self) -> None:
        self.run(
            [
                *(_program("mariadb-install-db"), "--no-defaults", f"--datadir={self.folder}"),
                *("--auth-root-authentication-method=normal", "--skip-test-db"),
                f"--tmpdir={self.temporary}",
            ]
        )

    def command(self) -> list[str]:
        return [
            *(_program("mariadbd"), "--no-defaults", f"--datadir={self.folder}"),
            *(f"--socket={self.folder / 'socket'}", f"--port={self.port}"),
            *("--bind-address=127.0.0.1", "--innodb-buffer-pool-size=32M"),
            f"--tmpdir={self.temporary}",
        ]


class PostgreSQL(Server):
    """postgres; its children are of its session, but not of its process group: see `kill`."""

    scheme = "postgresql://postgres"
    home = "postgres"

    def prepare(self) -> None:
        self.run(
            [_program("initdb"), "-D", str(self.folder), "-A", "trust", "-U", "postgres", "-N"]
        )
        if self._user:
            shutil.chown(self.folder, self._user)

    def command(self) -> list[str]:
        return [
            *(_program("postgres"), "-D", str(self.folder), "-p", str(self.port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"),
            *("-c", "restart_after_crash=off", "-c", "shared_buffers=16MB"),
        ]

    def kill(self) -> None:
        """The postmaster and its children; a segment of shared memory would outlive them."""
        children = _children(self._process.pid) if self._process else []
        super().kill()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        end = time.monotonic() + _SECONDS
        while any(map(_lives, children)) and time.monotonic() < end:
            time.sleep(0.01)


SERVERS: dict[str, Callable[[Path, str], Server]] = {"mariadb": MariaDB, "postgresql": PostgreSQL}
_USERS = {"mariadb": "mysql", "postgresql": "postgres"}


def new_server(engine: str, folder: Path) -> Server:
    """A server that runs; skips the test where its programs are not installed."""
    user = _USERS[engine]
    try:
        pwd.getpwnam(user)
    except KeyError:
        pytest.skip(f"this machine has no user {user}")
    server = SERVERS[engine](folder / "data", user)
    server.prepare()  # type: ignore[attr-defined]
    server.start()
    return server


def _program(name: str) -> str:
    places = [f"/usr/sbin/{name}", *sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))[::-1]]
    found = shutil.which(name) or next((one for one in places if os.path.exists(one)), None)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(parent: int) -> list[int]:
    path = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(word) for word in path.read_text(encoding="ascii").split()]


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except OSError:
        return False
    return not state.strip().startswith("Z")
