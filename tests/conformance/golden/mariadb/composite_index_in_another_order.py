from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_index("player", "player_name_age"),
        migrator.add_index("player", ("age", "name")),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("player", "player_age_name"),
        migrator.add_index("player", ("name", "age")),
    )
