from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "player_rank_check"),
    )


def migrate_backward():
    migrate(
        migrator.add_constraint("player", "player_rank_check", Check("(rank < 100)")),
    )
