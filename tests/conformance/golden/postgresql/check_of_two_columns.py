from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "player_place_check"),
        migrator.add_constraint("player", "player_check", Check("(place < age)")),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", "player_check"),
        migrator.add_constraint("player", "player_place_check", Check("(place < 100)")),
    )
