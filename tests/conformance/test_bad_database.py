"""A database that is not there, refuses the login or the change, or goes away."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import pytest

from support import reading
from support.databases import is_mysql, plain_database
from support.projects import Ended, Project, wait_for

NOTHING = "  state: nothing was changed.\n"
CHECK_LOGIN = "  next:  check the user and the password in DATABASE_URL or migrations_config.py.\n"
CHECK_SERVER = "  next:  check that the server runs and that its host and port are right.\n"
CHECK_FILE = "  next:  check that the file and its folder can be read and written by this user.\n"
SECRET = "p@ss/w:rd%"  # every character that a URL gives a meaning

NewProject = Callable[..., Project]


def _with(url: str, *, login: str | None = None, place: str | None = None, name: str = "") -> str:
    """The URL with another login, host and port, or database."""
    parts = urlsplit(url)
    old_login, _, old_place = parts.netloc.rpartition("@")
    netloc = f"{old_login if login is None else login}@{place or old_place}"
    return urlunsplit(parts._replace(netloc=netloc, path=name or parts.path))


@pytest.fixture
def user(project: Project, engine: str) -> Iterator[str]:
    """A login on the project's server, without any right on its database but to look at it."""
    name = f"wheatear_test_{uuid.uuid4().hex[:12]}"
    server = project.url
    if engine == "postgresql":
        reading.execute(server, f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")
    else:
        reading.execute(
            server,
            f"CREATE USER {name}@'%' IDENTIFIED BY '{SECRET}'",
            f"GRANT SELECT ON {urlsplit(server).path[1:]}.* TO {name}@'%'",
        )
    yield name
    if engine == "postgresql":
        reading.execute(server, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
    else:
        reading.execute(server, f"DROP USER {name}@'%'")


servers = pytest.mark.parametrize("engine", ["postgresql", "mariadb"], indirect=True)


@pytest.mark.skipif(not is_mysql(), reason="MariaDB's logins need no package beside the driver's")
def test_a_login_that_needs_a_package(new_project: NewProject) -> None:
    """PyMySQL logs in with sha2 over TLS, or by a package that it does not bring."""
    project = new_project("mariadb")
    server = project.url
    parts = urlsplit(server)
    name = f"wheatear_test_{uuid.uuid4().hex[:12]}"
    reading.execute(server, f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'")
    project.write(
        "migrations_config.py",
        "import pymysql._auth\npymysql._auth._have_cryptography = False\n"
        "import peewee\nfrom wheatear import migrator_for\n"
        f"db = peewee.MySQLDatabase({parts.path[1:]!r}, host={parts.hostname!r}, "
        f"port={parts.port}, user={name!r}, password='secret', ssl_disabled=True)\n"
        "migrator = migrator_for(db)\n",
    )
    try:
        ended = project.run("history")
    finally:
        reading.execute(server, f"DROP USER {name}@'%'")
    assert ended.code == 1
    assert "'cryptography' package is required" in ended.err
    assert "in a way it should not" not in ended.err
    assert "next:  uv add cryptography" in ended.err


# Not there


@pytest.mark.parametrize("command", ["migrate", "status"])
def test_a_folder_for_a_file(new_project: NewProject, command: str) -> None:
    project = new_project("sqlite")
    project.tables("a")
    project.url = f"sqlite:///{project.folder}"
    assert project.run(command).told == (
        1,
        "",
        "error: Cannot open sqlite:///ROOT/migrations: unable to open database file\n"
        "  state: nothing was changed.\n"
        "  next:  ROOT/migrations is a folder: write the path of a file, such as "
        "ROOT/migrations/app.db.\n",
    )


@pytest.mark.parametrize("command", ["migrate", "status", "history"])
def test_no_such_folder(new_project: NewProject, command: str) -> None:
    project = new_project()
    project.url = "sqlite:///nowhere/app.db"
    project.tables("a")
    ended = project.run(command)
    if command == "migrate":  # the others need no database to say that nothing has been run
        assert ended.told == (
            1,
            "",
            "error: Cannot open sqlite:///ROOT/nowhere/app.db: unable to open database file\n"
            + NOTHING
            + "  next:  make the folder ROOT/nowhere, or correct the path of the database.\n",
        )
    else:
        assert (ended.code, ended.err) == (0, "")
    assert not (project.root / "nowhere").exists()


@pytest.mark.parametrize("command", ["migrate", "status", "history"])
def test_a_file_that_is_no_database(new_project: NewProject, command: str) -> None:
    project = new_project()
    project.url = "sqlite:///app.db"
    file = project.write("app.db", "this is a letter, and no database at all\n" * 100)
    before = file.read_bytes()
    project.tables("a")
    assert project.run(command).told == (
        1,
        "",
        "error: Cannot open sqlite:///ROOT/app.db: file is not a database\n"
        + NOTHING
        + "  next:  this file is not an SQLite database: correct the path, or move the file away and "
        "restore it from a backup.\n",
    )
    assert file.read_bytes() == before


@servers
def test_no_such_database(project: Project, engine: str) -> None:
    project.tables("a")
    project.url = _with(project.url, name="/wheatear_nowhere")
    said = {
        "postgresql": 'connection failed: connection to server at "127.0.0.1", port PORT failed: '
        'FATAL:  database "wheatear_nowhere" does not exist\n'
        + NOTHING
        + "  next:  create it (`createdb wheatear_nowhere`), or correct its name.\n",
        "mariadb": "Unknown database 'wheatear_nowhere'\n"
        + NOTHING
        + "  next:  create it (`CREATE DATABASE wheatear_nowhere`), or correct its name.\n",
    }[engine]
    ended = project.run("migrate")
    assert (ended.code, ended.out) == (1, "")
    assert _told(ended, project) == f"error: Cannot open URL: {said}"


@servers
@pytest.mark.parametrize("command", ["migrate", "status", "history"])
def test_no_server(project: Project, engine: str, command: str) -> None:
    project.tables("a")
    project.url = _with(project.url, login=f"root:{quote(SECRET, safe='')}", place="127.0.0.1:1")
    said = {
        "postgresql": 'connection failed: connection to server at "127.0.0.1", port 1 failed: '
        "Connection refused\n",
        "mariadb": "Can't connect to MySQL server on '127.0.0.1' "
        "([Errno 111] Connection refused)\n",
    }[engine]
    ended = project.run(command)
    assert (ended.code, ended.out) == (1, "")
    assert _told(ended, project) == f"error: Cannot open URL: {said}{NOTHING}{CHECK_SERVER}"
    _holds_no_secret(ended)


# The login


@servers
def test_a_wrong_login(project: Project, engine: str) -> None:
    project.tables("a")
    project.url = _with(project.url, login=f"wheatear_nobody:{quote(SECRET, safe='')}")
    said = {
        "postgresql": 'connection failed: connection to server at "127.0.0.1", port PORT failed: '
        'FATAL:  role "wheatear_nobody" does not exist\n',
        "mariadb": "Access denied for user 'wheatear_nobody'@'127.0.0.1' (using password: YES)\n",
    }[engine]
    ended = project.run("migrate")
    assert (ended.code, ended.out) == (1, "")
    assert _told(ended, project) == f"error: Cannot open URL: {said}{NOTHING}{CHECK_LOGIN}"
    _holds_no_secret(ended)


@servers
def test_a_password_of_every_character_opens(project: Project, engine: str, user: str) -> None:
    """On PostgreSQL the server of a test may trust everybody; MariaDB checks it."""
    project.tables("a")
    project.url = _with(project.url, login=f"{user}:{quote(SECRET, safe='')}")
    scheme = urlsplit(project.url).scheme
    assert project.run("status").told == (
        0,
        f"{scheme}://{user}:***@HOST/DATABASE\npending      20260101_000000_add_a\n",
        "",
    )


@servers
def test_the_password_is_never_printed(project: Project, engine: str, user: str) -> None:
    """Whatever prints: status, verbose, a migration's own error with the URL in it."""
    grant = {
        "postgresql": f"GRANT ALL ON SCHEMA public TO {user}",
        "mariadb": f"GRANT ALL ON {urlsplit(project.url).path[1:]}.* TO {user}@'%'",
    }[engine]
    reading.execute(project.url, grant)
    project.url = _with(project.url, login=f"{user}:{quote(SECRET, safe='')}")
    project.tables("a")
    project.migration(
        "20260201_000000_b",
        f"db.execute_sql('SELECT 1 AS x -- {SECRET.replace('%', '%%')}')\n"
        "import os\nfrom urllib.parse import unquote\nurl = os.environ['DATABASE_URL']\n"
        "raise ValueError(f'{url} {unquote(url)}')",
    )
    for words in (
        ["migrate", "--verbose"], ["status"], ["status", "--json"], ["history"],
        ["history", "--json"], ["migrate"],
    ):  # fmt: skip
        ended = project.run(*words)
        _holds_no_secret(ended)
        assert "***" in ended.raw or words == ["history"]
    (stored,) = reading.execute(
        project.url, "SELECT error FROM wheatear_history WHERE name LIKE '2026020%' LIMIT 1"
    )
    assert "***" in stored[0]
    assert SECRET not in stored[0]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_password_that_is_a_tables_name_too(project: Project, engine: str) -> None:
    """The server of a test trusts everybody: any password will do."""
    project.url = _with(project.url, login="postgres:player")
    config = (project.root / "migrations_config.py").read_text(encoding="utf-8")
    project.write("migrations_config.py", f"{config}models = 'game'\n")
    project.write(
        "game.py",
        "from peewee import *\nfrom migrations_config import db\n\n\n"
        "class Player(Model):\n    player = IntegerField()\n\n"
        "    class Meta:\n        database = db\n",
    )
    project.migration(
        "20260101_000000_a",
        "db.execute_sql('CREATE TABLE \"player\" (id serial PRIMARY KEY)')\n"
        "db.execute_sql(\"SELECT 'player' AS player\")",
    )
    assert project.run("migrate", "-v").told == (
        0,
        "  applied 20260101_000000_a  N s\n",
        '    CREATE TABLE "player" (id serial PRIMARY KEY)  -- N s\n'
        "    SELECT '***' AS player  -- N s\n",
    )
    assert project.run("diff").told == (
        1, "column player.player is only in the models (integer NOT NULL)\n", "",
    )  # fmt: skip
    project.migration("20260102_000000_b", "player = 1\nif player: db.execute_sql('DROP player')")
    ended = project.run("migrate")
    assert "           if player: db.execute_sql('DROP player')\n" in ended.err
    assert 'failed: ProgrammingError: syntax error at or near "player"\n' in ended.err
    assert "         statement: DROP player\n" in ended.err
    assert "postgres:***@" in project.run("status").raw


# Rights


@servers
def test_a_user_who_may_not_create(project: Project, engine: str, user: str) -> None:
    project.tables("a")
    project.url = _with(project.url, login=f"{user}:{quote(SECRET, safe='')}")
    denied = {
        "postgresql": "permission denied for schema public",
        "mariadb": f"CREATE command denied to user '{user}'@'127.0.0.1' for table "
        + ("'wheatear_history'" if is_mysql() else "`DATABASE`.`wheatear_history`"),
    }[engine]
    stays = {
        "postgresql": "20260101_000000_add_a was rolled back: nothing of it stays.",
        "mariadb": "20260101_000000_add_a had changed nothing yet.",
    }[engine]
    before = reading.dump(project.url)
    ended = project.run("migrate")
    assert (ended.code, ended.out) == (1, "")
    assert _told(ended, project) == (
        f"error: 20260101_000000_add_a failed: Cannot write the history in URL: {denied}\n"
        f"  state: {stays}\n"
        "  next:  give this user the right to do so, or connect as one who has it.\n"
    )
    _holds_no_secret(ended)
    assert reading.dump(project.url) == before


def test_a_user_who_may_not_read_the_history(new_project: NewProject) -> None:
    project = new_project("postgresql")
    server = project.url
    name = f"wheatear_test_{uuid.uuid4().hex[:12]}"
    first, _ = project.tables("a", "b")
    project.run("migrate", "--to", first)
    reading.execute(server, f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")
    try:
        project.url = _with(server, login=f"{name}:{quote(SECRET, safe='')}")
        for command in ("migrate", "status", "history"):
            ended = project.run(command)
            assert (ended.code, ended.out) == (1, "")
            assert _told(ended, project) == (
                "error: Cannot read the history in URL: permission denied for table "
                "wheatear_history\n"
                + NOTHING
                + "  next:  give this user the right to do so, or connect as one who has it.\n"
            )
    finally:
        reading.execute(server, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
    assert reading.tables(server) == ["a"]


def test_a_search_path_to_nowhere(new_project: NewProject) -> None:
    project = new_project("postgresql")
    project.tables("a")
    project.url += "?options=-csearch_path%3Dnowhere"
    for command in ("migrate", "status", "history"):
        ended = project.run(command)
        assert (ended.code, ended.out) == (1, "")
        assert _told(ended, project) == (
            "error: The search path of URL names no schema that exists: nowhere\n"
            + NOTHING
            + "  next:  create the schema, or correct the search_path of the connection.\n"
        )


def test_an_unreadable_file(new_project: NewProject) -> None:
    project = new_project()
    project.tables("a")
    project.run("migrate")
    Path(urlsplit(project.url).path[1:]).chmod(0)
    for command in ("migrate", "status", "history"):
        assert project.run(command, unprivileged=True).told == (
            1,
            "",
            "error: Cannot open sqlite:///FILE: unable to open database file\n"
            + NOTHING
            + CHECK_FILE,
        )


@pytest.mark.parametrize("way", ["file", "folder"])
def test_a_read_only_database_can_be_looked_at(new_project: NewProject, way: str) -> None:
    project = new_project()
    first, second = project.tables("a", "b")
    project.run("migrate", "--to", first)
    file = Path(urlsplit(project.url).path[1:])
    folder = file.parent / "closed"
    folder.mkdir()
    file = file.rename(folder / file.name)
    project.url = f"sqlite:///{file}"
    before = reading.dump(project.url), reading.history(project.url)
    file.chmod(0o444 if way == "file" else 0o644)
    folder.chmod(0o555)
    try:
        status = project.run("status", unprivileged=True)
        assert (status.code, status.err) == (0, "")
        for words in (["migrate"], ["migrate", "--backward"]):
            ended = project.run(*words, unprivileged=True)
            assert (ended.code, ended.out) == (1, "")
            name, way, sql = (
                (second, "forward", "CREATE TABLE b (id INTEGER PRIMARY KEY)")
                if words == ["migrate"]
                else (first, "backward", "DROP TABLE a")
            )
            line = 9 if words == ["migrate"] else 13
            assert ended.err == (
                f"error: {name} failed: OperationalError: attempt to write a readonly database\n"
                f"  where: ROOT/migrations/{name}.py:{line} in migrate_{way}()\n"
                f"           db.execute_sql('{sql}')\n"
                f"         statement: {sql}\n"
                f"  state: {name} was rolled back: nothing of it stays.\n" + CHECK_FILE
            )
    finally:
        folder.chmod(0o755)
    assert (reading.dump(project.url), reading.history(project.url)) == before


# Going away


@servers
def test_the_server_hangs_up_in_the_middle(project: Project, engine: str) -> None:
    (first,) = project.tables("a")
    kill = {
        "postgresql": "SELECT pg_terminate_backend(pg_backend_pid())",
        "mariadb": "KILL CONNECTION_ID()",
    }[engine]
    project.migration(
        "20260201_000000_b",
        f"db.execute_sql('CREATE TABLE b (id INTEGER)')\ndb.execute_sql({kill!r})",
    )
    said, state, next_ = {
        "postgresql": (
            "OperationalError: terminating connection due to administrator command",
            "20260201_000000_b was rolled back: nothing of it stays.\n",
            "see that the server is up, then run the command again.\n",
        ),
        "mariadb": (
            "OperationalError: Query execution was interrupted"
            if is_mysql()
            else "OperationalError: Connection was killed",
            "20260201_000000_b is interrupted: each of its statements commits by itself, so "
            "this one stays:\n"
            "         CREATE TABLE b (id INTEGER)\n"
            "         this one was under way, and may or may not have taken effect:\n"
            "         KILL CONNECTION_ID()\n",
            "see that the server is up, then run the command again: it goes on from there.\n",
        ),
    }[engine]
    ended = project.run("migrate")
    assert ended.told == (
        1,
        f"  applied {first}  N s\n",
        f"error: 20260201_000000_b failed: {said}\n"
        "  where: ROOT/migrations/20260201_000000_b.py:10 in migrate_forward()\n"
        f"           db.execute_sql({kill!r})\n"
        f"         statement: {kill}\n"
        f"  state: {state}"
        f"         applied before it in this run, and staying so: {first}.\n"
        f"  next:  {next_}",
    )
    assert reading.tables(project.url) == (["a"] if engine == "postgresql" else ["a", "b"])


@servers
def test_the_server_hangs_up_on_an_operation(project: Project, engine: str) -> None:
    """What is told is the operation's statement, and not what it would have set back."""
    what, waits, said = {
        "postgresql": (
            "add_index('player', ('name',), concurrently=True)",
            'CREATE INDEX CONCURRENTLY "player_name" ON "public"."player" ("name")',
            "terminating connection due to administrator command",
        ),
        "mariadb": (
            "add_column('player', 'experience', IntegerField(null=True))",
            "ALTER TABLE `player` ADD COLUMN `experience` INTEGER NULL, ALGORITHM=INSTANT",
            "Lost connection to MySQL server during query",
        ),
    }[engine]
    reading.execute(project.url, "CREATE TABLE player (name VARCHAR(9))")
    path = project.migration("20260201_000000_b", f"migrate(migrator.{what})")
    path.write_text("atomic = False\n" + path.read_text())
    holder = plain_database(project.url)
    with holder.connection_context(), holder.atomic():
        holder.execute_sql("INSERT INTO player VALUES ('ann')")
        running = project.fork("migrate")
        number = wait_for(lambda: _sender(project, engine, waits[:14]))
        reading.execute(project.url, *_kill(engine, number))
        ended = project.ended(*running.end())
    assert ended.code == 1
    assert (
        "  state: 20260201_000000_b is interrupted.\n"
        "         this one was under way, and may or may not have taken effect:\n"
        f"         {waits}\n"
    ) in ended.err
    assert f"error: 20260201_000000_b failed: OperationalError: {said}\n" in ended.err
    assert f"         statement: {waits}\n" in ended.err


@servers
def test_the_server_hangs_up_while_it_waits(project: Project, engine: str) -> None:
    """A run that waits for another's lock loses its connection: an error, no endless wait."""
    project.migration("20260101_000000_slow", "import time\ntime.sleep(30)")
    one = project.start("migrate")
    holder = wait_for(lambda: _others(project, engine))
    other = project.start("migrate")
    waiting = wait_for(lambda: _others(project, engine) - holder)
    (number,) = waiting
    reading.execute(project.url, *_kill(engine, number))
    ended = other.end()
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert "in a way it should not" not in ended.err
    one.process.kill()
    one.end()


def _kill(engine: str, number: int) -> list[str]:
    return [
        f"SELECT pg_terminate_backend({number})" if engine == "postgresql" else f"KILL {number}"
    ]


def _sender(project: Project, engine: str, beginning: str) -> int | None:
    """Who is at a statement that begins so."""
    name = urlsplit(project.url).path[1:]
    sql = {
        "postgresql": f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}' "
        f"AND state = 'active' AND query LIKE '{beginning}%'",
        "mariadb": f"SELECT id FROM information_schema.processlist WHERE db = '{name}' "
        f"AND info LIKE '{beginning}%'",
    }[engine]
    return next((row[0] for row in reading.execute(project.url, sql)), None)


def _others(project: Project, engine: str) -> set[int]:
    name = urlsplit(project.url).path[1:]
    sql = {
        "postgresql": f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}' "
        "AND pid <> pg_backend_pid()",
        "mariadb": f"SELECT id FROM information_schema.processlist WHERE db = '{name}' "
        "AND id <> CONNECTION_ID()",
    }[engine]
    return {row[0] for row in reading.execute(project.url, sql)}


def _told(ended: Ended, project: Project) -> str:
    """The error, with the URL (its password masked) and the port replaced by words."""
    parts = urlsplit(project.url)
    login, _, place = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    shown = f"{user}:***@" if colon else f"{user}@"
    url = project.plain(f"{parts.scheme}://{shown}{place}{parts.path}")
    assert url in ended.err
    text = ended.err.replace(url, "URL")
    return (
        text if parts.port == 1 else text.replace(f"port {parts.port} failed", "port PORT failed")
    )


def _holds_no_secret(ended: Ended) -> None:
    for form in (SECRET, quote(SECRET, safe=""), quote(SECRET)):
        assert form not in ended.raw
