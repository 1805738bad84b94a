from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_index("team", ("city", "name"), unique=True, name="city"),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("team", "city"),
    )
