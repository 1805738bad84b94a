from playhouse.migrate import *

from migrations_config import db, migrator


class PlayerNote(Model):
    note = CharField(max_length=40, index=True)
    place = IntegerField()

    class Meta:
        database = db
        table_name = "player_note"
        legacy_table_names = False
        indexes = ((("place", "note"), True),)


def migrate_forward():
    db.create_tables([PlayerNote])


def migrate_backward():
    migrate(
        # loses all rows of table player_note
        migrator.drop_table("player_note"),
    )
