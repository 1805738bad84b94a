from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_column("coach", "team_id", IntegerField(null=True)),
        migrator.add_index("coach", ("team_id",)),
        migrator.add_foreign_key_constraint(
            "coach", "team_id", "team", "id", constraint_name="coach_team_id_fkey"
        ),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("coach", "coach_team_id_fkey"),
        migrator.drop_index("coach", "coach_team_id"),
        # loses the values of column team_id of table coach
        migrator.drop_column("coach", "team_id"),
    )
