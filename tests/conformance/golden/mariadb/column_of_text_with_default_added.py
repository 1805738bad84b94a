from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_column(
            "coach",
            "motto",
            CharField(max_length=40, constraints=[SQL("DEFAULT 'it''s 100%%'")]),
        ),
    )


def migrate_backward():
    migrate(
        # loses the values of column motto of table coach
        migrator.drop_column("coach", "motto"),
    )
