from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.alter_column_type("coach", "name", TextField()),
    )


def migrate_backward():
    migrate(
        # loses whatever of column name of table coach does not fit in character varying(40) (it was text)
        migrator.alter_column_type("coach", "name", CharField(max_length=40)),
    )
