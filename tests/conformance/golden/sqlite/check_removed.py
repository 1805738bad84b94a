from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", Check("place < 100")),
    )


def migrate_backward():
    migrate(
        migrator.add_constraint("player", None, Check("place < 100")),
    )
