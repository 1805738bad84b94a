from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_column_default("player", "age", 5),
    )


def migrate_backward():
    migrate(
        migrator.drop_column_default("player", "age"),
    )
