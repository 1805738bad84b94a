from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        # rows that are there get '' in column Name
        migrator.add_column("coach", "Name", CharField(max_length=40, default="")),
        migrator.drop_column_default("coach", "Name"),
        # loses the values of column name of table coach
        migrator.drop_column("coach", "name"),
    )


def migrate_backward():
    migrate(
        # rows that are there get '' in column name
        migrator.add_column("coach", "name", CharField(max_length=40, default="")),
        migrator.drop_column_default("coach", "name"),
        # loses the values of column Name of table coach
        migrator.drop_column("coach", "Name"),
    )
