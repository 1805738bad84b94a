"""No configuration, or one that is wrong: each a clear error, whichever way the program is called."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.projects import CONFIG, PROGRAM, Project

MEND = "mend it and run the command again."
USE = {
    "playhouse.sqliteq": (
        "from playhouse.sqliteq import SqliteQueueDatabase as D\n"
        "db = D('app.db', autostart=False)\n",
        "SqliteQueueDatabase cannot run migrations: it writes from a thread of its own, outside any "
        "transaction.",
        "in migrations_config.py, use SqliteDatabase on the same file.",
    ),
    "playhouse.pwasyncio": (
        "from playhouse.pwasyncio import AsyncSqliteDatabase as D\ndb = D('app.db')\n",
        "AsyncSqliteDatabase cannot run migrations: its connections live in an event loop.",
        "in migrations_config.py, use the plain class for the same database (SqliteDatabase, "
        "PostgresqlDatabase, MySQLDatabase).",
    ),
    "playhouse.cockroachdb": (
        "from playhouse.cockroachdb import CockroachDatabase as D\ndb = D('app')\n",
        "CockroachDatabase cannot run migrations: its schema changes are not transactional, and "
        "Wheatear has no engine for it yet.",
        "in migrations_config.py, use PostgreSQL, SQLite, MySQL or MariaDB.",
    ),
    "playhouse.mysql_ext": (
        "from playhouse.mysql_ext import MySQLConnectorDatabase as D\ndb = D('app')\n",
        "MySQLConnectorDatabase cannot run migrations: of the drivers of MySQL and MariaDB, "
        "Wheatear knows PyMySQL alone.",
        "in migrations_config.py, use MySQLDatabase or PooledMySQLDatabase.",
    ),
}


TLS = (
    "for TLS name the server's certificate: ssl_ca=FILE, with ssl_verify_identity=true to have the "
    "host's name checked too."
)
UNUSABLE = "gives the option {} a value that cannot be used: {}."
URLS = [
    (
        "mysql://root:s3cret@localhost/", "does not say the database's name.",
        "write it behind the host and a slash: mysql://root:***@localhost/name",
    ),
    (
        "postgresql://localhost:5432", "does not say the database's name.",
        "write it behind the host and a slash: postgresql://localhost:5432/name",
    ),
    (
        "mysql://h/d?sslmode=require", "has an option that PyMySQL does not know: sslmode.", TLS,
    ),
    ("mysql://h/d?ssl=true", UNUSABLE.format("ssl", "true"), TLS),
    ("mysql+pool://h/d?nosuch=1", "has an option that PyMySQL does not know: nosuch.", "take it out."),
    (
        "mysql://h/d?conect_timeout=1", "has an option that PyMySQL does not know: conect_timeout.",
        "write connect_timeout, or take it out.",
    ),
    (
        "mysql://h/d?charset=nosuch", UNUSABLE.format("charset", "nosuch"),
        "write charset=utf8mb4, or leave it out.",
    ),
    (
        "mysql://h/d?read_timeout=abc", UNUSABLE.format("read_timeout", "abc"),
        "write a number, such as read_timeout=5.",
    ),
    ("sqlite:///app.db?nosuch=1", "has an option that SQLite does not know: nosuch.", "take it out."),
    (
        "sqlite+pool:///app.db?timeot=1", "has an option that SQLite does not know: timeot.",
        "write timeout, or take it out.",
    ),
    (
        "sqlite:///app.db?timeout=abc", UNUSABLE.format("timeout", "abc"),
        "write a number, such as timeout=5.",
    ),
]  # fmt: skip


def error(what: str, *, where: str = "", next: str, state: str = "nothing was changed.") -> str:
    lines = [f"error: {what}"]
    lines += [f"  where: {where}"] if where else []
    lines += [f"  state: {state}"] if state else []
    return "\n".join([*lines, f"  next:  {next}", ""])


@pytest.mark.parametrize("command", ["migrate", "status", "history", "create"])
def test_without_a_config(on_sqlite: Project, command: str) -> None:
    (on_sqlite.root / "migrations_config.py").unlink()
    words = [command, "add_x"] if command == "create" else [command]
    assert on_sqlite.run(*words).told == (
        1,
        "",
        error(
            "There is no migrations_config.py in ROOT or in any folder above it.",
            next="go to your project's folder, or begin one here with `wheatear init`.",
        ),
    )
    assert list(on_sqlite.folder.iterdir()) == []


def test_a_script_without_a_config(on_sqlite: Project, tmp_path: Path) -> None:
    (on_sqlite.root / "migrations_config.py").unlink()
    assert on_sqlite.run("migrate", script=True, cwd=tmp_path).told == (
        1,
        "",
        error(
            "There is no migrations_config.py in ROOT.",
            next="go to your project's folder, or begin one here with `wheatear init`.",
        ),
    )


@pytest.mark.parametrize(
    ("config", "what", "line", "next"),
    [
        pytest.param(
            "db = None\nmigrator = 2\n", "migrations_config.py does not define `db`.", None,
            "write `db = connect(...)` and `migrator = migrator_for(db)`, both from wheatear.",
            id="no db",
        ),
        pytest.param(
            CONFIG.replace("migrator = migrator_for(db)", ""),
            "migrations_config.py does not define `migrator`.", None,
            "write `db = connect(...)` and `migrator = migrator_for(db)`, both from wheatear.",
            id="no migrator",
        ),
        pytest.param(
            "db = 1\nmigrator = 2\n", "`db` is not a Peewee database but int.", None,
            'write `db = connect("sqlite:///app.db")`, or use any of Peewee\'s databases.',
            id="no database",
        ),
        pytest.param(
            CONFIG.replace("migrator_for(db)", "object()"),
            "`migrator` in migrations_config.py is no playhouse migrator but object.", None,
            "write `migrator = migrator_for(db)`.", id="another migrator",
        ),
        pytest.param(
            CONFIG.replace("migrator_for(db)", "migrator_for(connect('sqlite:///other.db'))"),
            "`migrator` in migrations_config.py belongs to another database than `db`.", None,
            "write `migrator = migrator_for(db)`.", id="another database",
        ),
        pytest.param(
            "\n1 / 0\n", "migrations_config.py cannot be loaded: ZeroDivisionError: division by zero",
            2, MEND, id="raises",
        ),
        pytest.param(
            "db = (\n", "migrations_config.py cannot be loaded: SyntaxError: '(' was never closed "
            "(migrations_config.py, line 1)", 1, MEND, id="syntax",
        ),
        pytest.param(
            "import nowhere\n", "migrations_config.py cannot be loaded: ModuleNotFoundError: "
            "No module named 'nowhere'", 1, MEND, id="import",
        ),
        pytest.param(
            "import sys\nsys.exit()\n", "migrations_config.py cannot be loaded: SystemExit: ", 2, MEND,
            id="exit",
        ),
        pytest.param(
            "import os\nos.environ['NOWHERE']\n",
            "migrations_config.py cannot be loaded: KeyError: 'NOWHERE'", 2, MEND, id="environment",
        ),
        pytest.param(
            "import peewee\ndb = peewee.DatabaseProxy()\nmigrator = 1\n",
            "`db` is a proxy that no database was given to.", None,
            "call `db.initialize(...)` in migrations_config.py before it ends.", id="proxy",
        ),
        pytest.param(
            "import peewee\ndb = peewee.SqliteDatabase(None)\nmigrator = 1\n",
            "`db` has no database name yet.", None,
            "call `db.init(...)` in migrations_config.py before it ends.", id="deferred",
        ),
        *(
            pytest.param(text + "migrator = 1\n", what, None, next_, id=module)
            for module, (text, what, next_) in USE.items()
        ),
        pytest.param(
            "from wheatear import connect\ndb = connect('nonsense://x:s3cret@y')\n",
            "The database URL nonsense://x:***@y cannot be understood.", 2,
            "write it like sqlite:///app.db, postgresql://user:password@host:5432/name or "
            "mysql://user:password@host:3306/name; in user and password, write @ as %40, / as %2F "
            "and : as %3A.", id="unknown scheme",
        ),
        pytest.param(
            "from wheatear import connect\ndb = connect('postgresql://x:s3/cret@y/app')\n",
            "The database URL postgresql://x:***@y/app cannot be understood.", 2,
            "write it like sqlite:///app.db, postgresql://user:password@host:5432/name or "
            "mysql://user:password@host:3306/name; in user and password, write @ as %40, / as %2F "
            "and : as %3A.", id="password not encoded",
        ),
        pytest.param(
            "from wheatear import connect\ndb = connect('sqlite://app.db')\n",
            "The database URL sqlite://app.db names a host: app.db", 2,
            "write three slashes: sqlite:///app.db", id="two slashes",
        ),
        pytest.param(
            "from wheatear import connect\ndb = connect('sqlite:app.db')\n",
            "The database URL sqlite:app.db cannot be understood.", 2,
            "write three slashes: sqlite:///app.db", id="no slash",
        ),
        pytest.param(
            "from wheatear import connect\ndb = connect('')\n", "The database URL is empty.", 2,
            "write it like sqlite:///app.db, postgresql://user:password@host:5432/name or "
            "mysql://user:password@host:3306/name; in user and password, write @ as %40, / as %2F "
            "and : as %3A.", id="empty",
        ),
        *(
            pytest.param(
                f"from wheatear import connect\ndb = connect({url!r})\n",
                f"The database URL {url.replace('s3cret', '***')} {what}", 2, next_, id=url,
            )
            for url, what, next_ in URLS
        ),
    ],
)  # fmt: skip
def test_a_wrong_config(
    on_sqlite: Project, config: str, what: str, line: int | None, next: str
) -> None:
    # pwasyncio needs greenlet only when it runs; the class is refused before that.
    on_sqlite.write("greenlet.py", "greenlet = getcurrent = None\n")
    on_sqlite.write("migrations_config.py", config)
    on_sqlite.tables("a")
    where = "ROOT/migrations_config.py" + (f":{line}" if line else "")
    ended = on_sqlite.run("migrate")
    assert ended.told == (1, "", error(what, where=where, next=next))
    assert "s3" not in ended.raw
    assert not list(on_sqlite.root.glob("*.db"))


@pytest.mark.parametrize("query", ["timeout=0.5&cached_statements=7", "check_same_thread=false"])
def test_options_that_sqlite_knows(on_sqlite: Project, query: str) -> None:
    on_sqlite.url = f"sqlite:///{on_sqlite.root}/app.db?{query}"
    (name,) = on_sqlite.tables("a")
    assert on_sqlite.run("migrate").told == (0, f"  applied {name}  N s\n", "")


@pytest.mark.parametrize(
    ("made", "what"),
    [
        (
            "peewee.SqliteDatabase('app.db', nosuch=1)",
            "Cannot open sqlite:///ROOT/app.db: TypeError: 'nosuch' is an invalid keyword argument "
            "for Connection()",
        ),
        (
            "peewee.MySQLDatabase('d', ssl=True, password='s3cret')",
            "Cannot open mysql://:***@localhost/d: AttributeError: 'bool' object has no attribute "
            "'get'",
        ),
    ],
)
def test_a_database_that_is_made_wrong(on_sqlite: Project, made: str, what: str) -> None:
    on_sqlite.write(
        "migrations_config.py",
        "import peewee\nfrom wheatear import migrator_for\n"
        f"db = {made}\nmigrator = migrator_for(db)\n",
    )
    on_sqlite.tables("a")
    assert on_sqlite.run("migrate").told == (
        1,
        "",
        error(
            what,
            next="correct what the database is given beside its name, in its URL or in "
            "migrations_config.py: the driver cannot use it.",
        ),
    )


@pytest.mark.parametrize(
    ("setting", "what", "next"),
    [
        (
            "models = 5", "`models` names 5, which is no model and no module.",
            'write `models = "game.models"`: a module, `module:NAME`, or a list of models or '
            "modules.",
        ),
        (
            "models = [Model]\nignore_tables = 5",
            "`ignore_tables` in migrations_config.py is no list of names but 5.",
            'write something like `ignore_tables = ["spatial_ref_sys", "legacy_*"]`.',
        ),
    ],
)  # fmt: skip
def test_settings_of_another_kind(on_sqlite: Project, setting: str, what: str, next: str) -> None:
    model = "from peewee import *\nclass Model(Model):\n    pass\n"
    on_sqlite.write("migrations_config.py", f"{CONFIG}{model}{setting}\n")
    assert on_sqlite.run("diff").told == (
        1,
        "",
        error(what, where="ROOT/migrations_config.py", next=next),
    )


@pytest.mark.parametrize("words", [["status"], ["init"], ["create", "x"], ["migrate"]])
def test_a_folder_that_was_deleted(on_sqlite: Project, words: list[str], tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    ended = subprocess.run(
        f"rmdir '{gone}'; '{PROGRAM}' {' '.join(words)}",
        shell=True,
        cwd=gone,
        env=on_sqlite.environment(),
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        error(
            "The current folder is no longer there.",
            next="go to a folder that is there, then run the command again.",
        ),
    )


def test_an_unreadable_config(on_sqlite: Project) -> None:
    (on_sqlite.root / "migrations_config.py").chmod(0)
    assert on_sqlite.run("status", unprivileged=True).told == (
        1,
        "",
        error(
            "migrations_config.py cannot be loaded: PermissionError: [Errno 13] Permission denied: "
            "'ROOT/migrations_config.py'",
            where="ROOT/migrations_config.py",
            next=MEND,
        ),
    )
