"""Behind pgbouncer in transaction mode, where a session's lock would belong to anybody."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from support import reading
from support.databases import IN_CI, require
from support.projects import CONFIG, Project, wait_for

NAMES = [f"2026010{number}_000000_t{number}" for number in (1, 2, 3)]
# Whoever is inside while another one is, fails.
ALONE = """\
import os, time
os.close(os.open({marker!r}, os.O_CREAT | os.O_EXCL))
db.execute_sql('CREATE TABLE t{number} (x INTEGER)')
time.sleep(0.02)
db.execute_sql('INSERT INTO t{number} VALUES ({number})')
os.unlink({marker!r})"""
# As an application hands it over, with psycopg 3 preparing what it sends again and again.
HANDED_OVER = """\
import os
from peewee import PostgresqlDatabase
from playhouse.db_url import parse
from wheatear import migrator_for

options = parse(os.environ["DATABASE_URL"])
db = PostgresqlDatabase(options.pop("database"), prefer_psycopg3=True, **options)
migrator = migrator_for(db)
"""


def _program() -> str:
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if found:
        return found
    if IN_CI:
        pytest.fail("CI has no pgbouncer", pytrace=False)
    pytest.skip("no pgbouncer (install it to run this test)")


@pytest.fixture(scope="module")
def pooler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The host and port of a pgbouncer in front of the server."""
    server = urlsplit(require("postgresql") or "")
    program = _program()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("pgbouncer")
    login = f"host={server.hostname} port={server.port or 5432} user={server.username}"
    if server.password:
        login += f" password={server.password}"
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n* = {login}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "auth_type = any\npool_mode = transaction\ndefault_pool_size = 5\n"
        "server_idle_timeout = 1\nserver_login_retry = 1\n"
    )
    root = getpass.getuser() == "root"  # as whom it refuses to run
    if root:
        for path in (folder.parent.parent, folder.parent, folder, config):
            path.chmod(0o755)
    words = [program, *(["-u", "nobody"] if root else []), str(config)]
    log = folder / "log"  # no pipe: what nobody reads would stop it
    with (
        log.open("wb") as file,
        subprocess.Popen(words, stdout=file, stderr=file) as process,
    ):
        try:
            wait_for(lambda: _listens(port) or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _through(project: Project, pooler: str) -> dict[str, str]:
    parts = urlsplit(project.url)
    return {"DATABASE_URL": parts._replace(netloc=f"{parts.username}@{pooler}").geturl()}


def _race(project: Project, pooler: str, runners: int = 2) -> None:
    marker = str(project.root / "inside")
    for number, name in enumerate(NAMES, 1):
        project.migration(name, ALONE.format(marker=marker, number=number))
    env = _through(project, pooler)
    forks = [project.fork("migrate", env=env) for _ in range(runners)]
    for ended in [project.ended(*one.end()) for one in forks]:
        assert ended.code == 0, ended.raw
    assert reading.history(project.url) == [(name, "forward", "done") for name in NAMES]
    for number in (1, 2, 3):
        assert reading.rows(project.url, f"t{number}") == [(number,)]


@pytest.mark.parametrize("config", [CONFIG, HANDED_OVER], ids=["connect", "handed over"])
def test_two_runners_are_never_both_inside(
    config: str, pooler: str, new_project: Callable[..., Project]
) -> None:
    _race(new_project("postgresql", config), pooler)


@pytest.mark.long
@pytest.mark.parametrize("turn", range(50))
def test_not_in_50_rounds(turn: int, pooler: str, new_project: Callable[..., Project]) -> None:
    del turn
    _race(new_project("postgresql"), pooler)


def test_a_long_history(pooler: str, new_project: Callable[..., Project]) -> None:
    """Statements that come again and again must not be prepared: the next one's server differs."""
    project = new_project("postgresql", HANDED_OVER)
    for number in range(12):
        project.migration(
            f"202601{number + 1:02}_000000_t{number}",
            f"db.execute_sql('CREATE TABLE t{number} (x INTEGER)')",
            f"db.execute_sql('DROP TABLE t{number}')",
        )
    env = _through(project, pooler)
    for words in (("migrate",), ("migrate", "--backward", "--to", "zero"), ("migrate",)):
        ended = project.run(*words, env=env)
        assert ended.code == 0, ended.raw
    assert len(reading.tables(project.url)) == 12
