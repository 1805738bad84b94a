from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "code"),
    )
    db.execute_sql(
        "ALTER TABLE `player` MODIFY COLUMN `code` varchar(10) NOT NULL CHECK (`code` <> 'x')"
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", "code"),
    )
    db.execute_sql(
        "ALTER TABLE `player` MODIFY COLUMN `code` varchar(10) NOT NULL CHECK (`code` <> '')"
    )
