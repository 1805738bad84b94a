"""A server of a test's own, on a file system of a test's own that can be made small.

For what cannot be done to a server that others use: to fill its disk, to end it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from support.databases import plain_database
from support.projects import wait_for


class Disk:
    """A tmpfs.

    Args:
        folder: Where it is mounted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def used(self) -> int:
        """KiB."""
        found = os.statvfs(self.folder)
        return (found.f_blocks - found.f_bfree) * found.f_frsize // 1024

    def size(self, kibibytes: int) -> None:
        """Make it so large; never smaller than what is in it."""
        options = ["-o", f"remount,size={kibibytes}k", str(self.folder)]
        subprocess.run(["mount", *options], check=True)


@contextmanager
def small_disk(folder: Path, kibibytes: int) -> Iterator[Disk]:
    """Mount a disk for the block; skips the test where this user may not."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(folder)]
    if not shutil.which("mount") or os.geteuid():
        pytest.skip("only root can make a small disk")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class Server:
    """A server's process, started and ended by the test."""

    user: str
    scheme: str
    login: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        shutil.chown(folder, self.user)
        self._run(*self.initialise())

    def initialise(self) -> list[str]:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def _run(self, *words: str) -> None:
        done = subprocess.run(words, user=self.user, capture_output=True, cwd="/", check=False)
        assert done.returncode == 0, done

    def start(self) -> None:
        self._process = subprocess.Popen(
            self.command(),
            user=self.user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(self.answers, 60)

    def answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            self.start()
        db = plain_database(self.url(self.first))
        try:
            db.connect()
            db.execute_sql("SELECT 1")
        except Exception:
            return False
        finally:
            with suppress(Exception):
                db.close()
        return True

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    first = ""
    """The database that is always there."""

    def url(self, database: str) -> str:
        return f"{self.scheme}://{self.login}@127.0.0.1:{self.port}/{database}"

    def send(self, sql: str, database: str | None = None) -> list[Any]:
        db = plain_database(self.url(database or self.first))
        db.connect()
        try:
            cursor = db.connection().cursor()
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            db.close()


class Postgresql(Server):
    user, scheme, login, first = "postgres", "postgresql", "postgres", "postgres"

    def _program(self, name: str) -> str:
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        if not found:
            pytest.skip("PostgreSQL's programs are not where Debian puts them")
        return str(found[-1])

    def initialise(self) -> list[str]:
        return [
            *(self._program("initdb"), "-D", str(self.folder / "data"), "-A", "trust"),
            *("-U", "postgres", "--wal-segsize=1", "--no-sync"),
        ]

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "shared_buffers": "16MB",
            "max_wal_size": "4MB",
            "min_wal_size": "2MB",
            "autovacuum": "off",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", str(self.folder / "data"), *words]


class Mariadb(Server):
    user, scheme, login, first = "mysql", "mysql", "root", "mysql"
    _options = ("--innodb-log-file-size=4M", "--innodb-fast-shutdown=2", "--aria-log-file-size=8M")

    def initialise(self) -> list[str]:
        program = shutil.which("mariadb-install-db")
        if program is None:
            pytest.skip("MariaDB's programs are not here")
        return [
            *(program, "--no-defaults", f"--datadir={self.folder / 'data'}"),
            *("--auth-root-authentication-method=normal", "--skip-test-db", *self._options[:1]),
        ]

    def command(self) -> list[str]:
        return [
            shutil.which("mariadbd") or "/usr/sbin/mariadbd",
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            # At its start a server deletes the temporary tables of every other one in its tmpdir.
            f"--tmpdir={self.folder / 'data'}",
            f"--socket={self.folder / 's'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            *self._options,
        ]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def on_small_disk(kind: Callable[[Path], Server]) -> Iterator[tuple[Server, Disk]]:
    """A running server on a disk of its own, large at first."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server's user has to get there
        with small_disk(folder / "disk", 400_000) as disk:
            server = kind(disk.folder)
            try:
                server.start()
                yield server, disk
            finally:
                server.stop()
