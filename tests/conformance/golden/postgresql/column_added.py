from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        # rows that are there get 0 in column height
        migrator.add_column(
            "player", "height", FloatField(constraints=[SQL("DEFAULT 0")])
        ),
        migrator.drop_column_default("player", "height"),
    )


def migrate_backward():
    migrate(
        # loses the values of column height of table player
        migrator.drop_column("player", "height"),
    )
