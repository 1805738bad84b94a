from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql(
        "ALTER TABLE `coach` MODIFY COLUMN `name` varchar(40) COLLATE utf8mb4_bin NOT NULL"
    )


def migrate_backward():
    db.execute_sql("ALTER TABLE `coach` MODIFY COLUMN `name` varchar(40) NOT NULL")
