from playhouse.migrate import *

from migrations_config import db, migrator


class Hen(Model):
    egg = IntegerField(null=True)

    class Meta:
        database = db
        table_name = "hen"
        constraints = [SQL('FOREIGN KEY ("egg") REFERENCES "egg" ("id")')]


class Egg(Model):
    hen = ForeignKeyField(Hen, column_name="hen", null=True, index=False)

    class Meta:
        database = db
        table_name = "egg"


def migrate_forward():
    db.create_tables([Hen, Egg])


def migrate_backward():
    migrate(
        # loses all rows of table egg
        migrator.drop_table("egg"),
        # loses all rows of table hen
        migrator.drop_table("hen"),
    )
