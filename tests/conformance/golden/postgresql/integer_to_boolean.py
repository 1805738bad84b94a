from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "player_place_check"),
        migrator.drop_column_default("player", "place"),
        # loses whatever of column place of table player does not fit in boolean (it was integer)
        migrator.alter_column_type(
            "player", "place", BooleanField(), cast='"place" <> 0'
        ),
        migrator.add_column_default("player", "place", SQL("true")),
    )


def migrate_backward():
    migrate(
        migrator.drop_column_default("player", "place"),
        # loses whatever of column place of table player does not fit in integer (it was boolean)
        migrator.alter_column_type(
            "player", "place", IntegerField(), cast='"place"::integer::integer'
        ),
        migrator.add_column_default("player", "place", 3),
        migrator.add_constraint("player", "player_place_check", Check("(place < 100)")),
    )
