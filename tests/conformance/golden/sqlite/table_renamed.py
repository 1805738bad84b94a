from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.rename_table("coach", "squad"),
    )


def migrate_backward():
    migrate(
        migrator.rename_table("squad", "coach"),
    )
