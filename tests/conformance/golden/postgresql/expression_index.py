from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql('CREATE INDEX "coach_lower" ON "coach" (lower((name)::text))')


def migrate_backward():
    migrate(
        migrator.drop_index("coach", "coach_lower"),
    )
