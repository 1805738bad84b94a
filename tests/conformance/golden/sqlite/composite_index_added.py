from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_index("team", ("name", "city")),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("team", "team_name_city"),
    )
