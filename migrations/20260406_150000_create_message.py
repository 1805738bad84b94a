"""Create messages from one player to another."""

from datetime import datetime

from playhouse.migrate import *

from migrations_config import db, migrator


class Player(Model):
    """What a message refers to; the table is there already."""

    class Meta:
        database = db
        table_name = "player"


class Message(Model):
    """What one player said to another, and when."""

    sender = ForeignKeyField(Player, backref="sent", on_delete="CASCADE")
    recipient = ForeignKeyField(Player, backref="received", on_delete="CASCADE")
    body = TextField()
    sent_at = DateTimeField(default=datetime.now)

    class Meta:
        database = db
        table_name = "message"


def migrate_forward():
    """Create the table."""
    db.create_tables([Message])


def migrate_backward():
    """Drop it."""
    db.drop_tables([Message])
