from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_column(
            "coach",
            "size",
            IntegerField(
                null=True,
                constraints=[SQL("GENERATED ALWAYS AS (length((name)::text)) STORED")],
            ),
        ),
    )


def migrate_backward():
    migrate(
        migrator.drop_column("coach", "size"),
    )
