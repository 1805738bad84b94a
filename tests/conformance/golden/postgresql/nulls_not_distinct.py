from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql(
        'CREATE UNIQUE INDEX "coach_one" ON "coach" (name) NULLS NOT DISTINCT'
    )


def migrate_backward():
    migrate(
        migrator.drop_index("coach", "coach_one"),
    )
