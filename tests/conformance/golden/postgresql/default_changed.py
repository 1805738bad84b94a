from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_column_default("player", "place", 4),
    )


def migrate_backward():
    migrate(
        migrator.add_column_default("player", "place", 3),
    )
