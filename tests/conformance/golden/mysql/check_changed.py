from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "player_chk_1"),
        migrator.add_constraint("player", "player_chk_1", Check("(`code` <> 'x')")),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", "player_chk_1"),
        migrator.add_constraint("player", "player_chk_1", Check("(`code` <> '')")),
    )
