from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_index("player", "player_rank_age"),
    )


def migrate_backward():
    migrate(
        migrator.add_index("player", ("rank", "age"), unique=True),
    )
