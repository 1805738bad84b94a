from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql("ALTER TABLE `pair` DROP PRIMARY KEY")
    db.execute_sql(
        "ALTER TABLE `pair` ADD COLUMN `id` int NOT NULL AUTO_INCREMENT, ADD PRIMARY KEY (`id`)"
    )
    migrate(
        migrator.add_index("pair", ("one", "two"), unique=True),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("pair", "pair_one_two"),
    )
    db.execute_sql("ALTER TABLE `pair` DROP PRIMARY KEY, DROP COLUMN `id`")
    db.execute_sql("ALTER TABLE `pair` ADD PRIMARY KEY (`one`, `two`)")
