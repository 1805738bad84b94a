from playhouse.migrate import *

from migrations_config import db, migrator


class Pair(Model):
    one = IntegerField()
    two = IntegerField()

    class Meta:
        database = db
        table_name = "pair"
        primary_key = CompositeKey("one", "two")


def migrate_forward():
    migrate(
        # loses all rows of table pair
        migrator.drop_table("pair"),
    )


def migrate_backward():
    db.create_tables([Pair])
