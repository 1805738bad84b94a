"""The guide's common operations, forward and backward, read back directly from the database."""

from __future__ import annotations

import pytest

from support import reading
from support.projects import Project

FIRST = "20260101_000000_create_player"
NEXT = "20260201_000000_next"
CREATE = """
class Player(Model):
    name = CharField(max_length=40)
    level = IntegerField(default=1)
    note = TextField(null=True)

    class Meta:
        database = db
        table_name = 'player'

db.create_tables([Player])
Player.insert_many([
    {'name': 'Ann', 'level': 1, 'note': '007'},
    {'name': 'Bob', 'level': 2, 'note': None},
    {'name': 'Cid', 'level': 3, 'note': "it's 100% so"},
]).execute()
"""
ROWS = [(1, "Ann", 1, "007"), (2, "Bob", 2, None), (3, "Cid", 3, "it's 100% so")]
TYPES = {
    "sqlite": {"int": "INTEGER", "name": "VARCHAR(40)", "text": "TEXT", "short": "VARCHAR(10)"},
    "postgresql": {
        "int": "integer",
        "name": "character varying",
        "text": "text",
        "short": "character varying",
    },
    "mariadb": {"int": "int", "name": "varchar(40)", "text": "text", "short": "varchar(10)"},
}


@pytest.fixture
def player(project: Project) -> Project:
    """A project whose first migration, with a frozen model, has made a table with three rows."""
    project.migration(FIRST, CREATE, "db.execute_sql('DROP TABLE player')")
    assert project.run("migrate").told == (0, f"  applied {FIRST}  N s\n", "")
    assert reading.rows(project.url, "player") == ROWS
    return project


def there_and_back(project: Project, forward: str, backward: str) -> tuple[object, object]:
    """Run a migration forward and return what is there; then back, and check that all is as before."""
    before = reading.dump(project.url)
    project.migration(NEXT, forward, backward)
    assert project.run("migrate").told == (0, f"  applied {NEXT}  N s\n", "")
    there = (
        reading.columns(project.url, "player"),
        reading.indexes(project.url, "player"),
    )
    rows = reading.rows(project.url, "player")
    assert project.run("migrate", "--backward").told == (0, f"  reverted {NEXT}  N s\n", "")
    assert reading.dump(project.url) == before
    assert project.run("migrate").code == 0
    assert reading.columns(project.url, "player") == there[0]
    assert reading.rows(project.url, "player") == rows
    return there, rows


def _columns(engine: str, **kinds: str) -> dict[str, str]:
    return {name: TYPES[engine][kind] for name, kind in kinds.items()}


def _types(there: object) -> dict[str, str]:
    return {name: kind for name, (kind, _, _) in there[0].items()}  # type: ignore[index]


OLD = {"id": "int", "name": "name", "level": "int", "note": "text"}


def test_add_and_remove_a_column(player: Project, engine: str) -> None:
    there, rows = there_and_back(
        player,
        "migrate(migrator.add_column('player', 'experience', IntegerField(default=0)))",
        "migrate(migrator.drop_column('player', 'experience'))",
    )
    assert _types(there) == _columns(engine, **OLD, experience="int")
    assert there[0]["experience"][1] is False  # type: ignore[index]
    assert rows == [(*row, 0) for row in ROWS]


def test_add_a_column_that_may_be_null(player: Project, engine: str) -> None:
    there, rows = there_and_back(
        player,
        "migrate(migrator.add_column('player', 'nick', CharField(max_length=10, null=True)))",
        "migrate(migrator.drop_column('player', 'nick'))",
    )
    assert _types(there) == _columns(engine, **OLD, nick="short")
    assert there[0]["nick"][1] is True  # type: ignore[index]
    assert rows == [(*row, None) for row in ROWS]


def test_rename_a_column(player: Project, engine: str) -> None:
    there, rows = there_and_back(
        player,
        "migrate(migrator.rename_column('player', 'name', 'nickname'))",
        "migrate(migrator.rename_column('player', 'nickname', 'name'))",
    )
    assert _types(there) == _columns(engine, id="int", nickname="name", level="int", note="text")
    assert rows == ROWS


def test_change_a_type_by_drop_and_add(player: Project, engine: str) -> None:
    """The column ends up last; its rows are filled from what a data step has kept."""
    before = reading.rows(player.url, "player")
    player.migration(
        NEXT,
        """
        class Player(Model):
            level = CharField(max_length=10)
            class Meta:
                database = db
                table_name = 'player'

        kept = db.execute_sql('SELECT id, level FROM player').fetchall()
        migrate(
            migrator.drop_column('player', 'level'),
            migrator.add_column('player', 'level', CharField(max_length=10, default='')),
        )
        for id, level in kept:
            Player.update(level=f'L{level}').where(Player.id == id).execute()
        """,
        """
        class Player(Model):
            level = IntegerField()
            class Meta:
                database = db
                table_name = 'player'

        kept = db.execute_sql('SELECT id, level FROM player').fetchall()
        migrate(
            migrator.drop_column('player', 'level'),
            migrator.add_column('player', 'level', IntegerField(default=1)),
        )
        for id, level in kept:
            Player.update(level=int(level[1:])).where(Player.id == id).execute()
        """,
    )
    assert project_types(player)["level"] == TYPES[engine]["int"]
    assert player.run("migrate").code == 0
    assert project_types(player) == _columns(
        engine, id="int", name="name", note="text", level="short"
    )
    assert reading.execute(player.url, "SELECT name, level FROM player ORDER BY id") == [
        ("Ann", "L1"), ("Bob", "L2"), ("Cid", "L3"),
    ]  # fmt: skip
    assert player.run("migrate", "--backward").code == 0
    assert project_types(player)["level"] == TYPES[engine]["int"]
    assert reading.execute(
        player.url, "SELECT id, name, level, note FROM player ORDER BY id"
    ) == list(before)


def project_types(project: Project) -> dict[str, str]:
    return {name: kind for name, (kind, _, _) in reading.columns(project.url, "player").items()}


@pytest.mark.parametrize("unique", [False, True])
@pytest.mark.parametrize("columns", [("name",), ("name", "level")])
def test_add_and_remove_an_index(
    player: Project, engine: str, columns: tuple[str, ...], unique: bool
) -> None:
    name = f"player_{'_'.join(columns)}"
    there, rows = there_and_back(
        player,
        f"migrate(migrator.add_index('player', {columns!r}, {unique!r}))",
        f"migrate(migrator.drop_index('player', '{name}'))",
    )
    assert there[1] == {name: (columns, unique)}  # type: ignore[index]
    assert rows == ROWS


def test_a_unique_index_over_equal_rows_is_refused(player: Project, engine: str) -> None:
    reading.execute(player.url, "INSERT INTO player (id, name, level) VALUES (4, 'Ann', 1)")
    before = reading.dump(player.url)
    player.migration(NEXT, "migrate(migrator.add_index('player', ('name', 'level'), True))")
    ended = player.run("migrate")
    assert (ended.code, ended.out) == (1, "")
    assert "nique" in ended.err or "uplicate" in ended.err or "UNIQUE" in ended.err
    assert reading.dump(player.url) == before


def test_create_and_drop_tables_with_frozen_models(player: Project, engine: str) -> None:
    before = reading.dump(player.url)
    player.migration(
        NEXT,
        """
        class Player(Model):
            class Meta:
                database = db
                table_name = 'player'

        class Item(Model):
            owner = ForeignKeyField(Player, on_delete='CASCADE')
            name = CharField(max_length=40, unique=True)
            class Meta:
                database = db
                table_name = 'item'
                indexes = ((('owner', 'name'), False),)

        db.create_tables([Item])
        Item.create(owner=2, name='lamp')
        """,
        "db.execute_sql('DROP TABLE item')",
    )
    assert player.run("migrate").code == 0
    assert reading.rows(player.url, "item") == [(1, 2, "lamp")]
    uniques = {parts for parts, unique in reading.indexes(player.url, "item").values() if unique}
    assert uniques == {("name",)}
    assert (("owner_id", "name"), False) in reading.indexes(player.url, "item").values()
    assert player.run("migrate", "--backward").code == 0
    assert reading.dump(player.url) == before


def test_move_data_with_the_orm(player: Project, engine: str) -> None:
    _, rows = there_and_back(
        player,
        """
        class Player(Model):
            name = CharField()
            level = IntegerField()
            class Meta:
                database = db
                table_name = 'player'

        with db.atomic():
            for player in Player.select():
                player.name = player.name.upper()
                player.save()
        Player.update(level=Player.level + 10).where(Player.level > 1).execute()
        """,
        """
        class Player(Model):
            name = CharField()
            level = IntegerField()
            class Meta:
                database = db
                table_name = 'player'

        for player in Player.select():
            player.name = player.name.capitalize()
            player.level -= 10 if player.level > 10 else 0
            player.save()
        """,
    )
    assert rows == [(1, "ANN", 1, "007"), (2, "BOB", 12, None), (3, "CID", 13, "it's 100% so")]


def test_several_operations_in_one_call(player: Project, engine: str) -> None:
    there, rows = there_and_back(
        player,
        """
        migrate(
            migrator.add_column('player', 'mail', CharField(max_length=10, null=True)),
            migrator.rename_column('player', 'name', 'nickname'),
            migrator.add_index('player', ('nickname', 'mail'), True),
            migrator.rename_table('player', 'hero'),
            migrator.rename_table('hero', 'player'),
        )
        """,
        """
        migrate(
            migrator.drop_index('player', 'player_nickname_mail'),
            migrator.rename_column('player', 'nickname', 'name'),
            migrator.drop_column('player', 'mail'),
        )
        """,
    )
    assert _types(there) == _columns(
        engine, id="int", nickname="name", level="int", note="text", mail="short"
    )
    assert there[1] == {"player_nickname_mail": (("nickname", "mail"), True)}  # type: ignore[index]
    assert rows == [(*row, None) for row in ROWS]


def test_the_whole_history_reverts_to_nothing(player: Project, engine: str) -> None:
    player.migration(
        NEXT,
        "migrate(migrator.add_column('player', 'experience', IntegerField(default=0)))",
        "migrate(migrator.drop_column('player', 'experience'))",
    )
    assert player.run("migrate").code == 0
    assert player.run("migrate", "--backward", "--to", "zero").told == (
        0, f"  reverted {NEXT}  N s\n  reverted {FIRST}  N s\n", "",
    )  # fmt: skip
    assert reading.tables(player.url) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_plain_playhouse_migrator_works_too(project: Project, engine: str) -> None:
    project.write(
        "migrations_config.py",
        "import os\nfrom peewee import SqliteDatabase\n"
        "from playhouse.migrate import SqliteMigrator\n"
        "db = SqliteDatabase(os.environ['DATABASE_URL'].removeprefix('sqlite:///'))\n"
        "migrator = SqliteMigrator(db)\n",
    )
    project.migration(FIRST, CREATE, "db.execute_sql('DROP TABLE player')")
    project.migration(
        NEXT,
        "migrate(migrator.add_column('player', 'experience', IntegerField(default=0)))",
        "migrate(migrator.drop_column('player', 'experience'))",
    )
    assert project.run("migrate").code == 0
    assert reading.rows(project.url, "player") == [(*row, 0) for row in ROWS]
    assert project.run("migrate", "--backward", "--to", "zero").code == 0


def test_an_index_concurrently_on_every_engine(player: Project) -> None:
    """PostgreSQL's; where nobody is kept out, or only one connection writes, it goes without."""
    player.write(
        f"migrations/{NEXT}.py",
        "from playhouse.migrate import *\nfrom migrations_config import db, migrator\n\n"
        "atomic = False\n\n\ndef migrate_forward():\n"
        "    migrate(migrator.add_index('player', ('name',), concurrently=True))\n\n\n"
        "def migrate_backward():\n"
        "    migrate(migrator.drop_index('player', 'player_name', concurrently=True))\n",
    )
    assert player.run("migrate").code == 0
    assert "player_name" in reading.indexes(player.url, "player")
    assert player.run("migrate", "--backward").code == 0
    assert "player_name" not in reading.indexes(player.url, "player")
