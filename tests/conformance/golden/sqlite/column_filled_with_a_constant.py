from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_column(
            "coach", "height", FloatField(constraints=[SQL("DEFAULT 1.8")])
        ),
        migrator.drop_column_default("coach", "height"),
    )


def migrate_backward():
    migrate(
        # loses the values of column height of table coach
        migrator.drop_column("coach", "height"),
    )
