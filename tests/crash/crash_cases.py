"""The migrations that are killed: each kind of change, by Wheatear's own migrators and by hand."""

from __future__ import annotations

from dataclasses import dataclass

from support.databases import is_mysql

BASE = (
    "CREATE TABLE team (id INTEGER PRIMARY KEY, title VARCHAR(40))",
    "INSERT INTO team VALUES (1, 'red'), (2, 'blue')",
    "CREATE TABLE player (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, score INTEGER, "
    "team INTEGER)",
    "INSERT INTO player VALUES (1, 'ann', 10, 1), (2, 'bob', 20, 2), (3, 'cyd', 30, 1)",
)
_HEAD = """\
import datetime
import random
import time
import uuid
from playhouse.migrate import *
from wheatear import backfill
from migrations_config import db, migrator

atomic = {atomic}


class Player(Model):
    name = CharField(40)
    score = IntegerField(null=True)
    team = IntegerField(null=True)

    class Meta:
        database = db
        table_name = 'player'


class Team(Model):
    title = CharField(40, null=True)

    class Meta:
        database = db
        table_name = 'team'


class Coach(Model):
    name = CharField(40, index=True)
    team = ForeignKeyField(Team, null=True)

    class Meta:
        database = db
        table_name = 'coach'


class Log(Model):
    text = TextField()

    class Meta:
        database = db
        table_name = 'log'

"""


_CREATE_TABLE = "CREATE TABLE" if is_mysql() else "CREATE OR REPLACE TABLE"


@dataclass(frozen=True)
class Case:
    """A migration's two bodies, and the engines it is for.

    Attributes:
        before: What other migrations do that the same run applies before it.
    """

    forward: str
    backward: str
    engines: tuple[str, ...] = ("sqlite", "postgresql", "mariadb")
    before: tuple[str, ...] = ()

    def texts(self, *, atomic: bool) -> list[str]:
        """The files' texts, in their order."""
        others = [Case(forward, "pass") for forward in self.before]
        return [one._text(atomic=atomic) for one in (*others, self)]

    def _text(self, *, atomic: bool) -> str:
        body = _HEAD.format(atomic=atomic)
        for name, lines in (("forward", self.forward), ("backward", self.backward)):
            body += f"\ndef migrate_{name}():\n"
            body += "".join(f"    {line}\n" for line in lines.strip("\n").splitlines())
        return body


CASES = {
    "create": Case(
        """
db.create_tables([Coach, Log])
Coach.create(name='eve', team=1)
Coach.insert_many([{'name': 'flo', 'team': 2}, {'name': 'gus', 'team': None}]).execute()
""",
        "db.drop_tables([Coach, Log])",
    ),
    "add": Case(
        """
migrate(
    migrator.add_column('player', 'experience', IntegerField(default=7)),
    migrator.add_column('player', 'born', DateField(null=True)),
)
""",
        """
migrate(
    migrator.drop_column('player', 'born'),
    migrator.drop_column('player', 'experience'),
)
""",
    ),
    "fill": Case(
        """
migrate(migrator.add_column('player', 'code', CharField(default=lambda: 'x')))
""",
        "migrate(migrator.drop_column('player', 'code'))",
    ),
    "rename": Case(
        """
migrate(
    migrator.rename_column('player', 'score', 'points'),
    migrator.rename_table('player', 'gamer'),
)
migrate(migrator.rename_column('gamer', 'name', 'nick'))
""",
        """
migrate(migrator.rename_column('gamer', 'nick', 'name'))
migrate(
    migrator.rename_table('gamer', 'player'),
    migrator.rename_column('player', 'points', 'score'),
)
""",
    ),
    "drop": Case(
        """
migrate(migrator.drop_column('player', 'score'))
db.execute_sql('DROP TABLE team')
""",
        """
db.create_tables([Team])
Team.insert_many([{'id': 1, 'title': 'red'}, {'id': 2, 'title': 'blue'}]).execute()
migrate(migrator.add_column('player', 'score', IntegerField(null=True)))
""",
    ),
    "type": Case(
        """
migrate(
    migrator.alter_column_type('player', 'score', BigIntegerField()),
    migrator.add_not_null('player', 'score'),
    migrator.add_column_default('player', 'score', 5),
)
migrate(migrator.alter_column_type('player', 'name', TextField()))
""",
        """
migrate(migrator.alter_column_type('player', 'name', CharField(40)))
migrate(
    migrator.drop_column_default('player', 'score'),
    migrator.drop_not_null('player', 'score'),
    migrator.alter_column_type('player', 'score', IntegerField()),
)
""",
    ),
    "index": Case(
        """
migrate(
    migrator.add_index('player', ('name',), True),
    migrator.add_index('player', ('team', 'score')),
)
""",
        """
migrate(
    migrator.drop_index('player', 'player_team_score'),
    migrator.drop_index('player', 'player_name'),
)
""",
    ),
    "foreign_key": Case(
        """
migrate(
    migrator.add_foreign_key_constraint('player', 'team', 'team', 'id'),
    migrator.add_column('player', 'second_id', ForeignKeyField(Team, null=True, field=Team.id)),
)
""",
        """
migrate(
    migrator.drop_column('player', 'second_id'),
    migrator.drop_foreign_key_constraint('player', 'team'),
)
""",
    ),
    "data": Case(
        """
db.create_tables([Log])
with db.atomic():
    for player in Player.select().order_by(Player.id):
        player.score += 1
        player.save()
        Log.create(text=player.name)
Player.update(score=Player.score * 2).where(Player.team == 1).execute()
Log.create(text=f'{Player.select().count()} players')
Player.insert_from(
    Player.select(SQL('9'), SQL("'zoe'"), fn.MAX(Player.score)),
    [Player.id, Player.name, Player.score],
).execute()
for log in Log.select().order_by(Log.id):
    Log.update(text=log.text.upper()).where(Log.id == log.id).execute()
Player.delete().where(Player.name == 'bob').execute()
""",
        """
Player.create(id=2, name='bob', score=21, team=2)
Player.delete().where(Player.id == 9).execute()
with db.atomic():
    Player.update(score=Player.score / 2).where(Player.team == 1).execute()
    Player.update(score=Player.score - 1).execute()
db.drop_tables([Log])
""",
    ),
    "backfill": Case(
        """
db.create_tables([Log])
backfill(Player, {Player.score: Player.score * 2 + 1}, batch=1)
backfill(Player, lambda player: {'name': player.name + player.name}, batch=2)
Log.create(text='done')
""",
        """
backfill(Player, lambda player: {'name': player.name[:3]}, batch=1)
backfill(Player, {Player.score: (Player.score - 1) / 2}, batch=2)
db.drop_tables([Log])
""",
    ),
    "backfill_again": Case(
        """
top = Player.select(fn.MAX(Player.score)).scalar()
migrate(migrator.add_column('player', 'gold', IntegerField(default=1)))
if not Player.select().where(Player.score > 1000).exists():
    backfill(Player, lambda player: {'score': player.score + 1000 + top}, batch=1)
backfill(Player.select().where(Player.score < 0), {'name': 'nobody'})
backfill(Player, {Player.score: Player.score * 2 + top, Player.team: top}, batch=1)
""",
        """
backfill(Player, {Player.score: Player.score * 3}, batch=1)
migrate(migrator.drop_column('player', 'gold'))
""",
    ),
    "chance": Case(
        """
db.create_tables([Log])
token, now = uuid.uuid4().hex, datetime.datetime.now()
for one in range(2):
    Log.create(text=f'{token} {now} {random.random()}')
    Log.create(text=f'{uuid.uuid4()} {time.time()} {datetime.date.today()}')
seen = [log.text for log in Log.select().order_by(Log.id)]
assert seen[0].split()[0] == seen[2].split()[0] == token
assert len(set(seen)) == 4
Log.delete().execute()
""",
        "db.drop_tables([Log])",
    ),
    "two_tables": Case(
        """
migrate(
    migrator.add_column('player', 'a', IntegerField(null=True)),
    migrator.add_column('team', 'b', CharField(default='x')),
    migrator.add_index('team', ('title',)),
    migrator.drop_column('player', 'team'),
)
""",
        """
migrate(
    migrator.add_column('player', 'team', IntegerField(null=True)),
    migrator.drop_index('team', 'team_title'),
    migrator.drop_column('team', 'b'),
    migrator.drop_column('player', 'a'),
)
""",
    ),
    "caught": Case(
        """
try:
    db.execute_sql('CREATE TABLE player (id INTEGER)')
except DatabaseError:
    Team.create(id=3, title='caught')
with db.atomic():
    Team.create(id=4, title='kept')
    try:
        with db.atomic():
            Team.create(id=4, title='twice')
    except IntegrityError:
        Team.create(id=5, title='again')
try:
    with db.atomic():
        Team.create(id=6, title='lost')
        raise ValueError
except ValueError:
    Team.create(id=7, title='after')
db.execute_sql('ALTER TABLE team ADD COLUMN x INTEGER')
db.execute_sql('UPDATE team SET x = id')
""",
        """
db.execute_sql('ALTER TABLE team DROP COLUMN x')
Team.delete().where(Team.id > 2).execute()
""",
    ),
    "several": Case(
        """
db.execute_sql('CREATE TABLE last (id INTEGER PRIMARY KEY)')
db.execute_sql('ALTER TABLE player ADD COLUMN b INTEGER')
""",
        """
db.execute_sql('ALTER TABLE player DROP COLUMN b')
db.execute_sql('DROP TABLE last')
""",
        before=(
            "db.execute_sql('CREATE TABLE first (id INTEGER PRIMARY KEY)')",
            "db.execute_sql('ALTER TABLE player ADD COLUMN a INTEGER')",
            "Player.update(score=Player.score * 2 + 1).execute()",
            "db.execute_sql('INSERT INTO first VALUES (1)')",
            "assert Player.select().count() == 3\nmigrate(migrator.add_index('player', ('name',)))",
            "pass",
            "db.execute_sql('CREATE TABLE second (id INTEGER PRIMARY KEY)')",
            "with db.atomic():\n    Player.update(score=Player.score * 2 + 1).execute()",
            "db.execute_sql('DROP TABLE second')",
            "with db.atomic():\n    Player.update(score=Player.score * 2 + 1).execute()\n"
            "    with db.atomic():\n        Player.update(score=Player.score * 3).execute()\n"
            "Player.update(score=Player.score + 1).execute()",
            "backfill(Player, {Player.score: Player.score * 2 + 1}, batch=2)",
            "assert Player.get_by_id(1).score",
        ),
    ),
    "mixed": Case(
        """
with db.atomic():
    Team.create(id=3, title='green')
    db.execute_sql('ALTER TABLE team ADD COLUMN y INTEGER')
    Team.create(id=4, title='grey')
db.execute_sql('SET @x = 1')
db.execute_sql('TRUNCATE TABLE player')
db.execute_sql('RENAME TABLE player TO hold, team TO player, hold TO team')
db.execute_sql('CREATE OR REPLACE TABLE extra (id INTEGER)')
db.execute_sql('CREATE VIEW shown AS SELECT id FROM team')
db.execute_sql('CREATE TRIGGER t BEFORE INSERT ON team FOR EACH ROW SET NEW.id = NEW.id')
db.execute_sql('ANALYZE TABLE team')
db.execute_sql('DROP TRIGGER t')
db.execute_sql('DROP TABLE extra')
""".replace("CREATE OR REPLACE TABLE", _CREATE_TABLE),
        """
db.execute_sql('DROP VIEW shown')
db.execute_sql('RENAME TABLE player TO hold, team TO player, hold TO team')
db.execute_sql('ALTER TABLE team DROP COLUMN y')
Team.delete().where(Team.id > 2).execute()
""",
        ("mariadb",),
    ),
    "concurrently": Case(
        """
migrate(migrator.add_index('player', ('name',), unique=True, concurrently=True))
db.execute_sql('CREATE INDEX CONCURRENTLY by_score ON player (score)')
db.execute_sql('REINDEX INDEX CONCURRENTLY by_score')
db.execute_sql('VACUUM player')
""",
        """
db.execute_sql('DROP INDEX CONCURRENTLY by_score')
migrate(migrator.drop_index('player', 'player_name', concurrently=True))
""",
        ("postgresql",),
    ),
}
