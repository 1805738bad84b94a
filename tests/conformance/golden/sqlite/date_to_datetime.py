from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.alter_column_type("player", "born", DateTimeField()),
    )


def migrate_backward():
    migrate(
        # loses whatever of column born of table player does not fit in DATE (it was DATETIME)
        migrator.alter_column_type("player", "born", DateField()),
    )
