from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        # loses the values of column name of table coach
        migrator.drop_column("coach", "name"),
    )


def migrate_backward():
    migrate(
        # rows that are there get '' in column name
        migrator.add_column("coach", "name", CharField(max_length=40, default="")),
        migrator.drop_column_default("coach", "name"),
    )
