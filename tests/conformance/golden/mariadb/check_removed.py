from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "CONSTRAINT_1"),
    )


def migrate_backward():
    migrate(
        migrator.add_constraint("player", "CONSTRAINT_1", Check("`place` < 100")),
    )
