from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_index("coach", ("name",), unique=True),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("coach", "coach_name"),
    )
