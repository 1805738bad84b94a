from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_foreign_key_constraint("player", "team_id"),
        migrator.add_constraint(
            "player",
            None,
            SQL(
                'FOREIGN KEY ("team_id") REFERENCES "team" ("id") ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED'
            ),
        ),
    )


def migrate_backward():
    migrate(
        migrator.drop_foreign_key_constraint("player", "team_id"),
        migrator.add_foreign_key_constraint(
            "player", "team_id", "team", "id", on_delete="CASCADE", on_update="CASCADE"
        ),
    )
