from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_index("team", "team_desc"),
        migrator.add_index("team", ("city",), name="team_desc"),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("team", "team_desc"),
    )
    db.execute_sql('CREATE INDEX "team_desc" ON "team" ("city" DESC)')
