from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_column("coach", "boss_id", IntegerField(null=True)),
        migrator.add_index("coach", ("boss_id",)),
        migrator.add_foreign_key_constraint(
            "coach", "boss_id", "coach", "id", constraint_name="coach_ibfk_1"
        ),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("coach", "coach_ibfk_1"),
        migrator.drop_index("coach", "coach_boss_id"),
        # loses the values of column boss_id of table coach
        migrator.drop_column("coach", "boss_id"),
    )
