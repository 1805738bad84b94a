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
                "CONSTRAINT `result_ibfk_1` FOREIGN KEY (`one`, `two`) REFERENCES `pair` (`one`, `two`) ON DELETE CASCADE"
            )
        ]


def migrate_forward():
    db.create_tables([Result])
    migrate(
        migrator.add_index("result", ("one", "two"), name="one"),
    )


def migrate_backward():
    migrate(
        # loses all rows of table result
        migrator.drop_table("result"),
    )
