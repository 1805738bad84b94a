from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_not_null("coach", "name"),
    )


def migrate_backward():
    migrate(
        migrator.add_not_null("coach", "name"),
    )
