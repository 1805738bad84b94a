"""No configuration, or one that is wrong: each a clear error, whichever way the program is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.projects import CONFIG, Project

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
}


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
