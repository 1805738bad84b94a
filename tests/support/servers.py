"""Servers of a test's own, to be killed and started again; in memory, where they are fastest.

They are not in the test's own folder: whoever starts pytest closes the folders of all for others
than their owner, and a server runs as a user of its own.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from support import reading
from support.databases import is_mysql

MEMORY = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
_SECONDS = 60


class Server:
    """A server on a free port.

    Args:
        folder: Where its data are; not there yet.
        user: Whom it runs as, if this process is root; servers refuse to run as root.
        careless: It need not outlast a crash: nothing is waited for.
    """

    scheme = ""
    home = ""
    programs: tuple[str, ...] = ()

    def __init__(self, folder: Path, user: str, *, careless: bool = False) -> None:
        self.folder = folder
        self.careless = careless
        self.port = _free_port()
        self._user = user if os.getuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self.temporary = folder.parent / "temporary"
        for one in (folder, self.temporary):
            one.mkdir()
            if self._user:
                shutil.chown(one, self._user)

    def url(self, database: str) -> str:
        return f"{self.scheme}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make what is there when it starts for the first time."""
        raise NotImplementedError

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

    def strike(self) -> None:
        """SIGKILL for all its processes, which write nothing more; also from a fork of this one."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGSTOP)  # it makes no more children
        children = _children(self._process.pid)
        for process in (*children, self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        end = time.monotonic() + _SECONDS
        while any(map(_lives, (*children, self._process.pid))) and time.monotonic() < end:
            time.sleep(0.001)

    def kill(self) -> None:
        """Strike, and know that it is gone."""
        self.strike()
        if self._process is not None:
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it for good."""
        self.kill()

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

    programs = ("mariadb-install-db", "mariadbd")
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
            *("--innodb-log-file-size=8M", "--skip-name-resolve"),
            f"--tmpdir={self.temporary}",
            *(("--innodb-flush-log-at-trx-commit=0",) if self.careless else ()),
        ]


class MySQL(Server):
    """mysqld, as MySQL's own packages have it."""

    programs = ("mysqld",)
    scheme = "mysql://root"
    home = "mysql"

    def prepare(self) -> None:
        first = self.folder.parent / "first.sql"
        first.write_text("CREATE USER root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1';")
        self.run([*self._begun(), "--initialize-insecure", f"--init-file={first}"])

    def command(self) -> list[str]:
        return [
            *self._begun(),
            *(f"--socket={self.folder / 'socket'}", f"--port={self.port}", "--mysqlx=OFF"),
            *("--bind-address=127.0.0.1", "--innodb-buffer-pool-size=32M", "--skip-name-resolve"),
            *("--innodb-redo-log-capacity=16M", "--skip-log-bin"),
            *(("--innodb-flush-log-at-trx-commit=0",) if self.careless else ()),
        ]

    def _begun(self) -> list[str]:
        return [
            *(_program("mysqld"), "--no-defaults", f"--datadir={self.folder}"),
            *(f"--tmpdir={self.temporary}", "--secure-file-priv=NULL"),
        ]


_CARELESS = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


class PostgreSQL(Server):
    """postgres, whose children lead process groups of their own: see `strike`."""

    programs = ("initdb", "postgres")
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
            *("-c", "dynamic_shared_memory_type=mmap"),  # in its folder: what is killed leaves it
            *(_CARELESS if self.careless else ()),
        ]

    def stop(self) -> None:
        """By "immediate shutdown", which gives its shared memory back; killed, it would not.

        https://www.postgresql.org/docs/current/server-shutdown.html
        """
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        self.kill()


def _kind(engine: str) -> type[Server]:
    if engine == "mariadb" and is_mysql():
        return MySQL
    return {"mariadb": MariaDB, "postgresql": PostgreSQL}[engine]


_USERS = {"mariadb": "mysql", "postgresql": "postgres"}


@contextmanager
def running_server(engine: str, *, careless: bool = False) -> Iterator[Server]:
    """A server that runs, and is killed after the block; skips the test where its programs are not
    installed.

    Args:
        engine: Which.
        careless: It is not to be started again.
    """
    if not is_installed(engine):
        pytest.skip(f"the programs of {engine} are not installed")
    with tempfile.TemporaryDirectory(prefix="wheatear_test_", dir=MEMORY) as name:
        Path(name).chmod(0o711)  # the server's user has to get there
        server = _kind(engine)(Path(name) / "data", _USERS[engine], careless=careless)
        try:
            server.prepare()
            server.start()
            yield server
        finally:
            server.stop()


def is_installed(engine: str) -> bool:
    """Whether its programs are here, and the user that they run as."""
    try:
        pwd.getpwnam(_USERS[engine])
    except KeyError:
        return False
    return all(map(_program, _kind(engine).programs))


def _program(name: str) -> str:
    """Where it is; nowhere if it is not installed."""
    places = [f"/usr/sbin/{name}", *sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))[::-1]]
    return shutil.which(name) or next((one for one in places if os.path.exists(one)), "")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(parent: int) -> list[int]:
    path = Path(f"/proc/{parent}/task/{parent}/children")
    try:
        return [int(word) for word in path.read_text(encoding="ascii").split()]
    except OSError:
        return []


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except OSError:
        return False
    return not state.strip().startswith("Z")
