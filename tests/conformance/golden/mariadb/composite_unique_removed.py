from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_index("player", "player_place_age"),
    )


def migrate_backward():
    migrate(
        migrator.add_index("player", ("place", "age"), unique=True),
    )
