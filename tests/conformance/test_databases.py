"""Every Peewee database a user may hand over, through the facade: used, and left as it was found."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import peewee
import pytest
from playhouse import db_url, pool
from playhouse.migrate import SchemaMigrator, SqliteMigrator

from support import reading
from support.projects import Project
from support.raising import raises
from wheatear import Migrations, connect, migrator_for
from wheatear.errors import ConfigError, HistoryError, MigrationFailedError, UsageError

NewProject = Callable[..., Project]

_closing: list[Any] = []


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    while _closing:
        db = _closing.pop()
        if not db.is_closed():
            db.close()
        if hasattr(db, "close_all"):
            db.close_all()


def opened(db: Any) -> Any:
    _closing.append(db)
    return db


def _options(url: str) -> tuple[str, dict[str, Any]]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return parts.path[1:], {}
    options = {"host": parts.hostname, "port": parts.port, "user": parts.username}
    return parts.path[1:], {key: value for key, value in options.items() if value}


KINDS = {
    "sqlite": {
        "plain": peewee.SqliteDatabase,
        "pool": pool.PooledSqliteDatabase,
    },
    "postgresql": {
        "psycopg": lambda name, **o: peewee.PostgresqlDatabase(name, prefer_psycopg3=True, **o),
        "psycopg2": lambda name, **o: peewee.PostgresqlDatabase(name, prefer_psycopg3=False, **o),
        "pool": pool.PooledPostgresqlDatabase,
    },
    "mariadb": {
        "plain": peewee.MySQLDatabase,
        "pool": pool.PooledMySQLDatabase,
    },
}
EVERY = [(engine, kind) for engine, kinds in KINDS.items() for kind in kinds]
FOREIGN_KEYS = {"foreign_keys": 1, "busy_timeout": 1234, "cache_size": -3000}


@pytest.fixture(params=EVERY, ids="-".join)
def handed(request: pytest.FixtureRequest, new_project: NewProject) -> tuple[Any, Project]:
    """A database of every class, closed, and a project on it with two migrations."""
    engine, kind = request.param
    project = new_project(engine)
    project.tables("a", "b")
    name, options = _options(project.url)
    if engine == "sqlite":
        options["pragmas"] = FOREIGN_KEYS
    return opened(KINDS[engine][kind](name, **options)), project


def _settings(db: Any) -> Any:
    """What a run might change of a connection."""
    if isinstance(db, peewee.SqliteDatabase):
        conn = db.connection()
        pragmas = [db.pragma(name) for name in FOREIGN_KEYS]
        return conn, conn.isolation_level, conn.in_transaction, pragmas
    if isinstance(db, peewee.PostgresqlDatabase):
        sql = (
            "SELECT current_setting('search_path'), current_setting('application_name'), "
            "current_setting('lock_timeout'), current_setting('default_transaction_isolation')"
        )
        return db.connection(), db.connection().autocommit, db.execute_sql(sql).fetchall()
    sql = "SELECT @@autocommit, @@lock_wait_timeout, DATABASE()"
    in_transaction = db.connection().server_status & 1  # SERVER_STATUS_IN_TRANS
    return db.connection(), db.execute_sql(sql).fetchall(), in_transaction


def _migrate_there_and_back(db: Any, project: Project) -> None:
    migrations = Migrations(db, project.folder)
    assert [one.step.name[16:] for one in migrations.migrate().done] == ["add_a", "add_b"]
    assert reading.tables(project.url) == ["a", "b"]
    assert migrations.migrate().planned == ()
    assert [one.state for one in migrations.status().migrations] == ["applied", "applied"]
    assert migrations.migrate(backward=True, to="zero").names[0].endswith("add_b")
    assert reading.tables(project.url) == []
    assert len(migrations.history()) == 4


def test_a_closed_one_stays_closed(handed: tuple[Any, Project]) -> None:
    db, project = handed
    _migrate_there_and_back(db, project)
    assert db.is_closed()
    if hasattr(db, "_in_use"):
        assert len(db._in_use) == 0


def test_an_open_one_stays_as_it_was(handed: tuple[Any, Project]) -> None:
    db, project = handed
    db.connect()
    before = _settings(db)
    _migrate_there_and_back(db, project)
    assert not db.is_closed()
    assert _settings(db) == before
    with db.atomic():  # and works
        db.execute_sql("SELECT 1").fetchall()
    if hasattr(db, "_in_use"):
        assert len(db._in_use) == 1


def test_an_open_one_stays_as_it_was_after_a_failure(handed: tuple[Any, Project]) -> None:
    db, project = handed
    project.migration("20260301_000000_bad", "db.execute_sql('SELECT nothing FROM nowhere')")
    db.connect()
    before = _settings(db)
    for _ in range(2):
        with raises(MigrationFailedError) as caught:
            Migrations(db, project.folder).migrate()
    assert caught.value.result.failed.step.name == "20260301_000000_bad"
    assert _settings(db) == before
    assert db.transaction_depth() == 0
    assert "_connect" not in vars(db)
    assert "close" not in vars(db)


def test_a_transaction_that_is_open_is_refused(handed: tuple[Any, Project]) -> None:
    db, project = handed
    message = (
        "The database was handed over with a transaction open.\n"
        "  state: nothing was changed.\n"
        "  next:  commit or roll back first: a migration and its record commit together, in a "
        "transaction of their own."
    )
    migrations = Migrations(db, project.folder)
    db.connect()
    with db.atomic():
        for call in (migrations.migrate, migrations.status, migrations.history):
            with raises(ConfigError, message):
                call()
    db.execute_sql("BEGIN")  # one that Peewee knows nothing of
    with raises(ConfigError, message):
        migrations.migrate()
    db.execute_sql("ROLLBACK")
    assert reading.tables(project.url) == []
    migrations.migrate()


def test_a_proxy(handed: tuple[Any, Project]) -> None:
    db, project = handed
    proxy = peewee.DatabaseProxy()
    with raises(
        ConfigError,
        "`db` is a proxy that no database was given to.\n"
        "  next:  call `db.initialize(...)` in migrations_config.py before it ends.",
    ):
        Migrations(proxy, project.folder)
    proxy.initialize(db)
    _migrate_there_and_back(proxy, project)
    assert migrator_for(proxy).database is db


@pytest.mark.parametrize("make", [connect, db_url.connect], ids=["connect", "playhouse.db_url"])
@pytest.mark.parametrize("pooled", [False, True])
def test_by_url(project: Project, engine: str, make: Callable[[str], Any], pooled: bool) -> None:
    project.tables("a", "b")
    url = project.url.replace("://", "+pool://", 1) if pooled else project.url
    db = opened(make(url))
    assert isinstance(db, pool.PooledDatabase) is pooled
    _migrate_there_and_back(db, project)


def test_mariadb_is_a_scheme_too(new_project: NewProject) -> None:
    project = new_project("mariadb")
    project.tables("a", "b")
    _migrate_there_and_back(opened(connect(project.url.replace("mysql", "mariadb"))), project)


def test_memory_with_an_open_connection(on_sqlite: Project) -> None:
    on_sqlite.tables("a", "b")
    db = opened(peewee.SqliteDatabase(":memory:"))
    db.connect()
    migrations = Migrations(db, on_sqlite.folder)
    migrations.migrate()
    assert sorted(db.get_tables()) == ["a", "b", "wheatear_history"]
    migrations.migrate(backward=True)
    assert sorted(db.get_tables()) == ["a", "wheatear_history"]


def test_memory_that_is_closed_is_refused(on_sqlite: Project) -> None:
    """What a run did would be gone with its connection, and nobody told."""
    on_sqlite.tables("a")
    migrations = Migrations(peewee.SqliteDatabase(":memory:"), on_sqlite.folder)
    message = (
        "The database is in memory and its connection is closed: what a run does would be gone with "
        "the run.\n"
        "  state: nothing was changed.\n"
        "  next:  connect first (db.connect()) and keep it open, or name a file."
    )
    with raises(ConfigError, message):
        migrations.migrate()


@pytest.mark.parametrize(
    "db",
    [
        peewee.SqliteDatabase("file:wheatear_shared?mode=memory&cache=shared", uri=True),
        pool.PooledSqliteDatabase(":memory:"),
    ],
    ids=["shared", "pooled"],
)
def test_memory_that_stays_is_migrated(db: Any, on_sqlite: Project) -> None:
    on_sqlite.tables("a")
    db.connect()
    with closing(sqlite3.connect("file:wheatear_shared?mode=memory&cache=shared", uri=True)):
        db.close()
        Migrations(db, on_sqlite.folder).migrate()
        db.connect()
        assert sorted(db.get_tables()) == ["a", "wheatear_history"]
        db.close()


def test_pragmas_and_functions_are_there_in_a_migration(on_sqlite: Project) -> None:
    on_sqlite.write(
        "migrations_config.py",
        "import os\nfrom peewee import SqliteDatabase\nfrom wheatear import migrator_for\n"
        "db = SqliteDatabase(os.environ['DATABASE_URL'].removeprefix('sqlite:///'), "
        "pragmas={'cache_size': -4000, 'journal_mode': 'wal'})\n"
        "@db.func('shout')\ndef shout(text):\n    return text.upper() + '!'\n"
        "migrator = migrator_for(db)\n",
    )
    on_sqlite.migration(
        "20260101_000000_a",
        "db.execute_sql('CREATE TABLE a (x)')\n"
        "db.execute_sql(\"INSERT INTO a VALUES (shout('ay'))\")\n"
        "db.execute_sql('INSERT INTO a VALUES (?)', (db.pragma('cache_size'),))",
    )
    assert on_sqlite.run("migrate").code == 0
    assert reading.rows(on_sqlite.url, "a") == [(-4000,), ("AY!",)]
    assert reading.execute(on_sqlite.url, "PRAGMA journal_mode") == [("wal",)]


def test_foreign_keys_are_off_unless_asked_for(on_sqlite: Project) -> None:
    on_sqlite.migration(
        "20260101_000000_a",
        """
        db.execute_sql('CREATE TABLE a (id INTEGER PRIMARY KEY)')
        db.execute_sql('CREATE TABLE b (a REFERENCES a ON DELETE CASCADE)')
        db.execute_sql('INSERT INTO a VALUES (1), (2)')
        db.execute_sql('INSERT INTO b VALUES (1), (2)')
        """,
    )
    body = "db.execute_sql('DELETE FROM a WHERE id = 1')\n{}"
    off = on_sqlite.migration(
        "20260201_000000_off", body.format("db.execute_sql('INSERT INTO a VALUES (1)')")
    )
    on_sqlite.run("migrate")
    assert reading.rows(on_sqlite.url, "b") == [(1,), (2,)]
    text = off.read_text()
    on_sqlite.write(
        "migrations/20260301_000000_on.py",
        text.replace("from migr", "foreign_keys = True\nfrom migr"),
    )
    on_sqlite.run("migrate")
    assert reading.rows(on_sqlite.url, "b") == [(2,)]


def test_relative_paths_are_the_project_s(on_sqlite: Project, tmp_path: Path) -> None:
    on_sqlite.url = "sqlite:///data.db"
    on_sqlite.tables("a")
    inside = on_sqlite.root / "deep" / "er"
    inside.mkdir(parents=True)
    assert on_sqlite.run("migrate", cwd=inside).code == 0
    assert (on_sqlite.root / "data.db").exists()
    assert on_sqlite.run("migrate", script=True, cwd=tmp_path).out.startswith("Nothing to do")
    assert on_sqlite.run("-C", str(on_sqlite.root), "migrate", cwd=tmp_path).out.startswith(
        "Nothing to do"
    )
    assert list(tmp_path.glob("*.db")) == list(inside.iterdir()) == []


def test_only_migrate_makes_a_database(on_sqlite: Project) -> None:
    (name,) = on_sqlite.tables("a")
    for words in (
        ["status"], ["status", "--json"], ["status", "--check"], ["history"], ["create", "thing"],
        ["init"], ["migrate", "--dry-run"], ["migrate", "--backward"], ["completion", "bash"],
        ["migrate", "--to", "nowhere"], ["migrate", "--mark-applied"],
    ):  # fmt: skip
        on_sqlite.run(*words)
        assert not reading.exists(on_sqlite.url), words
    on_sqlite.run("migrate", "--to", name)
    assert reading.exists(on_sqlite.url)


def test_schemas_of_tenants(new_project: NewProject) -> None:
    """The history is the one of the connection's current schema."""
    project = new_project("postgresql")
    (name,) = project.tables("a")
    server = project.url
    reading.execute(server, "CREATE SCHEMA one", "CREATE SCHEMA two")
    assert project.run("migrate").code == 0  # public's own
    for tenant in ("one", "two"):
        project.url = f"{server}?options=-csearch_path%3D{tenant},public"
        assert f"pending      {name}" in project.run("status").out
        assert project.run("migrate").out == f"  applied {name}  N s\n"
        assert project.run("migrate").out.startswith("Nothing to do")
    project.url = f"{server}?options=-csearch_path%3Done,public"
    assert project.run("migrate", "--backward").out == f"  reverted {name}  N s\n"
    found = reading.execute(
        server, "SELECT schemaname FROM pg_tables WHERE tablename = 'a' ORDER BY 1"
    )
    assert found == [("public",), ("two",)]


def test_a_migration_may_change_the_search_path(new_project: NewProject) -> None:
    project = new_project("postgresql")
    project.migration(
        "20260101_000000_a",
        "db.execute_sql('CREATE SCHEMA other')\n"
        "db.execute_sql('SET search_path TO other')\n"
        "db.execute_sql('CREATE TABLE a (id INTEGER)')",
    )
    project.migration("20260201_000000_b", "db.execute_sql('CREATE TABLE b (id INTEGER)')")
    assert project.run("migrate").code == 0
    assert len(reading.history(project.url)) == 2
    found = reading.execute(
        project.url,
        "SELECT schemaname, tablename FROM pg_tables WHERE tablename IN ('a', 'b') ORDER BY 2",
    )
    assert found == [("other", "a"), ("public", "b")]


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
def test_a_migration_may_use_another_database(project: Project, new_database: Any) -> None:
    other = urlsplit(new_database("mariadb").url).path[1:]
    project.migration(
        "20260101_000000_a",
        f"db.execute_sql('USE {other}')\ndb.execute_sql('CREATE TABLE a (id INTEGER)')",
    )
    assert project.run("migrate").code == 0
    assert len(reading.history(project.url)) == 1


def test_what_cannot_be_used_is_named(on_sqlite: Project) -> None:
    with raises(
        ConfigError,
        "`db` is not a Peewee database but str.\n"
        '  next:  write `db = connect("sqlite:///app.db")`, or use any of Peewee\'s databases.',
    ):
        Migrations("sqlite:///app.db", on_sqlite.folder)
    with raises(
        ConfigError,
        "`db` has no database name yet.\n"
        "  next:  call `db.init(...)` in migrations_config.py before it ends.",
    ):
        Migrations(peewee.SqliteDatabase(None), on_sqlite.folder)
    from playhouse.sqliteq import SqliteQueueDatabase

    with raises(ConfigError):
        Migrations(SqliteQueueDatabase("app.db", autostart=False), on_sqlite.folder)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense://user:s3cret-word@host/name",
        "postgresql://user:s3cret-word@host:port/name",
        "mysql://user:s3cret-word/x@host/name",
        "sqlite://user:s3cret-word@host/name",
        "nonsense://host/name?password=s3cret-word",
    ],
)
def test_a_url_that_cannot_be_understood_keeps_its_password(url: str) -> None:
    with raises(ConfigError) as caught:
        connect(url)
    assert "s3cret" not in str(caught.value)
    assert "***" in str(caught.value)


# The facade, without the command line


def test_two_projects_in_one_process(new_project: NewProject, engine: str) -> None:
    """Each migration sees its own `db`, whoever is loaded last."""
    projects = [new_project(engine), new_project("sqlite")]
    for project in projects:
        project.write("migrations_config.py", _config_for(project))
        project.migration(
            "20260101_000000_a",
            f'db.execute_sql("CREATE TABLE a (place VARCHAR(400))")\n'
            f"db.execute_sql(\"INSERT INTO a VALUES ('{project.root.name}')\")",
            "db.execute_sql('DROP TABLE a')",
        )
    loaded = [Migrations.load(project.root) for project in projects]
    for migrations in reversed(loaded):
        assert migrations.migrate().names == ["20260101_000000_a"]
    for project in projects:
        assert reading.rows(project.url, "a") == [(project.root.name,)]
    for migrations, project in zip(loaded, projects, strict=True):
        migrations.migrate(backward=True)
        assert reading.tables(project.url) == []
    assert "migrations_config" not in __import__("sys").modules


def test_two_threads_of_one_process(new_project: NewProject, engine: str) -> None:
    """Each migration sees its own `db`, though both threads want to begin at the same time."""
    projects = [new_project(engine), new_project(engine)]
    for project in projects:
        project.migration(
            "20260101_000000_a",
            "import time, threading\n"
            'db.execute_sql("CREATE TABLE a (place VARCHAR(400))")\n'
            "time.sleep(0.2)\n"  # the other thread has every chance to take the name over
            "import migrations_config\n"
            "assert migrations_config.db is db\n"
            f"migrations_config.db.execute_sql(\"INSERT INTO a VALUES ('{project.root.name}')\")",
        )
    begin, errors = threading.Barrier(2), []

    def migrate(project: Project) -> None:
        db = connect(project.url)
        try:
            begin.wait()
            Migrations(db, project.root / "migrations").migrate()
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=migrate, args=(project,)) for project in projects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for project in projects:
        assert reading.rows(project.url, "a") == [(project.root.name,)]


def _config_for(project: Project) -> str:
    return (
        "from wheatear import connect, migrator_for\n"
        f"db = connect({project.url!r})\nmigrator = migrator_for(db)\n"
    )


def test_without_a_config_module(new_project: NewProject, engine: str) -> None:
    """The files still write `from migrations_config import db, migrator`."""
    project = new_project(engine, config=None)
    project.migration(
        "20260101_000000_a",
        "db.execute_sql('CREATE TABLE a (id INTEGER)')\n"
        "migrate(migrator.add_column('a', 'x', IntegerField(default=7)))",
        "db.execute_sql('DROP TABLE a')",
    )
    name, options = _options(project.url)
    make = {
        "sqlite": peewee.SqliteDatabase,
        "postgresql": peewee.PostgresqlDatabase,
        "mariadb": peewee.MySQLDatabase,
    }[engine]
    db = opened(make(name, **options))
    for migrator in (None, SchemaMigrator.from_database(db)):
        migrations = Migrations(db, project.folder, migrator=migrator)
        assert migrations.migrate().names == ["20260101_000000_a"]
        assert "x" in reading.columns(project.url, "a")
        assert migrations.migrate(backward=True).names == ["20260101_000000_a"]
    created = migrations.create("Add weight")
    assert created.path is not None
    assert os.path.basename(created.path).endswith("_add_weight.py")


def test_embedded_a_changed_file_is_a_warning(
    on_sqlite: Project, caplog: pytest.LogCaptureFixture
) -> None:
    """An unattended machine must come up."""
    a, b = on_sqlite.tables("a", "b")
    db = opened(peewee.SqliteDatabase(_options(on_sqlite.url)[0]))
    migrations = Migrations(db, on_sqlite.folder)
    migrations.migrate(steps=1)
    on_sqlite.migration(a)
    with raises(HistoryError):
        migrations.migrate(on_changed="refuse")
    with caplog.at_level(logging.INFO, "wheatear"):
        result = migrations.migrate()
    assert result.names == [b]
    assert result.warnings == (f"{a} is applied, but its file is changed",)
    assert caplog.messages[0] == f"{a} is applied, but its file is changed"
    assert caplog.records[0].levelno == logging.WARNING
    assert caplog.messages[1].startswith(f"applied {b} in ")
    assert migrations.status().names("changed") == [a]
    migrations.migrate(on_changed="accept")
    assert migrations.status().names("changed") == []


def test_errors_of_the_facade(on_sqlite: Project) -> None:
    on_sqlite.tables("a", "b")
    db = opened(peewee.SqliteDatabase(_options(on_sqlite.url)[0]))
    migrations = Migrations(db, on_sqlite.folder)
    with raises(UsageError):
        migrations.migrate(to="nowhere")
    with raises(HistoryError):
        migrations.migrate(backward=True)
    with pytest.raises(ValueError, match="state is 'applied' or 'pending', not 'done'"):
        migrations.mark("done")
    for wrong, what in (
        ({"steps": -1, "backward": True}, "steps is a number from 1 on, not -1"),
        ({"steps": "2"}, "steps is a number from 1 on, not '2'"),
        ({"to": 20260101}, "to is the name of a migration, not 20260101"),
        ({"on_changed": "acept"}, "on_changed is 'refuse' or 'warn' or 'accept', not 'acept'"),
    ):
        with pytest.raises(ValueError, match=what):
            migrations.migrate(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="are of auto=True"):
        migrations.create("c", renames=["a:b"])
    other = SqliteMigrator(peewee.SqliteDatabase("other.db"))
    with pytest.raises(ConfigError, match="`migrator` belongs to another database than `db`"):
        Migrations(db, on_sqlite.folder, migrator=other)
    with raises(ConfigError):
        Migrations.load(on_sqlite.root / "nowhere")
    assert isinstance(migrator_for(db), SqliteMigrator)


def test_a_failure_says_what_was_done_before(on_sqlite: Project) -> None:
    a, b = on_sqlite.tables("a", "b")
    on_sqlite.migration("20260301_000000_bad", "1 / 0")
    db = opened(peewee.SqliteDatabase(_options(on_sqlite.url)[0]))
    with raises(MigrationFailedError) as caught:
        Migrations(db, on_sqlite.folder).migrate()
    result = caught.value.result
    assert result.names == [a, b]
    assert [step.name for step in result.planned] == [a, b, "20260301_000000_bad"]
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
