from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "player_code_check"),
        migrator.add_constraint(
            "player", "player_code_check", Check("((code)::text <> 'x'::text)")
        ),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", "player_code_check"),
        migrator.add_constraint(
            "player", "player_code_check", Check("((code)::text <> ''::text)")
        ),
    )
