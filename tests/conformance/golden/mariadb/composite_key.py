from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql("ALTER TABLE `pair` DROP PRIMARY KEY")
    db.execute_sql("ALTER TABLE `pair` ADD PRIMARY KEY (`two`, `one`)")


def migrate_backward():
    db.execute_sql("ALTER TABLE `pair` DROP PRIMARY KEY")
    db.execute_sql("ALTER TABLE `pair` ADD PRIMARY KEY (`one`, `two`)")
