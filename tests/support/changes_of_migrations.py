"""What a migration can do to a small league, and what of its rows its way back cannot restore."""

from __future__ import annotations

from dataclasses import dataclass, field

LEAGUE = """
class Team(Model):
    name = CharField(max_length=40, unique=True)
    city = CharField(max_length=40, null=True)

    class Meta:
        database = db
        table_name = 'team'

class Player(Model):
    name = CharField(max_length=40, index=True)
    level = IntegerField(default=1, constraints=[SQL('DEFAULT 1')])
    note = TextField(null=True)
    team = ForeignKeyField(Team, null=True, on_delete='SET NULL')

    class Meta:
        database = db
        table_name = 'player'

class Visit(Model):
    day = CharField(max_length=10)

    class Meta:
        database = db
        table_name = 'visit'

db.create_tables([Team, Player, Visit])
Team.insert_many([{'name': 'Reds', 'city': 'Rome'}, {'name': 'Blues', 'city': None}]).execute()
Player.insert_many([
    {'name': 'Ann', 'level': 1, 'note': '007', 'team': 1},
    {'name': 'Bob', 'level': 2, 'note': None, 'team': 2},
    {'name': 'Cid', 'level': 3, 'note': "it's 100% so", 'team': None},
]).execute()
Visit.insert_many([{'day': 'Monday'}]).execute()
db.execute_sql('CREATE VIEW strong AS SELECT name FROM player WHERE level > 1')
"""
TABLES = ("team", "player", "visit")


@dataclass(frozen=True)
class Case:
    """A migration.

    Attributes:
        forward: Its lines.
        lost: What of the league's rows is not what it was, after there and back: by table and
            column, or a table alone.
        engines: Where it can be done.
    """

    forward: str
    lost: tuple[str, ...] = ()
    engines: tuple[str, ...] = ("sqlite", "postgresql", "mariadb")
    told: tuple[str, ...] = field(default=())
    """What is said before it is reverted."""


def _operation(call: str) -> str:
    return f"migrate({call})"


CASES = {
    "add column": Case(
        _operation("migrator.add_column('player', 'age', IntegerField(default=7))"),
        told=("lost: the values of column age of table player",),
    ),
    "add indexed column": Case(
        _operation(
            "migrator.add_column('player', 'tag', CharField(max_length=9, null=True, index=True))"
        ),
        told=("lost: the values of column tag of table player",),
    ),
    "add foreign key column": Case(
        "class Visit(Model):\n    class Meta:\n        database = db\n        table_name = 'visit'\n"
        + _operation(
            "migrator.add_column('player', 'visit_id', ForeignKeyField(Visit, Visit.id, null=True))"
        ),
        told=("lost: the values of column visit_id of table player",),
    ),
    "drop column": Case(
        _operation("migrator.drop_column('player', 'note')"),
        lost=("player.note",),
        told=("column note of table player comes back with NULL in each row",),
    ),
    "drop column with default": Case(
        "db.execute_sql('DROP VIEW strong')\n"
        + _operation("migrator.drop_column('player', 'level')"),
        lost=("player.level",),
        told=("column level of table player comes back with its default (1) in each row",),
    ),
    "drop foreign key column": Case(
        _operation("migrator.drop_column('player', 'team_id')"),
        lost=("player.team_id",),
        told=("column team_id of table player comes back with NULL in each row",),
    ),
    "drop not null column": Case(
        _operation("migrator.drop_column('visit', 'day')"),
        lost=("visit.day",),
        told=("column day of table visit comes back with an empty value in each row",),
    ),
    "rename column": Case(_operation("migrator.rename_column('player', 'note', 'remark')")),
    "rename column and more": Case(
        _operation(
            "migrator.rename_column('player', 'note', 'remark'), "
            "migrator.add_column_default('player', 'level', 5), "
            "migrator.add_column('player', 'x', IntegerField(null=True))"
        ),
        told=("lost: the values of column x of table player",),
    ),
    "swap columns": Case(
        _operation(
            "migrator.rename_column('team', 'name', 'tmp'), "
            "migrator.rename_column('team', 'city', 'name'), "
            "migrator.rename_column('team', 'tmp', 'city')"
        ),
    ),
    "rename table": Case(_operation("migrator.rename_table('visit', 'call')")),
    "rename referenced table": Case(
        _operation("migrator.rename_table('team', 'club')"),
    ),
    "rename table and column": Case(
        _operation(
            "migrator.rename_table('visit', 'call'), "
            "migrator.rename_column('call', 'day', 'weekday')"
        ),
    ),
    "swap tables": Case(
        _operation(
            "migrator.rename_table('visit', 'tmp'), migrator.rename_table('team', 'visit'), "
            "migrator.rename_table('tmp', 'team')"
        ),
    ),
    "rename and make anew": Case(
        _operation("migrator.rename_table('visit', 'visit_old')")
        + "\ndb.execute_sql('CREATE TABLE visit (id INTEGER PRIMARY KEY, hour INTEGER)')",
        told=("lost: all rows of table visit",),
    ),
    "column in another one's place": Case(
        _operation("migrator.rename_column('player', 'note', 'old')")
        + "\n"
        + _operation(
            "migrator.add_column('player', 'note', TextField(null=True, index=True)), "
            "migrator.drop_column('player', 'old')"
        ),
        lost=("player.note",),
        told=(
            "lost: the values of column note of table player",
            "column note of table player comes back with NULL in each row",
        ),
    ),
    "column of another type in its place": Case(
        _operation(
            "migrator.drop_column('player', 'note'), "
            "migrator.add_column('player', 'note', IntegerField(null=True, unique=True))"
        ),
        lost=("player.note",),
        told=(
            "lost: the values of column note of table player",
            "column note of table player comes back with NULL in each row",
        ),
    ),
    "column beside the renamed one": Case(
        _operation(
            "migrator.rename_column('player', 'note', 'old'), "
            "migrator.add_column('player', 'note', IntegerField(default=3))"
        ),
        told=("lost: the values of column note of table player",),
    ),
    "column in the place of one in a view": Case(
        "db.execute_sql('DROP VIEW strong')\n"
        + _operation(
            "migrator.drop_column('player', 'level'), "
            "migrator.add_column('player', 'level', BigIntegerField(default=3))"
        )
        + "\ndb.execute_sql('CREATE VIEW strong AS SELECT name FROM player WHERE level > 1')",
        lost=("player.level",),
        told=(
            "lost: the values of column level of table player",
            "column level of table player comes back with its default (1) in each row",
        ),
    ),
    "table in another one's place": Case(
        "db.execute_sql('DROP TABLE visit')\n"
        "db.execute_sql('CREATE TABLE visit (id INTEGER PRIMARY KEY, hour INTEGER)')",
        lost=("visit",),
        told=("lost: all rows of table visit", "table visit comes back without rows"),
    ),
    "table filled in another one's place": Case(
        "db.execute_sql('DROP TABLE visit')\n"
        "db.execute_sql('CREATE TABLE visit (id INTEGER PRIMARY KEY, hour INTEGER)')\n"
        "db.execute_sql('INSERT INTO visit VALUES (1, 2)')",
        lost=("visit",),
        told=("*",),
    ),
    "rename by SQL": Case(
        "db.execute_sql('ALTER TABLE visit RENAME TO stay')\n"
        "db.execute_sql('ALTER TABLE player RENAME COLUMN note TO remark')",
    ),
    "add not null": Case(
        "db.execute_sql(\"UPDATE team SET city = 'Oslo' WHERE city IS NULL\")\n"
        + _operation("migrator.add_not_null('team', 'city')"),
        lost=("team.city",),
        told=("that it added, changed or deleted rows is not undone",),
    ),
    "drop not null": Case(_operation("migrator.drop_not_null('player', 'name')")),
    "set default": Case(_operation("migrator.add_column_default('player', 'name', 'nobody')")),
    "change default": Case(_operation("migrator.add_column_default('player', 'level', 9)")),
    "drop default": Case(_operation("migrator.drop_column_default('player', 'level')")),
    "change type": Case(
        _operation(
            "migrator.alter_column_type('player', 'note', CharField(max_length=50, null=True))"
        ),
        told=("*",),
    ),
    "longer": Case(
        _operation("migrator.alter_column_type('visit', 'day', CharField(max_length=20))"),
        told=("*",),
    ),
    "add index": Case(_operation("migrator.add_index('player', ('level', 'name'), True)")),
    "drop index": Case(_operation("migrator.drop_index('player', 'player_name')")),
    "drop unique index": Case(_operation("migrator.drop_index('team', 'team_name')")),
    "add unique": Case(_operation("migrator.add_unique('player', 'name', 'level')")),
    "add check": Case(
        _operation("migrator.add_constraint('player', 'positive', Check('level > 0'))")
    ),
    "add foreign key": Case(
        _operation(
            "migrator.add_column('team', 'visit', IntegerField(null=True)), "
            "migrator.add_foreign_key_constraint('team', 'visit', 'visit', 'id')"
        ),
        told=("lost: the values of column visit of table team",),
    ),
    "drop foreign key": Case(
        _operation("migrator.drop_foreign_key_constraint('player', 'team_id')")
    ),
    "create table": Case(
        "class Ground(Model):\n    name = CharField(unique=True)\n"
        "    parent = ForeignKeyField('self', null=True)\n"
        "    class Meta:\n        database = db\n        table_name = 'ground'\n"
        "db.create_tables([Ground])\n",
        told=("lost: all rows of table ground",),
    ),
    "create table by SQL": Case(
        "db.execute_sql('CREATE TABLE ground (id INTEGER PRIMARY KEY, size NUMERIC(9, 2) NOT NULL "
        "DEFAULT 1.5, CHECK (size > 0))')\n"
        "db.execute_sql('CREATE INDEX by_size ON ground (size)')",
        told=("lost: all rows of table ground",),
    ),
    "drop table": Case(
        _operation("migrator.drop_table('visit')"),
        lost=("visit",),
        told=("table visit comes back without rows",),
    ),
    "drop table by SQL": Case(
        "db.execute_sql('DROP VIEW strong')\ndb.execute_sql('DROP TABLE player')",
        lost=("player",),
        told=("table player comes back without rows",),
    ),
    "drop tables by peewee": Case(
        "class Player(Model):\n    class Meta:\n        database = db\n        table_name = 'player'\n"
        "class Visit(Model):\n    class Meta:\n        database = db\n        table_name = 'visit'\n"
        "db.execute_sql('DROP VIEW strong')\ndb.drop_tables([Player, Visit])",
        lost=("player", "visit"),
        told=("table player comes back without rows", "table visit comes back without rows"),
    ),
    "create view": Case(
        "db.execute_sql('CREATE VIEW weak AS SELECT name FROM player WHERE level < 2')"
    ),
    "drop view": Case("db.execute_sql('DROP VIEW strong')"),
    "other view": Case(
        "db.execute_sql('DROP VIEW strong')\n"
        "db.execute_sql('CREATE VIEW strong AS SELECT name, level FROM player WHERE level > 2')",
    ),
    "create trigger": Case(
        "db.execute_sql('CREATE TRIGGER t AFTER INSERT ON visit BEGIN "
        "UPDATE player SET level = level + 1; END')",
        engines=("sqlite",),
    ),
    "create trigger, mariadb": Case(
        "db.execute_sql('CREATE TRIGGER t AFTER INSERT ON visit FOR EACH ROW "
        "UPDATE player SET level = level + 1')",
        engines=("mariadb",),
    ),
    "create type and use it": Case(
        "db.execute_sql(\"CREATE TYPE mood AS ENUM ('sad', 'glad')\")\n"
        "db.execute_sql('ALTER TABLE player ADD COLUMN mood mood')",
        engines=("postgresql",),
        told=("lost: the values of column mood of table player",),
    ),
    "comment": Case(
        "db.execute_sql(\"COMMENT ON COLUMN player.note IS 'what is said'\")\n"
        "db.execute_sql(\"COMMENT ON TABLE player IS 'those who play'\")",
        engines=("postgresql",),
    ),
    "partial index": Case(
        "db.execute_sql('CREATE UNIQUE INDEX one_captain ON player (team_id) WHERE level = 3')",
        engines=("sqlite", "postgresql"),
    ),
    "expression index": Case(
        "db.execute_sql('CREATE INDEX by_lower ON player (lower(name))')",
        engines=("sqlite", "postgresql"),
    ),
    "sequence": Case("db.execute_sql('CREATE SEQUENCE numbers START 7')", engines=("postgresql",)),
    "materialized view": Case(
        "db.execute_sql('CREATE MATERIALIZED VIEW m AS SELECT name FROM player')",
        engines=("postgresql",),
    ),
    "virtual table": Case(
        "db.execute_sql('CREATE VIRTUAL TABLE search USING fts5(body)')",
        engines=("sqlite",),
        told=("*",),
    ),
    "schema and rows": Case(
        _operation("migrator.add_column('team', 'size', IntegerField(null=True))")
        + "\ndb.execute_sql('UPDATE team SET size = 3')",
        told=(
            "lost: the values of column size of table team",
            "that it added, changed or deleted rows is not undone",
        ),
    ),
}
