from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.alter_column_type(
            "coach", "name", CharField(max_length=40, collation='"C"')
        ),
    )


def migrate_backward():
    migrate(
        migrator.alter_column_type(
            "coach", "name", CharField(max_length=40, collation='"default"')
        ),
    )
