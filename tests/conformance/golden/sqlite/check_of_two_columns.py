from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", Check("rank < 100")),
        migrator.add_constraint("player", None, Check("rank < age")),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", Check("rank < age")),
        migrator.add_constraint("player", None, Check("rank < 100")),
    )
