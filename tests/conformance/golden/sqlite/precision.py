from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.alter_column_type(
            "player", "wage", DecimalField(max_digits=12, decimal_places=3)
        ),
    )


def migrate_backward():
    migrate(
        # loses whatever of column wage of table player does not fit in DECIMAL(10, 2) (it was DECIMAL(12, 3))
        migrator.alter_column_type(
            "player", "wage", DecimalField(max_digits=10, decimal_places=2)
        ),
    )
