"""Insert the starting world: a migration of rows, not of tables.

It works through models of its own, with only the columns that it needs.
"""

from playhouse.migrate import *

from migrations_config import db, migrator

LOCATIONS = [
    ("Heath", "Low heather, and a bird on every other stone."),
    ("Harbour", "Ropes, gulls, and a ship that waits for the wind."),
    ("Lighthouse", "A hundred and twelve steps, and a lamp."),
]
ITEMS = [("lantern", "heavy"), ("rope", "heavy"), ("feather", "light")]


class Location(Model):
    """A place, as it is on this day."""

    name = CharField(max_length=100, unique=True)
    description = TextField()

    class Meta:
        database = db
        table_name = "location"


class Player(Model):
    """A player's place, all that matters here."""

    location = ForeignKeyField(Location, null=True)

    class Meta:
        database = db
        table_name = "player"


class Item(Model):
    """An item, as it is on this day."""

    name = CharField(max_length=100, unique=True)
    weight = CharField(max_length=20, default="light")
    lore = CharField(max_length=200, default="")

    class Meta:
        database = db
        table_name = "item"


def migrate_forward():
    """Insert locations and items; the database chooses their ids."""
    Location.insert_many(LOCATIONS, fields=[Location.name, Location.description]).execute()
    Item.insert_many(ITEMS, fields=[Item.name, Item.weight]).execute()


def migrate_backward():
    """Delete them by name; players who stand there are nowhere again."""
    places = Location.select(Location.id).where(Location.name.in_([name for name, _ in LOCATIONS]))
    ids = [place.id for place in places]
    Player.update(location=None).where(Player.location.in_(ids)).execute()
    Location.delete().where(Location.id.in_(ids)).execute()
    Item.delete().where(Item.name.in_([name for name, _ in ITEMS])).execute()
