from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_constraint("team", None, SQL('UNIQUE ("city", "name")')),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("team", SQL('UNIQUE ("city", "name")')),
    )
