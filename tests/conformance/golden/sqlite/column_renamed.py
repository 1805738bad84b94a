from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.rename_column("coach", "name", "title"),
    )


def migrate_backward():
    migrate(
        migrator.rename_column("coach", "title", "name"),
    )
