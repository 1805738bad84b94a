from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql('CREATE SEQUENCE "ages"')
    migrate(
        migrator.add_column_default("player", "age", SQL("nextval('ages'::regclass)")),
    )


def migrate_backward():
    migrate(
        migrator.drop_column_default("player", "age"),
    )
    db.execute_sql('DROP SEQUENCE "ages"')
