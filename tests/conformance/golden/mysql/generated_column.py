from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql(
        "ALTER TABLE `coach` ADD COLUMN `size` int GENERATED ALWAYS AS (length(`name`)) STORED"
    )


def migrate_backward():
    migrate(
        migrator.drop_column("coach", "size"),
    )
