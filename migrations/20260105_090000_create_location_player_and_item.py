"""Create the tables a world begins with: locations, players and items.

The models stand here as they are on this day. The application's own models go on changing; these
stay, so that this file makes the same tables in a year.
"""

from playhouse.migrate import *

from migrations_config import db, migrator


class Location(Model):
    """A place a player can be in."""

    name = CharField(max_length=100, unique=True)
    description = TextField()

    class Meta:
        database = db
        table_name = "location"


class Player(Model):
    """Somebody who plays; nowhere until the game begins."""

    name = CharField(max_length=100)
    location = ForeignKeyField(Location, null=True, backref="players")

    class Meta:
        database = db
        table_name = "player"


class Item(Model):
    """A thing that can be carried, with its weight in words."""

    name = CharField(max_length=100, unique=True)
    weight = CharField(max_length=20, default="light")
    lore = CharField(max_length=200, default="")

    class Meta:
        database = db
        table_name = "item"


def migrate_forward():
    """Create the tables, each after those it refers to."""
    db.create_tables([Location, Player, Item])


def migrate_backward():
    """Drop them, in the opposite order."""
    db.drop_tables([Item, Player, Location])
