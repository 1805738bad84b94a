from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.add_column("player", "length", IntegerField(null=True)),
    )
    db.execute_sql('UPDATE "player" SET "length" = length(name) WHERE "length" IS NULL')
    migrate(
        migrator.add_not_null("player", "length"),
    )


def migrate_backward():
    migrate(
        # loses the values of column length of table player
        migrator.drop_column("player", "length"),
    )
