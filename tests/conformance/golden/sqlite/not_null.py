from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql('UPDATE "player" SET "age" = place + 20 WHERE "age" IS NULL')
    migrate(
        migrator.add_not_null("player", "age"),
    )


def migrate_backward():
    migrate(
        migrator.drop_not_null("player", "age"),
    )
