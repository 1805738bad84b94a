from playhouse.migrate import *

from migrations_config import db, migrator


class OddTable(Model):
    class_ = IntegerField(column_name="class")
    select_ = CharField(max_length=255, column_name="select", index=True)
    two_words = IntegerField(column_name="two words")
    Upper = IntegerField()
    column_100 = IntegerField(column_name="100")

    class Meta:
        database = db
        table_name = "odd table"
        legacy_table_names = False


def migrate_forward():
    db.create_tables([OddTable])


def migrate_backward():
    migrate(
        # loses all rows of table odd table
        migrator.drop_table("odd table"),
    )
