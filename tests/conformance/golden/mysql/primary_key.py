from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql("ALTER TABLE `coach` DROP PRIMARY KEY, DROP COLUMN `id`")
    db.execute_sql("ALTER TABLE `coach` ADD PRIMARY KEY (`name`)")


def migrate_backward():
    db.execute_sql("ALTER TABLE `coach` DROP PRIMARY KEY")
    db.execute_sql(
        "ALTER TABLE `coach` ADD COLUMN `id` int NOT NULL AUTO_INCREMENT, ADD PRIMARY KEY (`id`)"
    )
