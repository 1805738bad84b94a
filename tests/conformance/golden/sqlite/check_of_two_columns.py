from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", Check("place < 100")),
        migrator.add_constraint("player", None, Check("place < age")),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", Check("place < age")),
        migrator.add_constraint("player", None, Check("place < 100")),
    )
