"""Scratch copies: the schema without the rows, for migrations to run on, and no trace."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import peewee as pw
import pytest
from playhouse import pool

from support.databases import is_mysql, plain_database
from support.every_field import create, models_for
from support.projects import wait_for
from support.raising import raises
from support.reading import connection, execute, rows
from wheatear.engines import engine_for
from wheatear.engines.waiting import Waiting
from wheatear.errors import ConfigError, OperationError
from wheatear.schema.diff import compare

WAITING = Waiting(5.0, lambda _: None)
TABLES = (
    "CREATE TABLE team (id integer PRIMARY KEY, name varchar(40) NOT NULL)",
    "CREATE TABLE player (id integer PRIMARY KEY, team_id integer, "
    "FOREIGN KEY (team_id) REFERENCES team (id))",
    "CREATE VIEW second AS SELECT name FROM team",
    "CREATE VIEW first AS SELECT name FROM second",
    "INSERT INTO team VALUES (1, '100%s')",
)


def leftovers(database: Any) -> list[Any]:
    """What a copy could leave behind."""
    if database.engine == "sqlite":
        return sorted(Path(urlsplit(database.url).path).parent.glob("*scratch*"))
    if database.engine == "postgresql":
        return execute(
            database.url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'wheatear%'"
        )
    return execute(
        database.url,
        "SELECT DISTINCT table_schema FROM information_schema.tables "
        "WHERE table_schema LIKE 'wheatear\\_scratch\\_%' AND IS_FREE_LOCK(table_schema)",
    )


def differences(engine: Any, before: Any, after: Any) -> list[Any]:
    before, after = engine.settled(before, after)
    return list(compare(before, after, policy=engine.policy()).changes)


def test_a_copy_of_every_field(database: Any) -> None:
    db = database.connect()
    create(db, models_for(database.engine, db))
    db.close()
    engine = engine_for(db)
    with engine.opened(WAITING), engine.scratch_copy() as copy:
        assert differences(engine, engine.read_schema(), copy.read_schema()) == []
    assert db.is_closed()
    assert leftovers(database) == []


def test_what_runs_on_it_does_not_reach_the_database(database: Any) -> None:
    execute(database.url, *TABLES)
    db = database.connect()
    engine = engine_for(db)
    with engine.opened(WAITING):
        before = engine.read_schema()
        with engine.scratch_copy() as copy:
            first = copy.read_schema()
            assert [one.name for one in first.objects] == ["first", "second"]
            with copy.exclusively(WAITING):
                assert copy.db.execute_sql("SELECT count(*) FROM team").fetchone() == (0,)
                copy.db.execute_sql("DROP TABLE player")
                migrator = copy.migrator()
                migrator.add_column("team", "motto", pw.TextField(null=True)).run()
            assert [table.name for table in copy.read_schema().tables] == ["team"]
            assert engine.read_schema() == before
            with pytest.raises(pw.PeeweeException), copy.exclusively(WAITING):
                # What is gone from the copy is not found in the database itself.
                copy.db.execute_sql("DROP TABLE player")
            with copy.exclusively(WAITING):
                migrator.drop_column("team", "motto").run()
        assert engine.read_schema() == before
    assert rows(database.url, "team") == [(1, "100%s")]
    assert leftovers(database) == []


def test_a_copy_of_what_hangs_on_a_table(database: Any) -> None:
    execute(
        database.url,
        *TABLES,
        "CREATE TABLE season (id integer PRIMARY KEY)",
        "CREATE TABLE game (id integer PRIMARY KEY, season_id integer, player_id integer, "
        "FOREIGN KEY (season_id) REFERENCES season (id), "
        "FOREIGN KEY (player_id) REFERENCES player (id))",
        "CREATE TABLE far (id integer PRIMARY KEY, game_id integer, "
        "FOREIGN KEY (game_id) REFERENCES game (id))",
        "CREATE TABLE alone (id integer PRIMARY KEY)",
        "CREATE VIEW lonely AS SELECT id FROM alone",
    )
    engine = engine_for(database.connect())
    with engine.opened(WAITING), engine.scratch_copy(tables={"player", "not_there"}) as copy:
        found = copy.read_schema()
        if database.engine != "sqlite":  # where a copy of all costs next to nothing
            assert [table.name for table in found.tables] == ["game", "player", "team"]
            assert [one.name for one in found.objects] == ["first", "second"]
        with copy.exclusively(WAITING):
            migrator = copy.migrator()
            migrator.add_column("player", "nick", pw.CharField(20, default="")).run()
            migrator.rename_table("player", "hero").run()
            migrator.drop_column("game", "player_id").run()


def test_an_empty_copy(database: Any) -> None:
    execute(database.url, *TABLES)
    engine = engine_for(database.connect())
    with engine.opened(WAITING), engine.scratch_copy(empty=True) as copy:
        assert copy.read_schema().tables == ()
        copy.db.execute_sql("CREATE TABLE team (id integer)")


def test_an_empty_copy_of_a_file_that_is_not_there(on_sqlite: Any, tmp_path: Path) -> None:
    engine = engine_for(pw.SqliteDatabase(str(tmp_path / "none.db")))
    with engine.scratch_copy(empty=True) as copy:
        assert copy.read_schema().tables == ()
    assert not (tmp_path / "none.db").exists()


def fail(engine: Any) -> None:
    with engine.scratch_copy() as copy, copy.exclusively(WAITING):
        copy.db.execute_sql("CREATE TABLE more (id integer)")
        raise ZeroDivisionError


def test_an_error_leaves_nothing(database: Any) -> None:
    execute(database.url, *TABLES)
    engine = engine_for(database.connect())
    with engine.opened(WAITING):
        with pytest.raises(ZeroDivisionError):
            fail(engine)
        assert engine.read_schema().table("more") is None
    assert leftovers(database) == []


def test_a_killed_process_leaves_nothing(database: Any) -> None:
    execute(database.url, *TABLES)
    engine = engine_for(database.connect())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with engine.opened(WAITING), engine.scratch_copy():
            os.write(writer, b"x")
            signal.pause()
    os.read(reader, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    engine = engine_for(database.connect())

    def swept() -> bool:
        with engine.opened(WAITING), engine.scratch_copy():
            return not leftovers(database)

    wait_for(swept)
    os.close(reader)
    os.close(writer)


def test_a_locked_table_does_not_hold_it_up(database: Any) -> None:
    execute(database.url, *TABLES)
    lock = {
        "sqlite": "BEGIN EXCLUSIVE",
        "postgresql": "BEGIN; LOCK TABLE team, player IN ACCESS EXCLUSIVE MODE",
        "mariadb": "LOCK TABLES team WRITE, player WRITE",
    }[database.engine]
    engine = engine_for(database.connect())
    other = connection(database.url)
    with closing(other), engine.opened(WAITING), engine.scratch_copy() as copy:
        other.cursor().execute(lock)
        with copy.exclusively(WAITING):
            copy.migrator().add_column("team", "motto", pw.TextField(null=True)).run()


POOLED = {
    "sqlite": pool.PooledSqliteDatabase,
    "postgresql": pool.PooledPostgresqlDatabase,
    "mariadb": pool.PooledMySQLDatabase,
}


def test_a_pool_of_one_connection_is_enough(database: Any) -> None:
    execute(database.url, *TABLES)
    plain = database.connect()
    options = {"prefer_psycopg3": True} if database.engine == "postgresql" else {}
    options |= {key: value for key, value in plain.connect_params.items() if key != "charset"}
    db = POOLED[database.engine](plain.database, max_connections=1, **options)
    engine = engine_for(db)
    with engine.opened(WAITING), engine.scratch_copy() as copy:
        assert len(copy.read_schema().tables) == 2
    db.close_all()


# What cannot be copied


def test_what_the_connection_lacks_is_named(on_sqlite: Any) -> None:
    db = pw.SqliteDatabase(on_sqlite.url.removeprefix("sqlite:///"))
    db.register_collation(lambda one, other: 0, "mine")
    db.execute_sql("CREATE TABLE note (a text)")
    db.execute_sql("CREATE INDEX in_mine ON note (a COLLATE mine)")
    db.close()
    engine = engine_for(plain_database(on_sqlite.url))
    message = (
        f"The schema of {engine.url} cannot be copied into a scratch database: "
        "no such collation sequence: mine\n"
        "  where: CREATE INDEX in_mine ON note (a COLLATE mine)\n"
        "  state: nothing was changed.\n"
        "  next:  see what this statement needs that a new connection does not have."
    )
    with raises(OperationError, message), engine.opened(WAITING), engine.scratch_copy():
        pass


@pytest.fixture
def role(new_database: Callable[..., Any]) -> Iterator[tuple[Any, Any]]:
    """A database of PostgreSQL, and the same as a role that may do nothing there but look."""
    database = new_database("postgresql")
    execute(database.url, *TABLES)
    name = f"wheatear_{os.urandom(4).hex()}"
    parts = urlsplit(database.url)
    execute(
        database.url,
        f"CREATE ROLE {name} LOGIN",
        f"REVOKE ALL ON DATABASE {parts.path[1:]} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {parts.path[1:]} TO {name}",
    )
    options = {"user": name, "host": parts.hostname, "port": parts.port}
    yield database, pw.PostgresqlDatabase(parts.path[1:], prefer_psycopg3=True, **options)
    execute(database.url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_the_right_that_is_missing_is_named(role: Any) -> None:
    _, db = role
    message = (
        "This needs a scratch namespace, but this user may make neither temporary tables nor a "
        f"schema in the database {db.database}.\n"
        "  state: nothing was changed.\n"
        f'  next:  GRANT TEMPORARY ON DATABASE "{db.database}" TO CURRENT_USER;  -- as its owner '
        "(naming the user), or use a development database, where this user may."
    )
    engine = engine_for(db)
    with raises(OperationError, message), engine.opened(WAITING), engine.scratch_copy():
        pass


@pytest.mark.parametrize("right", ["TEMPORARY", "CREATE"])
def test_either_right_is_enough(role: Any, right: str) -> None:
    database, db = role
    user = db.connect_params["user"]
    execute(database.url, f"GRANT {right} ON DATABASE {db.database} TO {user}")
    engine = engine_for(db)
    with engine.opened(WAITING), engine.scratch_copy() as copy:
        assert differences(engine, engine.read_schema(), copy.read_schema()) == []
        with copy.exclusively(WAITING):
            copy.migrator().rename_table("team", "squad").run()
            copy.migrator().add_column("squad", "motto", pw.TextField(null=True)).run()
            copy.db.execute_sql("DROP VIEW first")
        assert [table.name for table in copy.read_schema().tables] == ["player", "squad"]
    assert leftovers(database) == []


def test_a_migration_that_names_the_live_schema_is_refused(new_database: Any) -> None:
    database = new_database("postgresql")
    execute(database.url, *TABLES)
    engine = engine_for(database.connect())
    message = (
        "The migration reaches the table public.player, which is outside the scratch copy that it "
        "runs on.\n"
        "  state: nothing was changed: what it did was rolled back.\n"
        "  next:  write its name without a schema, where it is one of this database's own."
    )
    with (
        engine.opened(WAITING),
        engine.scratch_copy() as copy,
        raises(ConfigError, message),
        copy.exclusively(WAITING),
    ):
        copy.db.execute_sql("ALTER TABLE public.player ADD COLUMN nick text")


OF_POSTGRESQL = (
    "CREATE TYPE mood AS ENUM ('ok', 'bad')",
    "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
    "CREATE SEQUENCE counted INCREMENT BY 2",
    "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TABLE event (id serial PRIMARY KEY, at date NOT NULL, mood mood DEFAULT 'ok', "
    'number positive DEFAULT nextval(\'counted\'), "Odd%s" text COLLATE "C", '
    "CONSTRAINT one UNIQUE NULLS NOT DISTINCT (at, number), "
    "EXCLUDE USING gist (daterange(at, at) WITH &&))",
    "COMMENT ON COLUMN event.at IS 'the day''s'",
    "COMMENT ON TABLE event IS 'what happened'",
    'CREATE INDEX lower_odd ON event USING btree (lower("Odd%s") DESC) INCLUDE (at) '
    "WITH (fillfactor=70) WHERE mood = 'ok'",
    "COMMENT ON INDEX lower_odd IS 'half'",
    "CREATE TRIGGER stamped BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION stamp()",
    "ALTER TABLE event ENABLE ROW LEVEL SECURITY",
    "CREATE UNLOGGED TABLE passing (id bigint GENERATED ALWAYS AS IDENTITY (START WITH 5), "
    "twice bigint GENERATED ALWAYS AS (id * 2) STORED) WITH (fillfactor=50)",
    "CREATE TABLE part (at date NOT NULL, id integer, PRIMARY KEY (at, id)) "
    "PARTITION BY RANGE (at)",
    "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "CREATE TABLE part_rest PARTITION OF part DEFAULT",
    "CREATE INDEX part_id ON part (id)",
    "CREATE TABLE child (more text) INHERITS (event)",
    "CREATE MATERIALIZED VIEW held AS SELECT count(*) AS n FROM event",
)


def test_what_only_postgresql_has(new_database: Any) -> None:
    database = new_database("postgresql")
    execute(database.url, *OF_POSTGRESQL)
    engine = engine_for(database.connect())
    with engine.opened(WAITING), engine.scratch_copy() as copy:
        assert differences(engine, engine.read_schema(), copy.read_schema()) == []
        with copy.exclusively(WAITING):
            copy.db.execute_sql("DROP TABLE event CASCADE")
            assert not copy.db.sequence_exists("event_id_seq")


OF_MARIADB = (
    "CREATE SEQUENCE counted",
    "CREATE TABLE versioned (id int PRIMARY KEY, x int) WITH SYSTEM VERSIONING",
)
OF_MYSQL = (
    "CREATE TABLE functional (a int, g geometry NOT NULL SRID 4326, h int INVISIBLE DEFAULT (1 + 2), "
    "d binary(16) DEFAULT (uuid_to_bin(uuid())), SPATIAL KEY (g), KEY hidden (a) INVISIBLE, "
    "KEY sum ((a + 1), (lower(a)) DESC), CONSTRAINT ck CHECK (a > 0) NOT ENFORCED)",
)
OF_BOTH = (
    "CREATE TABLE parted (id int NOT NULL, at date NOT NULL, PRIMARY KEY (id, at)) "
    "PARTITION BY RANGE (year(at)) (PARTITION p0 VALUES LESS THAN (2026), "
    "PARTITION p1 VALUES LESS THAN MAXVALUE)",
    "CREATE TABLE a (id int PRIMARY KEY, b int, `odd%s` timestamp NULL COMMENT '100%', "
    "FOREIGN KEY (b) REFERENCES a (id)) ENGINE=InnoDB COMMENT='it''s'",
    "CREATE TRIGGER noted BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 1",
)


def test_what_only_mariadb_or_mysql_has(new_database: Any) -> None:
    database = new_database("mariadb")
    execute(database.url, *(OF_MYSQL if is_mysql() else OF_MARIADB), *OF_BOTH)
    engine = engine_for(database.connect())
    with engine.opened(WAITING), engine.scratch_copy() as copy:
        assert differences(engine, engine.read_schema(), copy.read_schema()) == []
