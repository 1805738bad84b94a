from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_index("team", "team_name"),
        migrator.add_index("team", ("name",)),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("team", "team_name"),
        migrator.add_index("team", ("name",), unique=True),
    )
