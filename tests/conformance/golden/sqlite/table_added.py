from playhouse.migrate import *

from migrations_config import db, migrator


class Medal(Model):
    name = TextField()

    class Meta:
        database = db
        table_name = "medal"


def migrate_forward():
    db.create_tables([Medal])


def migrate_backward():
    migrate(
        # loses all rows of table medal
        migrator.drop_table("medal"),
    )
