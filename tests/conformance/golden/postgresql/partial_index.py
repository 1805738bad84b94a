from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_index(
            "coach", ("name",), where=SQL("(id > 5)"), name="coach_some"
        ),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("coach", "coach_some"),
    )
