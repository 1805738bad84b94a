from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql("ALTER TABLE `coach` ENGINE=MyISAM")


def migrate_backward():
    db.execute_sql("ALTER TABLE `coach` ENGINE=InnoDB")
