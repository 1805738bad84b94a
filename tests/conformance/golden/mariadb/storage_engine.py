from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    db.execute_sql("ALTER TABLE `coach` ENGINE=Aria, transactional=1")


def migrate_backward():
    db.execute_sql("ALTER TABLE `coach` ENGINE=InnoDB, transactional=DEFAULT")
    db.execute_sql("ALTER TABLE `coach` page_checksum=DEFAULT")
