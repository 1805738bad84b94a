from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_constraint("player", "player_chk_2_2", Check("(`age` > 0)")),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", "player_chk_2_2"),
    )
