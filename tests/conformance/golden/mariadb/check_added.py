from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql("ALTER TABLE `player` MODIFY COLUMN `age` int(11) CHECK (`age` > 0)")


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", "age"),
    )
