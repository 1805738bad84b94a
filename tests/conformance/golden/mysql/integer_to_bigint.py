from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.alter_column_type("player", "age", BigIntegerField(null=True)),
    )


def migrate_backward():
    migrate(
        # loses whatever of column age of table player does not fit in int (it was bigint)
        migrator.alter_column_type("player", "age", IntegerField(null=True)),
    )
