from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "player_chk_2"),
    )


def migrate_backward():
    migrate(
        migrator.add_constraint("player", "player_chk_2", Check("(`place` < 100)")),
    )
