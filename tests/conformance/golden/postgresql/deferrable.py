from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "player_team_id_fkey"),
        migrator.add_foreign_key_constraint(
            "player",
            "team_id",
            "team",
            "id",
            on_update="CASCADE",
            on_delete="CASCADE",
            deferrable="INITIALLY DEFERRED",
            constraint_name="player_team_id_fkey",
        ),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", "player_team_id_fkey"),
        migrator.add_foreign_key_constraint(
            "player",
            "team_id",
            "team",
            "id",
            on_update="CASCADE",
            on_delete="CASCADE",
            constraint_name="player_team_id_fkey",
        ),
    )
