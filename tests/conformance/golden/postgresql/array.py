from playhouse.migrate import *

from migrations_config import db, migrator


class IntegerArrayField(Field):
    def ddl_datatype(self, ctx):
        return SQL("integer[]")


def migrate_forward():
    migrate(
        # loses whatever of column two of table pair does not fit in integer[] (it was integer)
        migrator.alter_column_type(
            "pair", "two", IntegerArrayField(), cast='ARRAY["two"]'
        ),
    )


def migrate_backward():
    migrate(
        # loses whatever of column two of table pair does not fit in integer (it was integer[])
        migrator.alter_column_type("pair", "two", IntegerField(), cast='"two"[1]'),
    )
