from playhouse.migrate import *

from migrations_config import db, migrator


class Team(Model):
    name = CharField(max_length=40, unique=True)
    city = CharField(max_length=40)

    class Meta:
        database = db
        table_name = "team"


class Player(Model):
    name = CharField(max_length=40)
    age = IntegerField(null=True)
    place = IntegerField(constraints=[SQL("DEFAULT 3")])
    wage = DecimalField(max_digits=10, decimal_places=2)
    born = DateField(index=True)
    code = CharField(max_length=10, constraints=[Check("`code` <> ''")])
    team = ForeignKeyField(Team, on_delete="CASCADE", on_update="CASCADE")

    class Meta:
        database = db
        table_name = "player"
        indexes = ((("name", "age"), False), (("place", "age"), True))
        constraints = [Check("`place` < 100")]


def migrate_forward():
    migrate(
        # loses all rows of table player
        migrator.drop_table("player"),
        # loses all rows of table team
        migrator.drop_table("team"),
    )


def migrate_backward():
    db.create_tables([Team, Player])
    db.execute_sql("CREATE INDEX `team_desc` ON `team` (`city` DESC)")
