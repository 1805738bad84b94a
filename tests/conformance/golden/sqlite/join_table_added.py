from playhouse.migrate import *

from migrations_config import db, migrator


class Coach(Model):
    class Meta:
        database = db
        table_name = "coach"


class Player(Model):
    class Meta:
        database = db
        table_name = "player"


class Training(Model):
    coach = ForeignKeyField(Coach, index=False)
    player = ForeignKeyField(Player, index=False)

    class Meta:
        database = db
        table_name = "training"
        primary_key = CompositeKey("coach", "player")
        indexes = ((("coach",), False), (("player",), False))


def migrate_forward():
    db.create_tables([Training])


def migrate_backward():
    migrate(
        # loses all rows of table training
        migrator.drop_table("training"),
    )
