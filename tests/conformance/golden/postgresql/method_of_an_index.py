from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_index("coach", ("name",), using="hash", name="coach_hash"),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("coach", "coach_hash"),
    )
