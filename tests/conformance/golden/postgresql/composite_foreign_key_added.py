from playhouse.migrate import *

from migrations_config import db, migrator


class Result(Model):
    one = IntegerField()
    two = IntegerField()
    score = IntegerField()

    class Meta:
        database = db
        table_name = "result"
        constraints = [
            SQL(
                'FOREIGN KEY ("one", "two") REFERENCES "pair" ("one", "two") ON DELETE CASCADE'
            )
        ]


def migrate_forward():
    db.create_tables([Result])


def migrate_backward():
    migrate(
        # loses all rows of table result
        migrator.drop_table("result"),
    )
