"""Create holdings: who holds what. An item is held by one player at a time."""

from playhouse.migrate import *

from migrations_config import db, migrator


class Player(Model):
    """What a holding refers to; the table is there already."""

    class Meta:
        database = db
        table_name = "player"


class Item(Model):
    """What a holding refers to; the table is there already."""

    class Meta:
        database = db
        table_name = "item"


class Holding(Model):
    """One item in one player's hands."""

    player = ForeignKeyField(Player, backref="holdings", on_delete="CASCADE")
    item = ForeignKeyField(Item, unique=True, on_delete="CASCADE")

    class Meta:
        database = db
        table_name = "holding"


def migrate_forward():
    """Create the table."""
    db.create_tables([Holding])


def migrate_backward():
    """Drop it."""
    db.drop_tables([Holding])
