from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_column("player", "height", FloatField(null=True)),
    )


def migrate_backward():
    migrate(
        # loses the values of column height of table player
        migrator.drop_column("player", "height"),
    )
