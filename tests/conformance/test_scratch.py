"""Models read as schemas: without a trace, without a lock, without reaching the live database."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import peewee as pw
import pytest
from playhouse import pool

from support.every_field import base_of
from support.reading import connection, execute
from wheatear.engines import engine_for
from wheatear.engines.engine import Engine
from wheatear.engines.waiting import Waiting
from wheatear.errors import ConfigError, OperationError
from wheatear.schema.model import Schema

WAITING = Waiting(5.0, lambda _: None)


def schema_of(db: Any, models: list[Any]) -> Schema:
    engine = engine_for(db)
    with engine.opened(WAITING):
        return engine.schema_of_models(models)


def names(schema: Schema) -> list[str]:
    return [table.name for table in schema.tables]


def two_models(db: Any) -> list[Any]:
    base = base_of(db)

    class Team(base):
        name = pw.CharField(unique=True)

    class Player(base):
        team = pw.ForeignKeyField(Team)

    return [Team, Player]


def leftovers(database: Any) -> list[Any]:
    """What a scratch namespace could leave behind."""
    if database.engine == "sqlite":
        return sorted(Path(urlsplit(database.url).path).parent.glob("*scratch*"))
    if database.engine == "postgresql":
        return execute(
            database.url,
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'wheatear%' UNION ALL "
            "SELECT relname FROM pg_class WHERE relnamespace::regnamespace::text LIKE 'pg_temp%'",
        )
    # One whose lock is held belongs to a run that lives, of whoever else tests; an empty one to the
    # test of the sweep.
    return execute(
        database.url,
        "SELECT DISTINCT table_schema FROM information_schema.tables "
        "WHERE table_schema LIKE 'wheatear\\_scratch\\_%' AND IS_FREE_LOCK(table_schema)",
    )


def live_tables(database: Any) -> list[Any]:
    with closing(database.connect()) as db:
        db.connect()
        return list(db.get_tables())


def test_nothing_stays_and_the_database_is_not_touched(database: Any) -> None:
    db = database.connect()
    assert names(schema_of(db, two_models(db))) == ["player", "team"]
    assert db.is_closed()
    assert leftovers(database) == []
    assert live_tables(database) == []


def test_what_a_model_points_at_is_read_with_it(database: Any) -> None:
    db = database.connect()
    assert names(schema_of(db, two_models(db)[1:])) == ["player", "team"]
    assert schema_of(db, []) == Schema()


def test_live_tables_of_the_same_names_make_no_difference(database: Any) -> None:
    db = database.connect()
    models = two_models(db)
    alone = schema_of(db, models)
    db.create_tables(models)
    db.execute_sql("DROP TABLE player")
    db.close()
    forget()
    assert schema_of(db, models) == alone
    assert live_tables(database) == ["team"]


def test_a_locked_table_does_not_hold_it_up(database: Any) -> None:
    db = database.connect()
    models = two_models(db)
    db.create_tables(models)
    db.close()
    lock = {
        "sqlite": "BEGIN EXCLUSIVE",
        "postgresql": "BEGIN; LOCK TABLE team, player IN ACCESS EXCLUSIVE MODE",
        "mariadb": "LOCK TABLES team WRITE, player WRITE",
    }[database.engine]
    engine = engine_for(db)
    with closing(connection(database.url)) as other, engine.opened(WAITING):
        other.cursor().execute(lock)
        start = time.monotonic()
        assert names(engine.schema_of_models(models)) == ["player", "team"]
        assert time.monotonic() - start < 5


POOLED = {
    "sqlite": pool.PooledSqliteDatabase,
    "postgresql": pool.PooledPostgresqlDatabase,
    "mariadb": pool.PooledMySQLDatabase,
}


def test_a_pool_of_one_connection_is_enough(database: Any) -> None:
    plain = database.connect()
    options = {"prefer_psycopg3": True} if database.engine == "postgresql" else {}
    options |= {key: value for key, value in plain.connect_params.items() if key != "charset"}
    db = POOLED[database.engine](plain.database, max_connections=1, **options)
    for _ in range(2):
        forget()
        assert names(schema_of(db, two_models(db))) == ["player", "team"]
    db.close_all()
    assert live_tables(database) == []
    assert leftovers(database) == []


def test_a_model_of_its_own_mind_is_not_asked(database: Any) -> None:
    db = database.connect()

    class Own(base_of(db)):
        name = pw.TextField()

        @classmethod
        def create_table(cls, safe: bool = True, **options: Any) -> None:
            raise AssertionError("this would reach the live database")

    assert names(schema_of(db, [Own])) == ["own"]


def test_models_of_a_proxy_that_nobody_initialised(database: Any) -> None:
    models = two_models(pw.DatabaseProxy())
    assert names(schema_of(database.connect(), models)) == ["player", "team"]
    assert models[0]._meta.database.obj is None


def test_the_second_time_nothing_is_created(database: Any) -> None:
    forget()
    db = database.connect()
    models = two_models(db)
    first, sent = recorded(db, lambda engine: engine.schema_of_models(models))
    again, later = recorded(db, lambda engine: engine.schema_of_models(models))
    assert first == again
    assert not [sql for sql in later if "CREATE" in sql]
    if database.engine != "sqlite":  # there it is another connection
        assert [sql for sql in sent if "CREATE TABLE" in sql]
    models[0]._meta.fields["name"].unique = False  # another DDL is another model
    changed, _ = recorded(db, lambda engine: engine.schema_of_models(models))
    assert changed != first


def test_an_unreadable_cache_is_no_cache(database: Any) -> None:
    forget()
    db = database.connect()
    models = two_models(db)
    first = schema_of(db, models)
    (path,) = cache_files()
    for text in (
        "",
        "{",
        "[]",
        '{"x": 1}',
        '{"%s": 1}',
        '{"%s": [["{}"], []]}',
        '{"%s": [["{"], [2]]}',
    ):
        key = next(iter(json.loads(path.read_text())))
        path.write_text(text.replace("%s", key))
        assert schema_of(db, models) == first


def test_a_cache_that_cannot_be_written_is_no_error(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    db = database.connect()
    assert names(schema_of(db, two_models(db))) == ["player", "team"]


def test_a_model_that_the_database_refuses_is_named(database: Any) -> None:
    db = database.connect()

    class Wrong(base_of(db)):
        name = pw.TextField(constraints=[pw.SQL("NO SUCH THING")])

    with pytest.raises(ConfigError, match="cannot be created in a scratch database") as caught:
        schema_of(db, [*two_models(db), Wrong])
    assert caught.value.where
    assert caught.value.where.endswith("Wrong")
    assert leftovers(database) == []
    assert db.is_closed()


def test_a_model_that_cannot_be_written_is_named(on_sqlite: Any) -> None:
    db = pw.SqliteDatabase(":memory:")

    class Odd(base_of(db)):
        class Meta:
            indexes = ((("nobody",), True),)

    with pytest.raises(ConfigError, match="Odd cannot be written as SQL: KeyError"):
        schema_of(db, [Odd])


def test_functions_and_collations_of_the_connection_are_there() -> None:
    db = pw.SqliteDatabase(":memory:", pragmas={"foreign_keys": 1})
    db.register_function(lambda text: text, "own", 1)
    db.register_collation(lambda one, other: 0, "mine")

    class Uses(base_of(db)):
        name = pw.TextField(collation="mine", constraints=[pw.Check("own(name) <> ''")])

    schema = schema_of(db, [Uses])
    assert schema.tables[0].columns[1].collation == "mine"


def test_an_attached_file_is_not_attached_to_the_scratch(tmp_path: Path) -> None:
    db = pw.SqliteDatabase(str(tmp_path / "app.db"))
    db.attach(str(tmp_path / "other.db"), "other")
    assert names(schema_of(db, two_models(db))) == ["player", "team"]
    assert execute(f"sqlite:///{tmp_path}/other.db", "SELECT count(*) FROM sqlite_master") == [(0,)]


def test_a_named_home_schema_is_left_out(database: Any) -> None:
    home = {"sqlite": "main", "postgresql": "public", "mariadb": urlsplit(database.url).path[1:]}
    db = database.connect()

    class Team(base_of(db)):
        name = pw.CharField(unique=True)

        class Meta:
            schema = home[database.engine]

    class Player(base_of(db)):
        team = pw.ForeignKeyField(Team)

    assert names(schema_of(db, [Player])) == ["player", "team"]
    assert live_tables(database) == []


# PostgreSQL


@pytest.fixture
def role(new_database: Callable[..., Any]) -> Iterator[tuple[Any, str]]:
    """A database of PostgreSQL and a role that may do nothing there but look."""
    database = new_database("postgresql")
    name = f"wheatear_{os.urandom(4).hex()}"
    base = urlsplit(database.url).path[1:]
    execute(
        database.url,
        f"CREATE ROLE {name} LOGIN",
        f"REVOKE ALL ON DATABASE {base} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {base} TO {name}",
    )
    yield database, name
    execute(database.url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def as_role(url: str, name: str, password: str = "") -> Any:
    parts = urlsplit(url)
    options = {"user": name, "host": parts.hostname, "port": parts.port}
    if parts.scheme == "postgresql":
        return pw.PostgresqlDatabase(parts.path[1:], prefer_psycopg3=True, **options)
    return pw.MySQLDatabase(parts.path[1:], password=password, **options)


def test_a_role_without_rights_is_told_which(role: Any) -> None:
    database, name = role
    forget()
    db = as_role(database.url, name)
    with pytest.raises(OperationError) as caught:
        schema_of(db, two_models(db))
    assert "neither temporary tables nor a schema" in str(caught.value)
    assert "GRANT TEMPORARY ON DATABASE" in str(caught.value)


@pytest.mark.parametrize("right", ["TEMPORARY", "CREATE"])
def test_either_right_is_enough(role: Any, right: str) -> None:
    database, name = role
    base = urlsplit(database.url).path[1:]
    execute(database.url, f"GRANT {right} ON DATABASE {base} TO {name}")
    forget()
    db = as_role(database.url, name)
    schema = schema_of(db, two_models(db))
    forget()
    assert schema == schema_of(database.connect(), two_models(db))
    assert leftovers(database) == []


def test_sql_that_reaches_a_live_table_is_refused(new_database: Callable[..., Any]) -> None:
    database = new_database("postgresql")
    execute(database.url, "CREATE TABLE live (id integer)")
    db = database.connect()

    class Reaching(base_of(db)):
        name = pw.TextField()

    Reaching.add_index(pw.SQL("CREATE INDEX reaching ON public.live (id)"))
    with pytest.raises(ConfigError, match="reaches the table live"):
        schema_of(db, [Reaching])
    assert execute(database.url, "SELECT indexname FROM pg_indexes WHERE tablename = 'live'") == []


def test_types_of_the_home_schema_are_seen(new_database: Callable[..., Any]) -> None:
    database = new_database("postgresql")
    execute(database.url, "CREATE TYPE mood AS ENUM ('ok', 'bad')")
    db = database.connect()

    class Mood(pw.Field):
        field_type = "mood"

    class Person(base_of(db)):
        mood = Mood()

    (table,) = schema_of(db, [Person]).tables
    assert table.columns[1].type == "mood"


# MariaDB


@pytest.fixture
def user(new_database: Callable[..., Any]) -> Iterator[tuple[Any, str]]:
    """A database of MariaDB and a user who may do nothing but look."""
    database = new_database("mariadb")
    name = f"wheatear_{os.urandom(4).hex()}"
    base = urlsplit(database.url).path[1:]
    execute(
        database.url,
        f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'",
        f"GRANT SELECT ON {base}.* TO {name}@'%'",
    )
    yield database, name
    execute(database.url, f"DROP USER {name}@'%'")


def test_a_user_without_rights_is_told_which(user: Any) -> None:
    database, name = user
    forget()
    db = as_role(database.url, name, "secret")
    with pytest.raises(OperationError) as caught:
        schema_of(db, two_models(db))
    assert f"GRANT ALL ON `wheatear\\_scratch\\_%`.* TO '{name}'@'%'" in str(caught.value)
    assert caught.value.next
    execute(database.url, caught.value.next.partition(";")[0])
    assert names(schema_of(db, two_models(db))) == ["player", "team"]
    assert leftovers(database) == []


def test_what_a_dead_run_left_is_swept_and_a_living_ones_stays(
    new_database: Callable[..., Any],
) -> None:
    database = new_database("mariadb")
    dead, living = (f"wheatear_scratch_{os.urandom(16).hex()}" for _ in range(2))
    execute(database.url, f"CREATE DATABASE {dead}", f"CREATE DATABASE {living}")
    try:
        with closing(connection(database.url)) as other:
            other.cursor().execute(f"SELECT GET_LOCK('{living}', 0)")
            db = database.connect()
            forget()
            schema_of(db, two_models(db))
            left = {name for (name,) in execute(database.url, "SHOW DATABASES")}
            assert dead not in left
            assert living in left
    finally:
        execute(database.url, f"DROP DATABASE IF EXISTS {living}")


def test_the_connection_is_back_in_its_database(new_database: Callable[..., Any]) -> None:
    database = new_database("mariadb")
    db = database.connect()
    engine: Engine = engine_for(db)
    forget()
    with engine.opened(WAITING):
        engine.schema_of_models(two_models(db))
        assert db.execute_sql("SELECT DATABASE()").fetchone()[0] == db.database
    assert leftovers(database) == []


# Helpers


def cache_files() -> list[Path]:
    return [*Path(os.environ["XDG_CACHE_HOME"], "wheatear").glob("*.json")]


def forget() -> None:
    for path in cache_files():
        path.unlink()


def recorded(db: Any, action: Callable[[Engine], Any]) -> tuple[Any, list[str]]:
    """What an action returns, and what it sent on the database's connection."""
    sent: list[str] = []
    engine = engine_for(db)
    hook = lambda event: sent.append(event.sql)  # noqa: E731 - to be taken off again
    db.query_hooks.append(hook)
    try:
        with engine.opened(WAITING):
            return action(engine), sent
    finally:
        db.query_hooks.remove(hook)
