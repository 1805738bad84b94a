from playhouse.migrate import *

from migrations_config import db, migrator


class Player(Model):
    class Meta:
        database = db
        table_name = "player"


class Team(Model):
    class Meta:
        database = db
        table_name = "team"


class Trade(Model):
    price = DecimalField(max_digits=10, decimal_places=2)
    day = DateField(index=True)
    player = ForeignKeyField(Player, on_delete="CASCADE")
    from_ = ForeignKeyField(Team, column_name="from", null=True)
    before = ForeignKeyField("self", null=True)

    class Meta:
        database = db
        table_name = "trade"
        constraints = [Check("(`price` > 0)")]


def migrate_forward():
    db.create_tables([Trade])


def migrate_backward():
    migrate(
        # loses all rows of table trade
        migrator.drop_table("trade"),
    )
