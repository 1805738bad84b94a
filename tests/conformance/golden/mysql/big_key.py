from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.alter_column_type("coach", "id", BigIntegerField()),
    )


def migrate_backward():
    migrate(
        # loses whatever of column id of table coach does not fit in int (it was bigint)
        migrator.alter_column_type("coach", "id", IntegerField()),
    )
