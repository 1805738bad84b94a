from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "player_ibfk_1"),
        migrator.add_foreign_key_constraint(
            "player",
            "team_id",
            "team",
            "id",
            on_delete="CASCADE",
            constraint_name="player_ibfk_1",
        ),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", "player_ibfk_1"),
        migrator.add_foreign_key_constraint(
            "player",
            "team_id",
            "team",
            "id",
            on_delete="CASCADE",
            on_update="CASCADE",
            constraint_name="player_ibfk_1",
        ),
    )
