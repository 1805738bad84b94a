from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql(
        "ALTER TABLE `coach` MODIFY COLUMN `name` varchar(40) NOT NULL COMMENT 'full'"
    )


def migrate_backward():
    db.execute_sql("ALTER TABLE `coach` MODIFY COLUMN `name` varchar(40) NOT NULL")
